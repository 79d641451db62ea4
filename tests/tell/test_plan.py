"""The rule against floods, at its edges and at random."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kaput.model import Kind
from kaput.store.base import MailedRow, NoticeRow
from kaput.tell.plan import BUDGET, HOUR, KEPT, MOST, SPACING, STORM, WINDOW, Mailing, look_back, plan
from tests.tell.shop import START, make_notice


def _shape(mailings: Sequence[Mailing]) -> list[tuple[list[int], bool, float]]:
    return [(mailing.ids, mailing.digest, mailing.ready - START) for mailing in mailings]


def _sent(*notices: NoticeRow) -> list[NoticeRow]:
    return [msgspec.structs.replace(notice, state="sent") for notice in notices]


def test_three_at_once() -> None:
    """Of five notices within the window three go at once, the others are held back for a digest after 5 minutes."""
    notices = [make_notice(number, START + number) for number in (1, 2, 3, 4, 5)]
    planned = plan(START + 6, notices, [])
    assert planned.hold == [4, 5]
    assert _shape(planned.mailings) == [([1], False, 1), ([2], False, 2), ([3], False, 3), ([4, 5], True, 306)]


def test_window_edge() -> None:
    """The fourth goes at once 300 s after the first one, and not a moment earlier."""
    sent = _sent(*(make_notice(number, START + number) for number in (0, 1, 2)))
    early, late = make_notice(8, START + 299.999), make_notice(9, START + 300)
    assert plan(START + 300, [early], sent).hold == [8]
    assert plan(START + 300, [late], sent).hold == []


def test_look_back() -> None:
    """All that shares a window with the oldest pending notice is looked at; what is held does not matter."""
    notices = [make_notice(1, START, state="held"), make_notice(2, START + 50), make_notice(3, START + 40)]
    assert look_back(START + 60, notices) == START + 40 - WINDOW
    assert look_back(START + 60, notices[:1]) == START + 60 - WINDOW


def test_streams_apart() -> None:
    """Each project, recipient and kind has a window of its own."""
    variants: list[dict[str, Any]] = [{}, {"project_id": 2}, {"recipient": "bob@example.org"}, {"kind": Kind.REGRESSED}]
    notices = [make_notice(10 * i + n, START, **fields) for i, fields in enumerate(variants) for n in range(MOST)]
    assert plan(START, notices, []).hold == []


def test_one_digest_for_both_kinds() -> None:
    """New and regressed issues are in one digest for each project and recipient."""
    held = [
        make_notice(1, START, state="held"),
        make_notice(2, START + 1, state="held", kind=Kind.REGRESSED, due=START + 1),
        make_notice(3, START + 2, state="held", recipient="bob@example.org", due=START + 2),
        make_notice(4, START + 3, state="held", project_id=2, due=START + 3),
    ]
    assert _shape(plan(START + 9, held, []).mailings) == [([1, 2], True, 300), ([3], True, 302), ([4], True, 303)]


def test_digest_counts_from_holding() -> None:
    """A digest waits 5 minutes from when the first one was held back, not from when it was created."""
    held = [make_notice(1, START, state="held", due=START + 40), make_notice(2, START, state="held", due=START + 90)]
    assert _shape(plan(START + 99, held, []).mailings) == [([1, 2], True, 340)]


def test_at_once_while_digest_waits() -> None:
    """A notice with a place in its window goes at once, whether or not a digest is waiting."""
    held = make_notice(4, START + 1, state="held", due=START + 1)
    sent = _sent(*(make_notice(number, START) for number in (1, 2, 3)))
    planned = plan(START + 300, [held, make_notice(5, START + 300)], sent)
    assert planned.hold == []
    assert _shape(planned.mailings) == [([5], False, 300), ([4], True, 301)]


def test_retry_takes_one_place() -> None:
    """A notice that waits for another attempt counts once, keeps its place, and its moment is that of its attempt."""
    tried = make_notice(3, START + 2, attempts=2, due=START + 60, error="away")
    sent = _sent(make_notice(1, START), make_notice(2, START + 1))
    planned = plan(START + 10, [make_notice(4, START + 1.5), tried], sent)
    assert planned.hold == [4]
    assert _shape(planned.mailings)[0] == ([3], False, 60)


def test_tried_is_never_held_back() -> None:
    """A notice that was tried has its place for good, also when the clock was set back and others took theirs."""
    sent = _sent(*(make_notice(number, START) for number in (1, 2, 3)))
    assert plan(START + 10, [make_notice(4, START, attempts=1)], sent).hold == []


def test_digest_retry() -> None:
    """A digest that was tried is tried again when its notices say so; what joins it meanwhile changes nothing."""
    tried = make_notice(1, START, state="held", attempts=1, due=START + 320)
    joined = make_notice(2, START + 310, state="held", due=START + 310)
    assert _shape(plan(START + 311, [tried, joined], []).mailings) == [([1, 2], True, 320)]


def test_outage_is_judged_by_creation() -> None:
    """Notices that waited an hour for the server go one by one when they were created far enough apart."""
    notices = [make_notice(number, START + 101 * number, attempts=number % 3) for number in range(36)]
    assert plan(START + 3600, notices, []).hold == []


class _World:
    """The outbox as the store keeps it, and what arrived."""

    def __init__(self, times: Sequence[int]) -> None:
        self.coming = [make_notice(number, START + time) for number, time in enumerate(times)]
        self.open: dict[int, NoticeRow] = {}
        self.held_at: dict[int, float] = {}
        self.alone: list[NoticeRow] = []
        self.told: Counter[int] = Counter()

    def pass_to(self, now: float) -> list[Mailing]:
        """Lets the time pass, holds back what has to be, and returns what is ready."""
        while self.coming and self.coming[0].created <= now:
            notice = self.coming.pop(0)
            self.open[notice.id] = notice
        notices = list(self.open.values())
        since = look_back(now, notices)
        planned = plan(now, notices, [notice for notice in self.alone if notice.created > since])
        for number in planned.hold:
            self.held_at[number] = now
            self.open[number] = msgspec.structs.replace(self.open[number], state="held", due=now)
        return [mailing for mailing in planned.mailings if mailing.ready <= now]

    def fail(self, mailing: Mailing, now: float) -> None:
        """The server does not take a mail."""
        for notice in mailing.notices:
            self.open[notice.id] = msgspec.structs.replace(
                self.open[notice.id], due=now + 5, attempts=notice.attempts + 1
            )

    def deliver(self, mailing: Mailing) -> None:
        """The server takes a mail."""
        self.told.update(mailing.ids)
        rows = [self.open.pop(number) for number in mailing.ids]
        if not mailing.digest:
            self.alone += rows


@given(
    times=st.lists(st.integers(0, 2000), min_size=1, max_size=30).map(sorted),
    failures=st.sets(st.integers(0, 80), max_size=10),
    step=st.sampled_from([7, 50, 100, 300]),
)
def test_never_a_flood(times: list[int], failures: set[int], step: int) -> None:
    """However notices come and mails fail: at most 3 at once in any 300 s, no digest early, none lost, none twice."""
    world, attempts, now = _World(times), 0, START
    while world.coming or world.open:
        now += step
        for mailing in world.pass_to(now):
            attempts += 1
            if mailing.digest:
                assert now - min(world.held_at[number] for number in mailing.ids) >= WINDOW
            if attempts in failures:
                world.fail(mailing, now)
            else:
                world.deliver(mailing)
    assert world.told == Counter(range(len(times)))
    alone = sorted(notice.created for notice in world.alone)
    assert all(last - first >= WINDOW for first, last in zip(alone, alone[MOST:], strict=False))
    assert len(world.alone) + len(world.held_at) == len(times)


def _mailed(mailing: Mailing, now: float) -> MailedRow:
    first = mailing.notices[0]
    return MailedRow(first.project_id, first.recipient, now, mailing.digest)


class Mailbox:
    """Sends what a plan says, second by second, as the sender does."""

    def __init__(self) -> None:
        self.open: list[NoticeRow] = []
        self.sent: list[NoticeRow] = []
        self.mailed: list[MailedRow] = []
        self.told: list[tuple[float, int]] = []

    def look(self, now: float) -> None:
        """Holds back and sends what is due."""
        planned = plan(now, self.open, self.sent, self.mailed)
        held = set(planned.hold)
        self.open = [msgspec.structs.replace(n, state="held", due=now) if n.id in held else n for n in self.open]
        for mailing in planned.mailings:
            if mailing.ready <= now:
                gone = set(mailing.ids)
                self.open = [notice for notice in self.open if notice.id not in gone]
                self.sent += [] if mailing.digest else mailing.notices
                self.mailed.append(_mailed(mailing, now))
                self.told.append((now, len(mailing.notices)))


def test_a_storm_within_the_budget() -> None:
    """10,000 new issues in a minute make three mails at once and one digest, and nobody is missing."""
    mailbox = Mailbox()
    for second in range(60):
        mailbox.open += [make_notice(second * 170 + n, START + second) for n in range(170 if second else 0)]
        mailbox.look(START + second)
    for minute in range(1, 65):
        mailbox.look(START + 60 * minute)
    assert [count for _, count in mailbox.told] == [1, 1, 1, 59 * 170 - 3]
    assert mailbox.told[-1][0] - mailbox.told[0][0] >= 300


def test_a_storm_for_hours() -> None:
    """However long it lasts, nobody gets more than 12 mails in any hour, nothing is missing, none waits 30 minutes."""
    mailbox, made = Mailbox(), 0
    for at in range(0, 4 * 3600, 30):
        mailbox.open += [make_notice(made + n, START + at) for n in range(10)]
        made += 10
        mailbox.look(START + at)
    for at in range(4 * 3600, 6 * 3600, 30):
        mailbox.look(START + at)
    times = [time for time, _ in mailbox.told]
    assert max(sum(time - 3600 < other <= time for other in times) for time in times) <= 12
    assert sum(count for _, count in mailbox.told) == made
    assert all(later - time <= 1800 for time, later in pairwise(times) if later < START + 4 * 3600)


def test_a_storm_leaves_other_projects_alone() -> None:
    """While one project is in a storm, new issues of forty others are told at once."""
    mailbox = Mailbox()
    mailbox.open = [make_notice(n, project_id=1) for n in range(1, 1001)]
    mailbox.look(START)
    mailbox.open += [make_notice(1000 + n, project_id=1 + n) for n in range(1, 41)]
    mailbox.look(START)
    assert len(mailbox.told) == 3 + 40


def test_one_person_one_budget() -> None:
    """There is an end to what a person gets from all projects; a test that the person asked for has its place."""
    mailbox = Mailbox()
    mailbox.open = [make_notice(n, project_id=n) for n in range(1, 401)]
    mailbox.look(START)
    assert len(mailbox.told) == 300
    mailbox.open.append(make_notice(999, kind=Kind.TEST))
    mailbox.look(START)
    assert len(mailbox.told) == 301


def test_the_edge_of_the_hour() -> None:
    """What went out exactly an hour ago takes no place in the budget of a person any more; a moment later it does."""
    mailed = [MailedRow(number, "ada@example.org", START, in_digest=False) for number in range(1, BUDGET + 1)]
    early, late = START + HOUR - 0.001, START + HOUR
    assert plan(early, [make_notice(1, early, project_id=999)], [], mailed).hold == [1]
    assert plan(late, [make_notice(1, late, project_id=999)], [], mailed).hold == []


def test_the_edge_of_a_digest() -> None:
    """A digest is ready 5 minutes after the first of it was held back, and in a storm 20 minutes after another one."""
    held = make_notice(1, START, state="held")
    assert _shape(plan(START + 1, [held], []).mailings) == [([1], True, WINDOW)]
    mailed = [MailedRow(1, "ada@example.org", START, in_digest=number == 0) for number in range(STORM - KEPT)]
    assert _shape(plan(START + 1, [held], [], mailed).mailings) == [([1], True, SPACING)]
    assert _shape(plan(START + 1, [held], [], mailed[1:]).mailings) == [([1], True, WINDOW)]
