"""Which rules fire, and who is told."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kaput.model import (
    EVERYBODY,
    Aim,
    Audience,
    Case,
    Compare,
    Condition,
    Event,
    Field,
    Happened,
    IssueState,
    Kind,
    Rule,
    Target,
    Trigger,
    User,
    Verdict,
    default_rules,
)
from kaput.tell.rules import evaluate
from tests.tell.shop import START, make_event


class Memory:
    """A situation whose windows and pauses are kept from batch to batch, as the store keeps them."""

    def __init__(self, *rules: Rule, members: Mapping[int, Sequence[str]] | None = None) -> None:
        self.now = START
        self.all = [msgspec.structs.replace(rule, id=at + 1, project_id=1) for at, rule in enumerate(rules)]
        self.members = members or {1: ["ada@example.org"]}
        self.channels: dict[int, str] = {}
        self.unwanted: frozenset[str] = frozenset()
        self.issues: dict[int, IssueState] = {}
        self.windows: dict[Case, bytes] = {}
        self.pauses: dict[Case, float] = {}
        self.held: dict[Case, int] = {}
        self.asked = 0

    def rules(self, project_id: int) -> Sequence[Rule]:
        """Returns all of them."""
        return [msgspec.structs.replace(rule, project_id=project_id) for rule in self.all]

    def window(self, case: Case) -> bytes:
        """Returns what was counted."""
        self.asked += 1
        return self.windows.get(case, b"")

    def paused_until(self, case: Case) -> float:
        """Returns when the pause ends."""
        self.asked += 1
        return self.pauses.get(case, 0.0)

    def issue(self, issue_id: int) -> IssueState:
        """Returns the issue; open and new when nothing else is set."""
        self.asked += 1
        return self.issues.get(issue_id, IssueState(open=True, first_seen=START, count=1))

    def audience(self, project_id: int) -> Audience:
        """Returns the members and channels that are set."""
        return Audience(self.members.get(project_id, []), self.channels, self.unwanted)

    def judge(self, *happened: Happened) -> Verdict:
        """Judges a batch and keeps what was counted."""
        verdict = evaluate(happened, self)
        self.windows |= {case: window.content for case, window in verdict.windows.items()}
        for case, pause in verdict.pauses.items():
            self.pauses[case] = pause.until
            self.held[case] = self.held.get(case, 0) + pause.held
        return verdict

    def rows(self, *happened: Happened) -> list[int]:
        """Judges a batch; returns the events that are told."""
        return [draft.change.event_row for draft in self.judge(*happened).drafts]


def event(row: int, after: float = 0.0, kind: Kind | None = None, issue: int = 5, **fields: Any) -> Happened:
    """One event that is received some seconds after the start."""
    return Happened(kind, 1, issue, row, "KeyError", make_event(row, received=START + after, **fields))


def rule(trigger: Trigger, *conditions: Condition, **fields: Any) -> Rule:
    """A rule with no pause, unless it says otherwise."""
    return Rule(0, 1, "A rule", trigger, conditions=conditions, **({"pause": 0} | fields))


def count_of(number: int, seconds: int, *conditions: Condition, **fields: Any) -> Rule:
    """A rule about events of one issue."""
    return rule(Trigger.EVENTS, *conditions, number=number, seconds=seconds, **fields)


def test_everyone() -> None:
    """A new issue and a regression are told to every member of their project, and to nobody else."""
    people = {1: ["ada@example.org", "bob@example.org"], 2: ["eve@example.org"]}
    new, other, back = event(1, kind=Kind.NEW), event(2, kind=Kind.NEW), event(3, kind=Kind.REGRESSED)
    other = msgspec.structs.replace(other, project_id=2)
    told = Memory(*default_rules(), members=people).judge(new, other, event(9), back).drafts
    assert [(d.change.kind, d.change.event_row, d.recipient) for d in told] == [
        (Kind.NEW, 1, "ada@example.org"),
        (Kind.NEW, 1, "bob@example.org"),
        (Kind.NEW, 2, "eve@example.org"),
        (Kind.REGRESSED, 3, "ada@example.org"),
        (Kind.REGRESSED, 3, "bob@example.org"),
    ]


def test_nobody() -> None:
    """A project without members makes no notices."""
    assert Memory(*default_rules(), members={2: ["ada@example.org"]}).rows(event(1, kind=Kind.NEW)) == []


def test_once() -> None:
    """An address that is named twice is told once, and so is an event for which two rules fire."""
    both = (Target(Aim.ADDRESS, "ada@example.org"), *EVERYBODY)
    memory = Memory(rule(Trigger.NEW, targets=both), rule(Trigger.EVERY), members={1: ["ada@example.org"] * 2})
    assert memory.rows(event(1, kind=Kind.NEW), event(2)) == [1, 2]


def test_whom() -> None:
    """A rule tells whom it names: members, addresses, the assignee, one channel or all of them."""
    aims = [Target(Aim.ADDRESS, "ops@example.org"), Target(Aim.ASSIGNEE), Target(Aim.CHANNEL, "3")]
    memory = Memory(rule(Trigger.EVERY, targets=tuple(aims)), rule(Trigger.EVERY))
    memory.channels = {3: "channel:3", 4: "channel:4"}
    memory.issues[5] = IssueState(open=True, first_seen=START, count=1, assignee="bob@example.org")
    told = [draft.recipient for draft in memory.judge(event(1)).drafts]
    assert told == ["ops@example.org", "bob@example.org", "channel:3", "ada@example.org", "channel:4"]
    memory.unwanted = frozenset({"bob@example.org"})
    assert "bob@example.org" not in [draft.recipient for draft in memory.judge(event(2)).drafts]
    assert [d.recipient for d in memory.judge(event(3, issue=6)).drafts][:2] == ["ops@example.org", "channel:3"]


def test_the_event_that_crosses() -> None:
    """The 100th event is told and not the 99th, also when one batch holds the events 50 to 150."""
    memory = Memory(default_rules()[2])
    assert memory.rows(*(event(row, row * 0.1) for row in range(1, 50))) == []
    told = memory.judge(*(event(row, row * 0.1) for row in range(50, 151))).drafts
    assert [(d.change.event_row, d.change.kind, d.change.words) for d in told] == [(100, Kind.ALERT, "100 in 5 min")]


def test_the_edges_of_a_window() -> None:
    """Events that are as far apart as the window is long are not in one; those a moment closer are."""
    memory = Memory(count_of(3, 300))
    assert memory.rows(event(1, 0.0), event(2, 100.0), event(3, 300.0)) == []
    assert memory.rows(event(4, 399.999)) == [4]
    assert memory.rows(event(5, 500.0, issue=6), event(6, 500.0, issue=7), event(7, 500.0, issue=8)) == []


def test_still_full() -> None:
    """A window that stays full fires again after the pause, to the second, and not before; nothing is held back."""
    memory = Memory(count_of(2, 300, pause=1800))
    seconds = range(0, 3700, 100)
    assert memory.rows(*(event(1 + second, float(second)) for second in seconds)) == [101, 1901]
    assert memory.rows(event(9000, 3700.999)) == [9000]
    assert not any(memory.held.values())


def test_another_crossing_within_a_pause() -> None:
    """A window that was not full in between and fills again within the pause is held back, once."""
    memory = Memory(count_of(2, 60, pause=1800))
    times = (0.0, 10.0, 500.0, 510.0, 520.0, 900.0, 910.0)
    assert memory.rows(*(event(int(t) + 1, t) for t in times)) == [11]
    assert memory.held == {(1, 5): 2}


def test_without_a_pause() -> None:
    """Without a pause each crossing is told, and what goes on is not."""
    memory = Memory(count_of(2, 60))
    assert memory.rows(*(event(int(t) + 1, t) for t in (0.0, 10.0, 20.0, 500.0, 510.0))) == [11, 511]


def test_a_pause_holds_back() -> None:
    """What fires within the pause of its issue is counted and not told; another issue has its own."""
    memory = Memory(rule(Trigger.EVERY, pause=1800))
    verdict = memory.judge(event(1), event(2, 10.0), event(3, 10.0, issue=6), event(4, 1799.9))
    assert [draft.change.event_row for draft in verdict.drafts] == [1, 3]
    assert [draft.change.event_row for draft in verdict.pauses[1, 5].drafts] == [2]
    assert memory.held == {(1, 5): 2, (1, 6): 0}
    assert memory.rows(event(5, 1799.99)) == []
    assert memory.rows(event(6, 1800.0)) == [6]
    assert memory.held[1, 5] == 3


def test_the_whole_project() -> None:
    """A rule about the project counts the events of all issues, and is told with the event that crosses."""
    memory = Memory(rule(Trigger.PROJECT_EVENTS, number=3, seconds=60))
    assert memory.rows(event(1, issue=6, kind=Kind.NEW), event(2, issue=7, kind=Kind.NEW)) == []
    told = memory.judge(event(3, issue=8, kind=Kind.NEW)).drafts
    assert [(d.change.issue_id, d.change.words) for d in told] == [(8, "3 in 1 min in all")]


def test_users() -> None:
    """Different users are counted, each once; events without one count for none."""
    memory = Memory(rule(Trigger.USERS, number=3, seconds=60))
    names = ["a", "a", "b", "", "b", "c"]
    users = [User(id=name) if name else None for name in names]
    assert memory.rows(*(event(row, row, user=user) for row, user in enumerate(users[:4], 1))) == []
    assert memory.rows(event(5, 5, user=users[4]), event(6, 6, user=users[5])) == [6]


def test_a_rise() -> None:
    """A window with so many percent more than the one before fires; one that is as before, or small, does not."""
    memory = Memory(rule(Trigger.RISE, number=100, seconds=600))
    calm = [event(row, row * 30.0) for row in range(1, 21)]
    assert memory.rows(event(100, 0.0), *calm[:8]) == []
    memory = Memory(rule(Trigger.RISE, number=100, seconds=600))
    before = [event(row, row * 59.0) for row in range(10)]
    assert memory.rows(*before) == [9]  # nothing came before these ten
    assert memory.rows(*(event(100 + row, 600.0 + row) for row in range(18))) == []
    assert memory.rows(event(200, 1199.0), event(201, 1199.0)) == [201]


def test_an_old_issue_that_still_grows() -> None:
    """An event of an issue that is as old as the rule says is told, once in each pause."""
    memory = Memory(rule(Trigger.GROWING, seconds=3600, pause=1800))
    assert memory.rows(event(1, 3599.0)) == []
    assert memory.rows(event(2, 3600.0), event(3, 3700.0), event(4, 5400.0)) == [2, 4]
    assert not any(memory.held.values())


def test_what_is_resolved_or_muted() -> None:
    """Nothing is told of an issue that is resolved or muted; opened again, what it counted is still there."""
    memory = Memory(count_of(3, 300), rule(Trigger.EVERY))
    memory.issues[5] = IssueState(open=False, first_seen=START, count=9)
    assert memory.rows(event(1), event(2), event(3)) == []
    memory.issues[5] = IssueState(open=True, first_seen=START, count=9)
    assert [d.change.words for d in memory.judge(event(4)).drafts] == ["3 in 5 min"]


def test_conditions_of_the_event() -> None:
    """An event that is not as a condition wants it is not counted."""
    production = Condition(Field.ENVIRONMENT, Compare.IS, "prod*")
    memory = Memory(count_of(2, 300, production, Condition(Field.LEVEL, Compare.AT_LEAST, "error")))
    assert memory.rows(event(1), event(2, environment="staging"), event(3, level="warning")) == []
    assert memory.rows(event(4, level="fatal", environment="PRODUCTION")) == [4]


def test_conditions_of_the_moment() -> None:
    """A threshold that is crossed at the wrong moment fires with the first event at the right one."""
    memory = Memory(count_of(2, 3600, Condition(Field.COUNT, Compare.AT_LEAST, "50")))
    memory.issues[5] = IssueState(open=True, first_seen=START, count=49)
    assert memory.rows(event(1), event(2), event(3)) == []
    memory.issues[5] = IssueState(open=True, first_seen=START, count=50)
    assert memory.rows(event(4), event(5)) == [4]


def test_out_of_turn() -> None:
    """An event that is stored after later ones takes its place in the order of receipt."""
    memory = Memory(count_of(3, 100))
    assert memory.rows(event(1, 0.0), event(2, 120.0), event(3, 150.0)) == []
    assert memory.rows(event(4, 60.0)) == [4]  # 60, 120 and 150 lie within 100 s


def test_a_storm_asks_little() -> None:
    """A storm of new issues under the rules of a new project asks the store for no window, pause or issue."""
    memory = Memory(*default_rules())
    told = memory.rows(*(event(row, 0.0, Kind.NEW, issue=row) for row in range(1, 1001)))
    assert (len(told), memory.asked) == (1000, 0)


def test_an_event_as_it_comes() -> None:
    """A bare event fires a rule that asks for nothing."""
    bare = Happened(None, 1, 5, 1, "", Event(event_id="a" * 32, timestamp=START, received=START))
    assert Memory(rule(Trigger.EVERY)).rows(bare) == [1]
