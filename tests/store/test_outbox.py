"""The outbox: what waits, what was sent, and what the mail server said."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from kaput.errors import NotFound
from kaput.model import (
    Batch,
    Change,
    Digested,
    Draft,
    Event,
    Grouping,
    Happened,
    Kind,
    Pause,
    Situation,
    Title,
    Verdict,
)
from kaput.store.base import NoticeRow, Store, Trouble
from tests.clock import SettableClock
from tests.verdicts import tell


def to_two(happened: Sequence[Happened], situation: Situation) -> Verdict:
    return tell(happened, situation, ("ada@x.org", "bob@x.org"))


def notices(store: Store, count: int) -> list[NoticeRow]:
    """Makes two notices for each of some new issues, and returns all."""
    digested = []
    for n in range(1, count + 1):
        event = Event(event_id=f"{n:032x}", timestamp=1.0, received=1.0)
        digested.append(Digested(1, event, Grouping("v1", (f"{n:032x}",), "test"), Title("E", str(n), "")))
    store.batches.commit(Batch(digested, [], [], []), to_two)
    return store.outbox.open()


def states(store: Store) -> dict[str, int]:
    return store.facts.tallies().notices


def test_marks(store: Store, clock: SettableClock) -> None:
    """A notice is held, tried again, sent or given up; only what is not done is open, oldest first."""
    made = notices(store, 3)
    ids = [notice.id for notice in made]
    assert [(notice.state, notice.attempts, notice.due) for notice in made] == [("pending", 0, clock.now)] * 6
    store.outbox.mark_held(ids[4:], 50.0)
    store.outbox.mark_retry(ids[2:4], "451 later " + "x" * 9000, 99.0)
    store.outbox.mark_retry(ids[2:3], "452 full", 199.0)
    store.outbox.mark_sent(ids[:1], 60.0, in_digest=False)
    store.outbox.mark_failed(ids[1:2], "550 nobody")
    left = store.outbox.open()
    assert [(n.id, n.state, n.due, n.attempts) for n in left] == [
        (ids[2], "pending", 199.0, 2),
        (ids[3], "pending", 99.0, 1),
        (ids[4], "held", 50.0, 0),
        (ids[5], "held", 50.0, 0),
    ]
    assert len(left[1].error) == 1000
    assert states(store) == {"sent": 1, "pending": 4, "failed": 1}


def test_troubles(store: Store, clock: SettableClock) -> None:
    """The newest error of each lane is told with its next time and what waits, and is gone when that was sent."""
    ids = [notice.id for notice in notices(store, 2)]
    assert store.outbox.troubles() == []
    store.outbox.mark_failed(ids[:1], "550 nobody")
    assert store.outbox.troubles() == []
    store.outbox.mark_retry(ids[1:2], "first", 10.0)
    store.outbox.mark_retry(ids[2:3], "second", 20.0)
    store.outbox.mark_retry([store.outbox.test(1, "channel:7")], "no such hook", 5.0)
    assert store.outbox.troubles() == [
        Trouble("", 2, clock.now, "second", 20.0, 1),
        Trouble("channel:7", 1, clock.now, "no such hook", 5.0, 1),
    ]
    store.outbox.mark_sent(ids[1:3], 30.0, in_digest=True)
    assert [trouble.lane for trouble in store.outbox.troubles()] == ["channel:7"]


def test_lanes(store: Store) -> None:
    """A channel is a lane of its own, those that fail are last, and mails are not among them."""
    mails = notices(store, 1)
    one, other = store.outbox.test(1, "channel:1"), store.outbox.test(1, "channel:2")
    store.outbox.mark_retry([one], "away", 5.0)
    assert store.outbox.lanes() == ["channel:2", "channel:1"]
    assert [notice.id for notice in store.outbox.open("channel:1")] == [one]
    assert store.outbox.open() == mails
    store.outbox.mark_sent([one], 5.0, in_digest=False)
    assert store.outbox.lanes() == ["channel:2"]
    assert store.outbox.newest() == other


def test_what_was_not_delivered(store: Store) -> None:
    """What was tried in vain or given up is listed, newest first, and what is not tried yet is not."""
    ids = [notice.id for notice in notices(store, 2)]
    store.outbox.mark_retry(ids[:1], "451 later", 5.0)
    store.outbox.mark_failed(ids[2:3], "550 nobody")
    assert [notice.id for notice in store.outbox.undelivered(9)] == [ids[2], ids[0]]
    assert [notice.id for notice in store.outbox.undelivered(1, 1)] == [ids[2]]
    assert store.outbox.undelivered(9, 2) == []


def test_a_test(store: Store) -> None:
    """A test is about the newest issue, or about none when there is none, and takes no place in the issue's thread."""
    empty = store.outbox.get(store.outbox.test(2, "ada@x.org"))
    assert (empty.kind, empty.issue_id, empty.event_row, empty.state) == (Kind.TEST, 0, 0, "pending")
    number = store.outbox.test(1, "ada@x.org")
    assert store.outbox.get(number).issue_id == 0
    made = notices(store, 1)
    about = store.outbox.get(store.outbox.test(1, "ada@x.org"))
    assert (about.issue_id, about.event_row) == (made[-1].issue_id, made[-1].event_row)
    assert made[-1].sequence == 0
    with pytest.raises(NotFound):
        store.outbox.get(999)


def test_the_last_of_each(store: Store) -> None:
    """The newest notice of each recipient is found."""
    ids = [notice.id for notice in notices(store, 2)]
    assert {who: notice.id for who, notice in store.outbox.last(["ada@x.org", "nobody@x.org"]).items()} == {
        "ada@x.org": ids[2]
    }


def test_what_was_sent_at_once(store: Store, clock: SettableClock) -> None:
    """Notices of a digest, and those made before, do not count as sent at once."""
    ids = [notice.id for notice in notices(store, 2)]
    store.outbox.mark_sent(ids[:2], clock.now, in_digest=False)
    store.outbox.mark_sent(ids[2:], clock.now, in_digest=True)
    assert [notice.id for notice in store.outbox.sent_at_once(clock.now - 1)] == ids[:2]
    assert store.outbox.sent_at_once(clock.now) == []


def test_many_at_once(store: Store) -> None:
    """More notices than one statement takes are marked all."""
    ids = [notice.id for notice in notices(store, 400)]
    assert len(ids) == 800
    store.outbox.mark_sent(ids, 1.0, in_digest=True)
    assert states(store) == {"sent": 800, "pending": 0, "failed": 0}
    assert store.outbox.open() == []


def test_one_stands_for_all_that_is_held_back(store: Store) -> None:
    """Who looks sees pending notices, and one for each recipient that is as old and as due as what it stands for."""
    made = notices(store, 6)
    ids = [notice.id for notice in made if notice.recipient == "ada@x.org"]
    assert store.outbox.waiting() == made
    store.outbox.mark_sent([notice.id for notice in made if notice.id not in ids], 50.0, in_digest=False)
    store.outbox.mark_held(ids[1:3], 70.0)
    store.outbox.mark_held(ids[3:5], 60.0)
    first, head, last = store.outbox.waiting()
    assert (first.id, last.id, head.id, head.state, head.count) == (ids[0], ids[5], ids[1], "held", 4)
    assert (head.created, head.due, head.attempts) == (store.outbox.get(ids[1]).created, 60.0, 0)
    assert [notice.id for notice in store.outbox.held(head.project_id, head.recipient)] == ids[1:5]
    store.outbox.mark_retry(ids[2:3], "no", 65.0)
    tried = store.outbox.waiting()[1]
    assert (tried.due, tried.attempts) == (65.0, 1)
    assert [store.outbox.held(2, head.recipient), store.outbox.held(1, "bob@x.org")] == [[], []]
    assert store.outbox.waiting("channel:1") == []


def test_what_is_held_back_hides_nothing(store: Store, path: Path) -> None:
    """However many notices are held back, one that may go at once is among the open ones."""
    first, last = notices(store, 1)
    with closing(sqlite3.connect(path)) as database, database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(notice)") if row[1] not in {"id", "state"}]
        kept = ", ".join(columns)
        database.execute(
            f"INSERT INTO notice (state, {kept}) SELECT 'held', {kept} FROM notice,"  # names of columns
            " (WITH RECURSIVE n (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < 10100) SELECT at FROM n)"
        )
        database.execute("UPDATE notice SET id = id + 100000 WHERE id = ?", (last.id,))
    found = store.outbox.open()
    assert [notice.id for notice in found if notice.state == "pending"] == [first.id, last.id + 100000]
    assert len(found) == 20_002


def test_the_end_of_a_pause(store: Store) -> None:
    """What a rule held back is a notice of the next digest at the second at which its pause ends, and not before."""
    made = notices(store, 1)[0]
    draft = Draft(Change(Kind.ALERT, 1, made.issue_id, made.event_row, 10.0, 3, "100 in 5 min"), "ada@x.org")
    pauses = {(3, made.issue_id): Pause(1000.0, 7, (draft,))}
    event = Event(event_id=f"{99:032x}", timestamp=1.0, received=1.0)
    more = Digested(1, event, Grouping("v1", (f"{1:032x}",), "test"), Title("E", "1", ""))
    store.batches.commit(Batch([more], [], [], []), lambda _happened, _situation: Verdict([], {}, pauses))
    assert not store.outbox.release(999.999)
    assert store.outbox.release(1000.0)
    held = [notice for notice in store.outbox.open() if notice.words]
    assert [(notice.state, notice.count, notice.words) for notice in held] == [("held", 7, "100 in 5 min")]
    assert not store.outbox.release(1000.0)


def test_the_rule_by_its_name(store: Store) -> None:
    """What is to be sent names the rule that sends it, as it is called now."""
    rule = store.rules.of_project(1)[0].rule
    store.outbox.test_rule(rule, ["ada@x.org"])
    assert [notice.rule for notice in store.outbox.open()] == [rule.name]
