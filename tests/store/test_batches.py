"""The worker's transaction, on a real SQLite file."""

import secrets
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from kaput.model import (
    Batch,
    Dead,
    Digested,
    Drop,
    Event,
    Grouping,
    Happened,
    Kind,
    Position,
    Situation,
    Title,
    User,
    Verdict,
)
from kaput.store.base import IssueFilter, Mute, Resolve, Status, Store
from tests.clock import SettableClock
from tests.verdicts import tell_members


def digested(
    fingerprint: str = "a",
    *,
    event_id: str = "",
    user: str = "",
    project_id: int = 1,
    received: float = 1_800_000_000.0,
    release: str = "1.0",
) -> Digested:
    event = Event(
        event_id=event_id or secrets.token_hex(16),
        timestamp=received,
        received=received,
        release=release,
        tags={"plan": "free"},
        user=User(id=user) if user else None,
    )
    grouping = Grouping("v1", (fingerprint.encode().hex().ljust(32, "0"),), "test")
    return Digested(project_id, event, grouping, Title("KeyError", f"'{fingerprint}'", "f in shop.py"))


def batch(*items: Digested, **rest: Sequence[Dead] | Sequence[Drop] | Sequence[Position]) -> Batch:
    return Batch(list(items), list(rest.get("dead", [])), list(rest.get("drops", [])), list(rest.get("positions", [])))  # type: ignore[arg-type]


def test_equal_hashes_are_one_issue_with_exact_counts(store: Store) -> None:
    """Events of one hash are one issue; its count, users, hours and tags are exact."""
    changes = store.batches.commit(batch(*(digested(user=str(n % 3)) for n in range(50))), tell_members)
    page = store.issues.find(IssueFilter())
    assert [(i.count, i.users, i.title) for i in page.issues] == [(50, 3, "KeyError: 'a'")]
    assert [change.kind for change in changes] == [Kind.NEW]
    issue = page.issues[0].id
    assert {issue: [0, 50]} == store.issues.hours([issue], 1_800_000_000 // 3600 - 1, 2)
    assert [(tag.value, tag.count) for tag in store.issues.tags(issue)["plan"]] == [("free", 50)]


def test_an_issue_knows_what_is_kept_of_it(store: Store, path: Path) -> None:
    """An issue counts its stored events and the bytes of their payloads, and stats take the sum from there."""
    again = digested("a", event_id="ab" * 16)
    store.batches.commit(batch(digested("a"), again, again, digested("b")), tell_members)
    store.batches.commit(batch(again, digested("a")), tell_members)
    found = store.issues.find(IssueFilter()).issues
    assert sorted((issue.value, issue.kept, issue.thinned) for issue in found) == [("'a'", 3, None), ("'b'", 1, None)]
    assert (store.facts.tallies().events, store.facts.tallies().thinned) == (4, 0)
    sizes = "SELECT issue_id, sum(length(payload)) FROM event GROUP BY 1 ORDER BY 1"
    with closing(sqlite3.connect(path)) as connection:
        known = connection.execute("SELECT id, kept_bytes FROM issue ORDER BY 1").fetchall()
        assert known == connection.execute(sizes).fetchall()


def test_an_event_is_stored_once(store: Store) -> None:
    """An id that is stored, or twice in a batch, is counted as duplicate and left out."""
    first = digested(event_id="ab" * 16)
    store.batches.commit(batch(first, first), tell_members)
    store.batches.commit(batch(first), tell_members)
    tallies = store.facts.tallies()
    assert (tallies.digested, tallies.events, tallies.dropped) == (3, 1, {"duplicate": 2})
    assert store.issues.find(IssueFilter()).issues[0].count == 1


def test_the_same_id_in_two_projects_is_two_events(store: Store) -> None:
    """Event ids are unique within a project only."""
    other = store.projects.add("Shop")
    store.batches.commit(
        batch(digested(event_id="ab" * 16), digested(event_id="ab" * 16, project_id=other.id)), tell_members
    )
    assert store.facts.tallies().events == 2


def test_a_resolved_issue_regresses_by_a_later_event_only(store: Store, clock: SettableClock) -> None:
    """An event that was accepted before the issue was resolved does not reopen it; a later one does, once."""
    store.batches.commit(batch(digested()), tell_members)
    issue = store.issues.find(IssueFilter()).issues[0]
    clock.now += 100
    store.decisions.decide([issue.id], Resolve(), None)
    assert store.batches.commit(batch(digested(received=clock.now - 1)), tell_members) == []
    assert store.issues.get(issue.id).status is Status.RESOLVED
    changes = store.batches.commit(
        batch(digested(received=clock.now + 1), digested(received=clock.now + 2)), tell_members
    )
    assert [change.kind for change in changes] == [Kind.REGRESSED]
    now = store.issues.get(issue.id)
    assert (now.status, now.regressed, now.count) == (Status.UNRESOLVED, True, 4)
    assert [line.kind for line in store.issues.activity(issue.id)] == ["regressed", "resolved"]


def test_a_clock_that_is_set_back(store: Store, clock: SettableClock) -> None:
    """An issue that was resolved at a time to come regresses by any event."""
    store.batches.commit(batch(digested()), tell_members)
    issue = store.issues.find(IssueFilter()).issues[0]
    store.decisions.decide([issue.id], Resolve(), None)
    clock.now -= 3600
    changes = store.batches.commit(batch(digested(received=clock.now)), tell_members)
    assert [change.kind for change in changes] == [Kind.REGRESSED]


def test_a_muted_issue_stays_muted(store: Store) -> None:
    """Events of a muted issue are counted and change nothing."""
    store.batches.commit(batch(digested()), tell_members)
    issue = store.issues.find(IssueFilter()).issues[0]
    store.decisions.decide([issue.id], Mute(), None)
    assert store.batches.commit(batch(digested(received=2e9)), tell_members) == []
    assert (store.issues.get(issue.id).status, store.issues.get(issue.id).count) == (Status.MUTED, 2)


def test_notices_stand_in_the_transaction_of_their_event(store: Store) -> None:
    """Each member, an admin too, gets a notice of a new issue; the sequence counts per issue and recipient."""
    store.accounts.add("admin@example.org", "long enough", admin=True)
    other = store.accounts.add("dev@example.org", "long enough", admin=False)
    store.projects.add_member(1, other.id)
    store.batches.commit(batch(digested("a"), digested("b")), tell_members)
    notices = store.outbox.open()
    assert [notice.recipient for notice in notices] == ["admin@example.org", "dev@example.org"] * 2
    assert {0} == {notice.sequence for notice in notices}
    assert store.events.by_row(notices[0].event_row).row.issue_id == notices[0].issue_id
    issue = store.issues.get(notices[0].issue_id)
    store.decisions.decide([issue.id], Resolve(), None)
    store.batches.commit(batch(digested("a", received=2e9)), tell_members)
    assert [notice.sequence for notice in store.outbox.open()[4:]] == [1, 1]


def test_a_failing_batch_leaves_nothing(store: Store) -> None:
    """When anything in the batch fails, neither events nor positions are kept."""

    def fail(_happened: Sequence[Happened], _situation: Situation) -> Verdict:
        raise LookupError("rules cannot be read")

    with pytest.raises(LookupError):
        store.batches.commit(batch(digested(), positions=[Position("a.seg", 16)]), fail)
    assert (store.batches.positions(), store.facts.tallies().events) == ([], 0)


def test_positions_drops_and_dead_are_kept_and_forgotten(store: Store) -> None:
    """The position moves with its batch; dead records are known by name; giving one up counts it as digested."""
    dead = [Dead(name, "no JSON", 1, "ab" * 16, 1.0) for name in ("s-16", "s-99")]
    store.batches.commit(
        batch(dead=dead, drops=[Drop("too_large", 2, 7200.0)], positions=[Position("s", 120)]), tell_members
    )
    store.batches.commit(batch(dead=dead[:1], positions=[Position("s", 130)]), tell_members)
    assert [Position("s", 130)] == store.batches.positions()
    assert [row.dead.name for row in store.batches.known_dead()] == ["s-16", "s-99"]
    assert store.batches.forget_dead(["s-16", "unknown"], dropped=True) == 1
    tallies = store.facts.tallies()
    assert (tallies.digested, tallies.dead, tallies.dropped) == (1, 1, {"dead": 1, "too_large": 2})
    store.batches.forget([Position("s", 130)])
    assert store.batches.positions() == []


def test_filtered_events_are_digested_and_dropped(store: Store) -> None:
    """They count in both sums of their project and are not stored."""
    filtered = [Drop("filter:crawlers", 1, 7200.0, 1), Drop("filter:crawlers", 1, 7200.0, 1)]
    store.batches.commit(msgspec.structs.replace(batch(digested()), filtered=filtered), tell_members)
    tallies = store.facts.tallies(1)
    assert (tallies.digested, tallies.events, tallies.dropped) == (3, 1, {"filter:crawlers": 2})
