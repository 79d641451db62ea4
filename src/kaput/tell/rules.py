"""Which rules fire for the events of a batch, and who is told.

In: the events in the order of storing, and a situation that answers what the rules ask. Out: a `Verdict`: drafts for
the outbox, what was counted, and which rules rest. Pure but for what it asks. Imported by the roots, which hand
`evaluate` to the worker; the store writes the verdict in the transaction of the events, so that no crossing is lost or
told twice, whenever the process is killed.

Exactly:

- The time that counts is that of receipt (`Event.received`), for windows, pauses, ages and times of day.
- A threshold fires with the event that completes the window: with the 100th, not the 99th. While the window stays full
  it fires again only after the pause, and then at most once in each pause. When it was not full in between, that is
  another crossing; within a pause it is held back.
- What would have fired within a pause is held back and counted, and told in a digest when the pause is over. A rule of
  "still growing" or of a window that is still full needs no such word: it fires again after the pause.
- Nothing is told of an issue that is resolved or muted, but that it came back.
- One event makes one notice for each recipient, of the first of the rules that fire for it.
"""

from collections.abc import Sequence
from functools import cached_property

from msgspec import structs

from kaput.model import (
    Aim,
    Audience,
    Case,
    Change,
    Draft,
    Happened,
    Kind,
    Pause,
    Rule,
    Situation,
    Trigger,
    Verdict,
    Window,
    span,
)
from kaput.tell.condition import event_check, issue_check
from kaput.tell.window import Tally, tally

COUNTING = frozenset({Trigger.EVENTS, Trigger.PROJECT_EVENTS, Trigger.USERS, Trigger.RISE})
"""Triggers that have a window."""

BACK = frozenset({Kind.NEW, Kind.REGRESSED, Kind.UNMUTED})
"""What happens to an issue with an event."""


def evaluate(happened: Sequence[Happened], situation: Situation, besides: Sequence[str] = ()) -> Verdict:
    """Says what the rules make of some events.

    Args:
        happened: in the order of storing.
        situation: what the rules ask; each answer is asked for once.
        besides: addresses of people who are told as members of every project are.

    Returns:
        The drafts in the order of the events, then of the rules and their recipients.
    """
    bench = _Bench(situation, besides)
    for one in happened:
        bench.judge(one)
    return bench.verdict()


class _Judge:
    """One rule, made ready for the events of a batch."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.counts = rule.trigger in COUNTING
        self.kind = Kind(rule.trigger.value) if rule.trigger.value in BACK else None
        self.asks_event = event_check(rule.conditions)
        self.asks_issue = issue_check(rule.conditions)
        self.repeats = rule.trigger is Trigger.GROWING

    @cached_property
    def words(self) -> str:
        """What made it fire, for the subject of a mail."""
        return words_of(self.rule)


class _Bench:
    """The rules over one batch."""

    def __init__(self, situation: Situation, besides: Sequence[str]) -> None:
        self._situation = situation
        self._besides = besides
        self._judges: dict[int, list[_Judge]] = {}
        self._audiences: dict[int, Audience] = {}
        self._tallies: dict[Case, Tally] = {}
        self._rules: dict[int, Rule] = {}
        self._until: dict[Case, float] = {}
        self._pauses: dict[Case, Pause] = {}
        self._drafts: dict[tuple[int, str], Draft] = {}

    def judge(self, one: Happened) -> None:
        """Lets every rule of its project look at an event."""
        judges = self._judges.get(one.project_id)
        if judges is None:
            judges = self._judges[one.project_id] = [_Judge(r) for r in self._situation.rules(one.project_id)]
        for judge in judges:
            if judge.kind is not None and judge.kind is not one.kind:
                continue
            if judge.asks_event is not None and not judge.asks_event(one):
                continue
            if judge.counts:
                self._count(judge, one)
            else:
                self._meet(judge, one)

    def verdict(self) -> Verdict:
        """Returns what came of all."""
        windows = {
            case: Window(kept.packed(), kept.newest + 2 * self._rules[case[0]].seconds)
            for case, kept in self._tallies.items()
        }
        return Verdict(list(self._drafts.values()), windows, self._pauses)

    def _count(self, judge: _Judge, one: Happened) -> None:
        """Counts an event for a rule with a window."""
        rule = judge.rule
        case = (rule.id, 0 if rule.trigger is Trigger.PROJECT_EVENTS else one.issue_id)
        kept = self._tallies.get(case)
        if kept is None:
            # A new issue has no count yet, and is the most frequent thing in a storm.
            known = b"" if one.kind is Kind.NEW and case[1] else self._situation.window(case)
            kept = self._tallies[case] = tally(rule, known)
            self._rules[rule.id] = rule
        user = user_of(one) if rule.trigger is Trigger.USERS else ""
        if not kept.add(one.event.received, user):
            kept.told = False
        elif not (kept.told and (not rule.pause or self._rests(case, one))) and self._holds(judge, one):
            kept.told = True
            self._fire(judge, case, one)

    def _meet(self, judge: _Judge, one: Happened) -> None:
        """Fires a rule without a window, if all is as it wants."""
        case = (judge.rule.id, one.issue_id)
        if judge.repeats and (self._rests(case, one) or not self._grown_old(judge.rule, one)):
            return
        if self._holds(judge, one):
            self._fire(judge, case, one)

    def _holds(self, judge: _Judge, one: Happened) -> bool:
        """Answers whether the issue and the moment are as the rule wants."""
        if one.kind is Kind.NEW and judge.asks_issue is None:
            return True
        issue = self._situation.issue(one.issue_id)
        if not issue.open:
            return False
        return judge.asks_issue is None or judge.asks_issue(issue, one.event.received)

    def _grown_old(self, rule: Rule, one: Happened) -> bool:
        return one.event.received - self._situation.issue(one.issue_id).first_seen >= rule.seconds

    def _rests(self, case: Case, one: Happened) -> bool:
        until = self._until.get(case)
        if until is None:
            until = self._until[case] = self._situation.paused_until(case)
        return one.event.received < until

    def _fire(self, judge: _Judge, case: Case, one: Happened) -> None:
        rule = judge.rule
        drafts = self._addressed(judge, one)
        if judge.kind is Kind.NEW or not rule.pause:  # an issue is new once
            self._tell(drafts)
        elif self._rests(case, one):
            held = self._pauses.get(case) or Pause(self._until[case])
            self._pauses[case] = structs.replace(held, held=held.held + 1, drafts=held.drafts or tuple(drafts))
        else:
            self._tell(drafts)
            # What this batch held back before stays with the pause: it is told when that is over.
            before = self._pauses.get(case) or Pause(0.0)
            self._until[case] = one.event.received + rule.pause
            self._pauses[case] = structs.replace(before, until=self._until[case])

    def _tell(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            self._drafts.setdefault((draft.change.event_row, draft.recipient), draft)

    def _addressed(self, judge: _Judge, one: Happened) -> list[Draft]:
        rule = judge.rule
        kind = one.kind if judge.kind is not None and one.kind is not None else Kind.ALERT
        now = self._situation.now
        change = Change(kind, one.project_id, one.issue_id, one.event_row, now, rule.id, judge.words)
        return [Draft(change, recipient) for recipient in self._recipients(rule, one)]

    def _recipients(self, rule: Rule, one: Happened) -> Sequence[str]:
        audience = self._audiences.get(rule.project_id)
        if audience is None:
            audience = self._audiences[rule.project_id] = self._situation.audience(rule.project_id)
        found: dict[str, None] = {}
        for target in rule.targets:
            match target.aim:
                case Aim.MEMBERS:
                    found.update(dict.fromkeys([*audience.members, *self._besides]))
                case Aim.ADDRESS:
                    found[target.value] = None
                case Aim.ASSIGNEE:
                    found[self._situation.issue(one.issue_id).assignee] = None
                case Aim.CHANNEL:
                    found[audience.channels.get(int(target.value), "")] = None
                case Aim.CHANNELS:
                    found.update(dict.fromkeys(audience.channels.values()))
        return [address for address in found if address and audience.takes(address)]


def words_of(rule: Rule) -> str:
    """Returns what makes a rule fire, short enough for the subject of a mail; empty when the kind says it."""
    within = span(rule.seconds)
    match rule.trigger:
        case Trigger.EVERY:
            return "an event"
        case Trigger.EVENTS:
            return f"{rule.number:,} in {within}"
        case Trigger.PROJECT_EVENTS:
            return f"{rule.number:,} in {within} in all"
        case Trigger.USERS:
            return f"{rule.number:,} {'user' if rule.number == 1 else 'users'} in {within}"
        case Trigger.RISE:
            return f"up {rule.number:,}% in {within}"
        case Trigger.GROWING:
            return f"still growing after {within}"
        case _:
            return ""


def user_of(one: Happened) -> str:
    """Returns what tells the user of an event from others, as the count of users has it."""
    user = one.event.user
    if user is None:
        return ""
    named = {"id": user.id, "email": user.email, "username": user.username, "ip": user.ip_address}
    return next((f"{key}:{value}" for key, value in named.items() if value), "")
