"""Releases that events come from, on a real SQLite file."""

import secrets

import pytest

from kaput.errors import NotFound
from kaput.model import Batch, Digested, Event, Grouping, Title, Verdict
from kaput.store import releases
from kaput.store.base import Store

NOW = 1_795_000_000.0


def happened(release: str, issue: str = "a", *, at: float = NOW, event_id: str = "", project: int = 1) -> Digested:
    """Makes an event of a release."""
    event = Event(event_id=event_id or secrets.token_hex(16), timestamp=at - 5, received=at, release=release)
    return Digested(project, event, Grouping("v1", (issue * 32,), "test"), Title("KeyError", issue, "f in shop.py"))


def commit(store: Store, *events: Digested) -> None:
    """Stores events in one batch."""
    store.batches.commit(Batch(list(events), [], [], []), lambda _changes, _members: Verdict([]))


def test_events_alone_make_a_release(store: Store) -> None:
    """Their number and that of the issues they began are kept; a duplicate and an event of no release are not."""
    commit(store, happened("1", "a", event_id="ab" * 16), happened("1", "a"), happened("", "b"))
    commit(store, happened("1", "a", event_id="ab" * 16), happened("1", "b"), happened("1", "c", at=NOW + 9))
    row = store.releases.get(1, "1")
    assert (row.version, row.first_seen, row.events, row.new_issues) == ("1", NOW, 4, 2)
    assert store.releases.sums(1, 0) == {}


def test_releases_stand_in_the_order_in_which_they_were_seen_first(store: Store) -> None:
    """The newest is the first of its project, whatever comes from an older one later; the list goes on from any."""
    other = store.projects.add("Shop")
    commit(store, happened("1"), happened("2"), happened("1", project=other.id), happened("3"))
    commit(store, happened("1"))
    found = store.releases.of_project(1, 2)
    assert [row.version for row in found] == ["3", "2"]
    assert [row.version for row in store.releases.of_project(1, 2, before=found[-1].id)] == ["1"]
    assert [row.events for row in store.releases.of_project(other.id, 9)] == [1]
    with pytest.raises(NotFound, match="no release '9'"):
        store.releases.get(1, "9")


def test_an_event_of_one_release_too_many_is_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The release is not listed, and the event is stored as any other."""
    monkeypatch.setattr(releases, "MOST_RELEASES", 1)
    commit(store, happened("1"), happened("2"))
    assert [row.version for row in store.releases.of_project(1, 9)] == ["1"]
    assert store.facts.tallies().events == 2
