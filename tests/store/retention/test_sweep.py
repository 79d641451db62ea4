"""Counters, notices and feedback that go or become sums; what they add up to stays."""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from kaput.model import Attachment, Batch, Drop, Feedback, Verdict
from kaput.store.base import Limits, Store
from kaput.store.retention.tags import KEPT_KEYS, KEPT_VALUES, MOST_KEYS, MOST_VALUES
from kaput.store.retention.users import KEPT_USERS, MOST_USERS
from tests.clock import SettableClock
from tests.store.retention.filling import DAY, NOW, ask, every, fill
from tests.verdicts import leave_out

HOUR = int(NOW // 3600)
LIMITS = Limits(days=30, events_per_issue=1000)


def insert(path: Path, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Writes rows past the store."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(statement, rows)


def old(store: Store) -> int:
    """Walks over everything once, and returns how many rows went."""
    return sum(one.rows for one in store.retention.old(LIMITS))


def test_counts_by_the_hour_stay_longer_than_events(store: Store, path: Path) -> None:
    """Hours of more than 90 days ago go, also where events go after 30; the count of the issue stays."""
    fill(path, 1, every(60.0, 3))
    hours = [HOUR - 24 * days for days in range(200)]
    insert(path, "INSERT INTO issue_hour VALUES (1, ?, 7)", [(hour,) for hour in hours])
    assert old(store) == 109
    assert store.issues.hours([1], HOUR - 24 * 90, 1)[1] == [7]
    assert ask(path, "SELECT count(*), min(hour) FROM issue_hour") == [(91, HOUR - 24 * 90)]
    assert store.issues.get(1).count == 3
    assert old(store) == 0


def test_drops_of_long_ago_are_one_sum(store: Store, path: Path, clock: SettableClock) -> None:
    """The sum of each reason and project is the same before and after; what is recent keeps its hour."""
    for day in range(200):
        leave_out(store, [Drop("too_large", 2, NOW - day * DAY), Drop("filter:crawlers", 1, NOW - day * DAY, 1)])
    before = store.facts.tallies().dropped, store.facts.tallies(1).dropped, store.facts.drops_since(NOW - 50 * DAY)
    assert old(store) > 0
    assert ask(path, "SELECT count(*) FROM dropped WHERE hour > 0") == [(2 * 91,)]
    after = store.facts.tallies().dropped, store.facts.tallies(1).dropped, store.facts.drops_since(NOW - 50 * DAY)
    assert before == after
    clock.now += 5 * DAY
    assert old(store) == 10
    assert store.facts.tallies().dropped == before[0]


def test_notices_of_long_ago_go_and_are_counted(store: Store, path: Path) -> None:
    """Sent and failed notices go with age, but the newest of each thread; stats count them on, and what waits stays."""
    fill(path, 1, every(60.0, 3))
    statement = "INSERT INTO notice (kind, project_id, issue_id, event_row, recipient, state, in_digest, created, due,"
    statement += (
        " attempts, sequence, rule_id, words, count, error) VALUES ('new', 1, 1, 1, ?, ?, 0, ?, 0, 0, ?, 0, '', 1, '')"
    )
    ages = [(f"{who}@example.org", NOW - age * DAY, age) for who in ("ada", "bob") for age in (60, 50, 40, 20)]
    rows = [(who, "failed" if age == 50 else "sent", when, 60 - age) for who, when, age in ages]
    rows.append(("eve@example.org", "pending", NOW - 60 * DAY, 0))
    rows.append(("kim@example.org", "sent", NOW - 60 * DAY, 4))
    insert(path, statement, rows)
    before = store.facts.tallies().notices
    assert old(store) == 6
    assert store.facts.tallies().notices == before == {"sent": 7, "pending": 1, "failed": 2}
    assert ask(path, "SELECT recipient, sequence FROM notice ORDER BY 1") == [
        ("ada@example.org", 40),
        ("bob@example.org", 40),
        ("eve@example.org", 0),
        ("kim@example.org", 4),
    ]


def test_feedback_goes_with_age(store: Store, path: Path) -> None:
    """What people said goes after the days, like the events that it is about."""
    statement = "INSERT INTO feedback (feedback_id, project_id, name, email, url, comments, created)"
    insert(
        path,
        f"{statement} VALUES (randomblob(16), 1, '', '', '', ?, ?)",
        [(str(n), NOW - n * DAY) for n in range(99, -1, -1)],
    )
    assert old(store) == 69
    assert [one.comments for one in store.feedback.of_project(1, 1000)] == [str(number) for number in range(31)]


def test_what_is_attached_goes_with_its_feedback(store: Store, path: Path) -> None:
    """Row and file of a screenshot go with the words that it came with, and count as no loss."""
    ids = [f"{number:032x}" for number in (1, 2)]
    said = [
        Feedback(1, one, "", "Joe", "", "It broke.", NOW - days * DAY) for one, days in zip(ids, (99, 1), strict=True)
    ]
    files = [Attachment(1, one, one, "shot.png", "image/png", "event.attachment", NOW, b"x") for one in ids]
    store.batches.commit(Batch([], [], [], [], [*said, *files]), lambda _changes, _members: Verdict([]))
    assert old(store) == 1
    assert list(store.attachments.of(1, ids)) == [ids[1]]
    assert [file.name for file in (path.parent / "files").iterdir()] == [ids[1]]
    assert store.facts.tallies().dropped == {}


def test_a_tag_with_values_without_end_is_bounded(store: Store, path: Path) -> None:
    """The frequent values of a tag stay, the others are one sum, and the page shows none of it as a value."""
    fill(path, 1, every(60.0, 3))
    values = [(1, "request_id", f"r{n:05}", 1) for n in range(MOST_VALUES)] + [(1, "request_id", "often", 50)]
    values += [(1, "plan", f"p{n:05}", 3) for n in range(MOST_VALUES)]
    insert(path, "INSERT INTO issue_tag VALUES (?, ?, ?, ?)", values)
    total = ask(path, "SELECT key, sum(count) FROM issue_tag GROUP BY 1 ORDER BY 1")
    assert old(store) == MOST_VALUES + 1 - KEPT_VALUES
    assert ask(path, "SELECT key, sum(count) FROM issue_tag GROUP BY 1 ORDER BY 1") == total
    assert ask(path, "SELECT count(*) FROM issue_tag WHERE key = 'request_id'") == [(KEPT_VALUES + 1,)]
    assert ask(path, "SELECT count(*) FROM issue_tag WHERE key = 'plan'") == [(MOST_VALUES,)]
    shown = store.issues.tags(1)["request_id"]
    assert (shown[0].value, shown[0].count, shown[1].value) == ("often", 50, "r00000")
    assert old(store) == 0


def test_tags_without_end_are_bounded(store: Store, path: Path) -> None:
    """An issue whose events all bring tags of their own keeps the frequent tags, and one sum for the rest."""
    fill(path, 1, every(60.0, 3))
    insert(path, "INSERT INTO issue_tag VALUES (1, ?, 'x', ?)", [(f"k{n:04}", 1 + n % 3) for n in range(MOST_KEYS + 9)])
    total = ask(path, "SELECT sum(count) FROM issue_tag")
    assert old(store) == MOST_KEYS + 9 - KEPT_KEYS
    assert ask(path, "SELECT sum(count) FROM issue_tag") == total
    assert len(store.issues.tags(1)) == KEPT_KEYS
    assert old(store) == 0


def test_a_crowded_issue_has_its_tags_bounded_at_once(store: Store, path: Path) -> None:
    """Tags grow with events, so they are looked at with them and not with the walk alone."""
    fill(path, 1, every(60.0, 101))
    insert(path, "INSERT INTO issue_tag VALUES (1, 'id', ?, 1)", [(str(n),) for n in range(MOST_VALUES + 1)])
    list(store.retention.crowd(Limits(events_per_issue=100)))
    assert ask(path, "SELECT count(*), sum(count) FROM issue_tag") == [(KEPT_VALUES + 1, MOST_VALUES + 1)]


def test_users_without_end_are_bounded(store: Store, path: Path) -> None:
    """Above 100,000 users the rarest become one sum; how many there were stays."""
    fill(path, 1, every(60.0, 3))
    counts = Counter({f"id:{n}": 1 + n % 2 for n in range(MOST_USERS + 1)})
    insert(path, "INSERT INTO issue_user VALUES (1, ?, ?)", counts.items())
    insert(path, "UPDATE issue SET users = ? WHERE id = ?", [(MOST_USERS + 1, 1)])
    assert old(store) == MOST_USERS + 1 - KEPT_USERS
    assert ask(path, "SELECT count(*), sum(count) FROM issue_user") == [(KEPT_USERS + 1, counts.total())]
    assert store.issues.get(1).users == MOST_USERS + 1


def test_sessions_go_with_the_counts_by_the_hour(store: Store, path: Path) -> None:
    """Sessions of more than 90 days ago go, a day at a time, with releases not seen since; later ones stay."""
    insert(path, "INSERT INTO environment (id, project_id, name) VALUES (?, 1, 'production')", [(1,)])
    statement = "INSERT INTO session_hour (project_id, hour, release_id, environment_id, started, errored, unhandled,"
    statement += " abnormal, crashed) VALUES (1, ?, 1, 1, 5, 0, 0, 0, 0)"
    release = "INSERT INTO release (id, project_id, version, first_seen, last_seen, events, new_issues)"
    long_ago = NOW - 100 * DAY
    releases = [(1, "2.4.1", long_ago, NOW), (2, "2.4.0", long_ago, long_ago), (3, "2.5.0", NOW, NOW)]
    insert(path, f"{release} VALUES (?, 1, ?, ?, ?, 0, 0)", releases)
    insert(path, statement, [(HOUR - 24 * day,) for day in range(95)])
    old(store)
    assert ask(path, "SELECT count(*), min(hour) FROM session_hour") == [(91, HOUR - 24 * 90)]
    assert ask(path, "SELECT id FROM release ORDER BY id") == [(1,), (3,)]


def test_releases_of_events_alone_go_too(store: Store, path: Path) -> None:
    """A project that tells of no sessions has no more old releases than one that does."""
    release = "INSERT INTO release (id, project_id, version, first_seen, last_seen, events, new_issues)"
    times = [(1, "1", NOW - 200 * DAY), (2, "2", NOW - 91 * DAY), (3, "3", NOW - 89 * DAY)]
    insert(path, f"{release} VALUES (?, 1, ?, 0, ?, 1, 1)", times)
    old(store)
    assert ask(path, "SELECT id FROM release") == [(3,)]
