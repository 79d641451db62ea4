"""Events that go, on a real SQLite file: which of them, and what is left of their issues."""

import sqlite3
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from kaput.errors import NotFound
from kaput.model import Aside, Attachment, Batch, Verdict
from kaput.store.base import Limits, Store
from tests.store.retention.filling import DAY, NOW, PAYLOAD, ask, every, fill

LIMITS = Limits(days=90, events_per_issue=100)


def rows_of(path: Path, issue_id: int) -> list[int]:
    """Returns the rows of the events that an issue has."""
    return [int(str(row[0])) for row in ask(path, "SELECT id FROM event WHERE issue_id = ? ORDER BY id", issue_id)]


def counts_are_exact(path: Path) -> bool:
    """Answers whether each issue says of itself what is stored of it."""
    stored = "SELECT issue_id, count(*), sum(length(payload)) FROM event GROUP BY 1 ORDER BY 1"
    return ask(path, "SELECT id, kept, kept_bytes FROM issue ORDER BY 1") == ask(path, stored)


def test_a_crowded_issue_is_thinned(store: Store, path: Path) -> None:
    """Above its limit an issue keeps three quarters of it, first and newest among them; its count stays, others too."""
    fill(path, 1, every(60.0, 101))
    fill(path, 2, every(60.0, 100))
    swept = list(store.retention.crowd(LIMITS))
    assert sum(one.rows for one in swept) == 26
    assert sum(one.size for one in swept) == 26 * len(PAYLOAD)
    rows = rows_of(path, 1)
    assert (len(rows), rows[0], rows[-1]) == (75, 1, 101)
    issue, other = store.issues.get(1), store.issues.get(2)
    assert (issue.count, issue.kept, issue.thinned) == (101, 75, NOW)
    assert (other.count, other.kept, other.thinned) == (100, 100, None)
    assert counts_are_exact(path)
    assert (store.facts.tallies().events, store.facts.tallies().thinned) == (175, 26)
    assert sum(one.rows for one in store.retention.crowd(LIMITS)) == 0


def test_an_issue_of_very_many_events_is_thinned_in_windows(store: Store, path: Path) -> None:
    """More events than are read at once end at the same number, the newest of them without a gap."""
    fill(path, 1, every(1.0, 13_000))
    list(store.retention.crowd(LIMITS))
    rows = rows_of(path, 1)
    assert (len(rows), rows[0]) == (75, 1)
    assert rows[-25:] == list(range(12_976, 13_001))
    assert counts_are_exact(path)


def test_without_a_limit_nothing_goes(store: Store, path: Path) -> None:
    """0 means that age and number are no reason."""
    fill(path, 1, every(DAY, 3000))
    assert list(store.retention.crowd(Limits())) == []
    assert sum(one.rows for one in store.retention.old(Limits())) == 0
    assert len(rows_of(path, 1)) == 3000


def test_old_events_go(store: Store, path: Path) -> None:
    """After the days all events go, but the first of each issue and the newest, however old."""
    fill(path, 2, every(DAY, 5, end=NOW - 400 * DAY))
    fill(path, 3, [NOW - 300 * DAY])
    fill(path, 1, every(DAY, 200))
    list(store.retention.old(LIMITS))
    assert rows_of(path, 1) == [7, *range(116, 207)]
    assert rows_of(path, 2) == [1, 5]
    assert rows_of(path, 3) == [6]
    assert [store.issues.get(number).count for number in (1, 2, 3)] == [200, 5, 1]
    assert store.issues.get(3).thinned is None
    assert counts_are_exact(path)


def test_what_is_stopped_in_the_middle_goes_on(store: Store, path: Path) -> None:
    """A kill after any step leaves exact counts, and the next run does the rest."""
    fill(path, 1, every(60.0, 1000))
    for _ in range(10):
        list(islice(store.retention.crowd(LIMITS), 2))
        assert counts_are_exact(path)
    list(store.retention.crowd(LIMITS))
    assert len(rows_of(path, 1)) <= 100
    assert rows_of(path, 1)[0] == 1
    assert rows_of(path, 1)[-1] == 1000


def test_an_event_that_a_mail_waits_for_stays(store: Store, path: Path) -> None:
    """A notice that is not sent yet keeps its event, else the mail had nothing to say."""
    fill(path, 1, every(60.0, 1000))
    before = "INSERT INTO notice (kind, project_id, issue_id, event_row, recipient, state, in_digest, created, due,"
    before += " attempts, sequence, rule_id, words, count, error)"
    before += " VALUES ('regressed', 1, 1, ?, 'ada@example.org', ?, 0, 0, 0, 0, 0, 0, '', 1, '')"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(before, [(500, "pending"), (501, "held"), (502, "sent")])
    list(store.retention.crowd(Limits(events_per_issue=2)))
    assert rows_of(path, 1) == [1, 500, 501, 1000]


def test_the_largest_issues_make_room(store: Store, path: Path) -> None:
    """For the disk the issues that take most are thinned, until enough is freed; small ones are left alone."""
    fill(path, 1, every(60.0, 1000))
    fill(path, 2, every(60.0, 200), payload=PAYLOAD * 20)
    fill(path, 3, every(60.0, 100))
    excess = 150 * 20 * len(PAYLOAD)
    freed = sum(one.size for one in store.retention.shrink(excess))
    assert freed >= excess
    assert store.issues.get(2).kept <= 50
    assert store.issues.get(2).kept >= 20
    assert [store.issues.get(number).kept for number in (1, 3)] == [1000, 100]
    assert counts_are_exact(path)


def test_when_no_more_may_go_it_ends(store: Store, path: Path) -> None:
    """An excess that events cannot make up for leaves two events of each issue, and the call returns."""
    fill(path, 1, every(60.0, 300))
    fill(path, 2, [NOW])
    list(store.retention.shrink(10**12))
    assert [store.issues.get(number).kept for number in (1, 2)] == [2, 1]
    assert list(store.retention.shrink(10**12)) == []


def test_export_beside_deletion(store: Store, path: Path) -> None:
    """An export that has begun goes on over events that go meanwhile, and gives none twice."""
    fill(path, 1, every(60.0, 1000))
    export = store.events.export(None, payload=True)
    seen = [next(export)[0].row for _ in range(150)]
    list(store.retention.crowd(LIMITS))
    seen += [row.row for row, _ in export]
    assert len(seen) == len(set(seen))
    assert seen[-1] == 1000


def test_the_way_from_event_to_event_leads_over_those_that_are_kept(store: Store, path: Path) -> None:
    """Neighbours count what is kept; an event that is gone is not found, and the message says why."""
    fill(path, 1, every(60.0, 1000))
    gone = store.events.by_row(500).row.event_id
    list(store.retention.crowd(Limits(events_per_issue=4)))
    first = store.events.by_row(1)
    near = store.events.neighbours(1, 1)
    assert (near.index, near.total, near.oldest) == (1, 3, first.row.event_id)
    assert near.newest == store.events.newest(1).row.event_id
    with pytest.raises(NotFound, match="thinned out"):
        store.events.get(gone)


def test_the_oldest_event_is_known(store: Store, path: Path) -> None:
    """The time of the oldest stored event, or None."""
    assert store.retention.oldest() is None
    fill(path, 1, every(DAY, 10))
    assert store.retention.oldest() == NOW - 9 * DAY
    assert store.retention.last_row() == 10


def test_attachments_go_with_their_event(store: Store, path: Path) -> None:
    """The row and the file of an attachment go with its event; those of events that stay are left alone."""
    fill(path, 1, every(60.0, 101))
    kept, gone = (store.events.by_row(row).row.event_id for row in (1, 101 - 30))
    asides: list[Aside] = [
        Attachment(1, name * 16, event, "a.txt", "text/plain", "event.attachment", NOW, b"x")
        for name, event in (("ab", kept), ("cd", gone))
    ]
    store.batches.commit(Batch([], [], [], [], asides=asides), lambda _changes, _who: Verdict([]))
    files = path.parent / "files"
    assert len([file for file in files.rglob("*") if file.is_file()]) == 2
    list(store.retention.crowd(Limits(events_per_issue=4)))
    assert list(store.attachments.of(1, [kept, gone])) == [kept]
    assert len([file for file in files.rglob("*") if file.is_file()]) == 1
