"""What is mailed at once, what is held back, and which digests there are: the rule against floods.

In: the time, the open notices, the notices that went out by themselves. Out: a `Plan`. Pure.
Imported by `tell/outbox.py` only.

The rule (design, promise 5): for each project, recipient and kind, up to `MOST` notices in any `WINDOW` are mailed at
once, each in a mail of its own. The rest is held back and goes in one digest for each project and recipient, never
sooner than `WINDOW` after the first one of it was held back. Exactly:

- The time at which a notice was created decides, not the time at which the server took its mail. So a mail that has to
  be tried again takes one place in the window, and what waited for the server is judged as if it had been there.
- A window is half open: of notices 300 s apart the later one is outside. A digest may go exactly 300 s after the first
  one was held back.
- A notice goes at once when there is a place in its window, also while a digest is waiting: "up to 3 in 5 minutes are
  mailed at once" holds at every moment, and the digest holds "the rest" only. What is held back while a digest waits
  joins that digest and does not delay it.
- A notice that was held back stays held back.

A person has a budget besides, by the time at which the server took the mails: from a project in a storm at most `STORM`
in any hour. A storm is as long as something of the project is held back for this person, and an hour after a digest.
The last `KEPT` of these mails are kept for digests, which then are `SPACING` apart: so the budget lasts for the hour,
and whatever comes is told within `SPACING`. Over all projects it is `BUDGET`: ordinary alerts of many projects never
come near it. What has no place in the budget is held back. A test that a person asked for always has one.
"""

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from kaput.model import Kind
from kaput.store.base import MailedRow, NoticeRow

WINDOW = 300.0
"""Seconds in which at most `MOST` notices are mailed at once, and that a digest waits."""

MOST = 3
"""Notices that are mailed at once within one window."""

HOUR = 3600.0
BUDGET = 300
"""Mails to one recipient in any hour, over all projects."""

STORM = 12
"""Those of one project that is in a storm."""

KEPT = 3
"""Of the budget, mails that are kept for digests."""

SPACING = 1200.0
"""Seconds between two digests to a recipient who has only those left."""

HELD = "held"
"""The state of a notice that waits for a digest."""


class Mailing(Struct, frozen=True):
    """One mail to be sent.

    Attributes:
        notices: those it tells, oldest first; one, unless it is a digest.
        ready: when it may be sent, or tried again.
    """

    notices: tuple[NoticeRow, ...]
    digest: bool
    ready: float

    @property
    def ids(self) -> list[int]:
        """The ids of its notices."""
        return [notice.id for notice in self.notices]

    @property
    def attempts(self) -> int:
        """How often it was tried."""
        return max(notice.attempts for notice in self.notices)

    @property
    def order(self) -> tuple[float, int]:
        """Its place among all mails: the moment at which it was first ready."""
        first = self.notices[0]
        return first.created + (WINDOW if self.digest else 0.0), first.id


class Plan(Struct, frozen=True):
    """What to do with the open notices.

    Attributes:
        hold: ids of notices to be held back from now.
        mailings: all mails, those that are not ready yet too, in the order in which they are to be sent.
    """

    hold: list[int]
    mailings: list[Mailing]


def plan(now: float, notices: Sequence[NoticeRow], sent: Iterable[NoticeRow], mailed: Iterable[MailedRow] = ()) -> Plan:
    """Decides what becomes of each open notice.

    Args:
        now: seconds since the epoch.
        notices: all pending ones, and held ones: all, or one for each recipient of a project that stands for them
            (`Outbox.waiting`). Then it does so in the digest, too.
        sent: notices that were sent by themselves and created after `look_back(now, notices)`.
        mailed: what went out in the last hour.
    """
    budget = _Budget(now, mailed, (_way(notice) for notice in notices if notice.state == HELD))
    pending = sorted((n for n in notices if n.state != HELD), key=_age)
    at_once, hold = _admit(pending, sent, budget)
    waiting = [(n, n.due) for n in notices if n.state == HELD] + [(n, now) for n in hold]
    digests = sorted(_digests(waiting), key=lambda mailing: mailing.order)
    mailings = [Mailing((n,), digest=False, ready=n.due) for n in at_once] + [budget.place(one) for one in digests]
    return Plan([n.id for n in hold], sorted(mailings, key=lambda mailing: mailing.order))


def look_back(now: float, notices: Iterable[NoticeRow]) -> float:
    """Returns since when sent notices have to be known to judge the pending ones, in seconds since the epoch."""
    return min((n.created for n in notices if n.state != HELD), default=now) - WINDOW


def _age(notice: NoticeRow) -> tuple[bool, float, int]:
    """Oldest first; those that were tried before all others, because they have their place in the window already."""
    return notice.attempts == 0, notice.created, notice.id


_Way = tuple[int, str]
"""A project and a recipient."""


class _Budget:
    """What each recipient may still get.

    Args:
        now: seconds since the epoch.
        mailed: what went out in the last hour.
        stormy: projects and recipients for whom something is held back.
    """

    def __init__(self, now: float, mailed: Iterable[MailedRow], stormy: Iterable[_Way]) -> None:
        self._now = now
        self._times: defaultdict[_Way, list[float]] = defaultdict(list)
        self._all: Counter[str] = Counter()
        self._digests: dict[_Way, float] = {}
        self._stormy = set(stormy)
        for mail in mailed:
            # What went out at a time to come did so before the clock was set back.
            if now - HOUR < mail.time <= now:
                self._note((mail.project_id, mail.recipient), mail.time, digest=mail.in_digest)

    def admits(self, notice: NoticeRow) -> bool:
        """Answers whether a notice may go by itself, and takes its place."""
        way = _way(notice)
        full = self._all[notice.recipient] >= BUDGET
        if way in self._stormy:
            full = full or len(self._times[way]) >= STORM - KEPT
        if full and notice.kind is not Kind.TEST:
            return False
        self._note(way, self._now, digest=False)
        return True

    def hold(self, notice: NoticeRow) -> None:
        """Notes that something is held back."""
        self._stormy.add(_way(notice))

    def place(self, mailing: Mailing) -> Mailing:
        """Returns a digest with the time at which there is a place for it."""
        way = _way(mailing.notices[0])
        ready = mailing.ready
        if len(self._times[way]) >= STORM - KEPT:
            ready = max(ready, self._digests.get(way, 0.0) + SPACING)
        self._note(way, max(ready, self._now), digest=True)
        return Mailing(mailing.notices, mailing.digest, ready)

    def _note(self, way: _Way, time: float, *, digest: bool) -> None:
        self._times[way].append(time)
        self._all[way[1]] += 1
        if digest:
            self._digests[way] = max(time, self._digests.get(way, 0.0))
            self._stormy.add(way)


def _way(notice: NoticeRow) -> _Way:
    return notice.project_id, notice.recipient


def _admit(
    pending: Iterable[NoticeRow], sent: Iterable[NoticeRow], budget: _Budget
) -> tuple[list[NoticeRow], list[NoticeRow]]:
    """Parts the pending notices into those that go at once and those that are held back."""
    taken: defaultdict[tuple[int, str, Kind], list[float]] = defaultdict(list)
    for notice in sent:
        insort(taken[_stream(notice)], notice.created)
    at_once, hold = [], []
    for notice in pending:
        times = taken[_stream(notice)]
        if (notice.attempts or _has_place(times, notice.created)) and budget.admits(notice):
            insort(times, notice.created)
            at_once.append(notice)
        else:
            hold.append(notice)
            budget.hold(notice)
    return at_once, hold


def _stream(notice: NoticeRow) -> tuple[int, str, Kind]:
    return notice.project_id, notice.recipient, notice.kind


def _has_place(times: Sequence[float], time: float) -> bool:
    """Answers whether with one more at `time` every half-open window still has at most `MOST`; `times` is sorted."""
    near = sorted([*(t for t in times if abs(t - time) < WINDOW), time])
    return all(last - first >= WINDOW for first, last in zip(near, near[MOST:], strict=False))


def _digests(waiting: Iterable[tuple[NoticeRow, float]]) -> list[Mailing]:
    """Makes one digest for each project and recipient of the notices and the times at which they were held back."""
    groups: defaultdict[tuple[int, str], list[tuple[NoticeRow, float]]] = defaultdict(list)
    for notice, since in waiting:
        groups[notice.project_id, notice.recipient].append((notice, since))
    return [_digest(group) for group in groups.values()]


def _digest(group: Sequence[tuple[NoticeRow, float]]) -> Mailing:
    # Once a digest was tried, the `due` of its notices says when to try again.
    tried = [notice.due for notice, _ in group if notice.attempts]
    ready = max(tried) if tried else min(since for _, since in group) + WINDOW
    notices = sorted((notice for notice, _ in group), key=lambda notice: (notice.created, notice.id))
    return Mailing(tuple(notices), digest=True, ready=ready)
