"""Issues that are merged and split, on a real SQLite file."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from kaput.errors import Conflict, NotFound
from kaput.model import Digested, Grouping
from kaput.store.base import IssueFilter, Progress, Store
from tests.clock import SettableClock
from tests.store.test_batches import batch, digested
from tests.verdicts import tell_members

START = 1_800_000_000.0


def fill(store: Store, name: str, users: Sequence[str], *, start: float = START) -> int:
    """Stores one event for each user, an hour apart, and returns their issue."""
    events = [digested(name, user=user, received=start + 3600 * n) for n, user in enumerate(users)]
    store.batches.commit(batch(*events), tell_members)
    return store.events.get(events[0].event.event_id).row.issue_id


def move(store: Store) -> int:
    """Moves all that is to be moved, and returns in how many steps."""
    steps = 0
    while store.merges.step().rows:
        steps += 1
    return steps


def facts(store: Store, issue_id: int) -> dict[str, Any]:
    """Returns all that is counted of an issue."""
    row = store.issues.get(issue_id)
    with store.issues._database.read() as connection:  # type: ignore[attr-defined]  # what no question asks
        users = connection.exec_driver_sql(
            "SELECT user, count FROM issue_user WHERE issue_id = ? ORDER BY user", (issue_id,)
        ).all()
        size = connection.exec_driver_sql(
            "SELECT count(*), coalesce(sum(length(payload)), 0) FROM event WHERE issue_id = ?", (issue_id,)
        ).one()
        kept = connection.exec_driver_sql("SELECT kept, kept_bytes FROM issue WHERE id = ?", (issue_id,)).one()
    assert tuple(size) == tuple(kept)
    return {
        "count": row.count,
        "users": row.users,
        "kept": row.kept,
        "first": row.first_seen,
        "last": row.last_seen,
        "tags": store.issues.tags(issue_id),
        "hours": store.issues.hours([issue_id], int(START // 3600), 24)[issue_id],
        "who": [tuple(user) for user in users],
    }


def test_a_merge_adds_all_counts_and_moves_the_events(store: Store) -> None:
    """Counts, hours, tags and users are those of both, a shared user counted once; events of both hashes come to it."""
    one, two = fill(store, "a", "uvw"), fill(store, "b", "wxxx", start=START - 3600)
    store.merges.merge(one, [two], None)
    after = facts(store, one)
    assert (after["count"], after["users"], after["first"]) == (7, 4, START - 3600)
    assert sum(after["hours"]) == 6  # one is before the hours that are asked for
    assert dict(after["who"]) == {"id:u": 1, "id:v": 1, "id:w": 2, "id:x": 3}
    assert after["tags"]["plan"][0].count == 7
    assert store.merges.progress(one) == Progress(0, 4)
    move(store)
    assert store.merges.progress(one) is None
    assert facts(store, one)["kept"] == 7
    assert facts(store, two)["kept"] == 0
    assert [issue.id for issue in store.issues.find(IssueFilter()).issues] == [one]
    assert store.issues.get(two).merged_into == one
    tallies = store.facts.tallies()
    assert (tallies.issues, tallies.events, tallies.thinned, tallies.digested) == (1, 7, 0, 7)
    assert fill(store, "b", "n") == one
    assert store.issues.get(one).count == 8


def test_merged_and_split_counts_equal_those_never_merged(store: Store) -> None:
    """Two pairs of issues get the same events; one pair was merged in between and is equal to the other at the end."""
    plain = [fill(store, "a", "uvw"), fill(store, "b", "wxxx")]
    merged = [fill(store, "c", "uvw"), fill(store, "d", "wxxx")]
    store.merges.merge(merged[0], [merged[1]], None)
    move(store)
    for name, users in (("a", "uq"), ("b", "xyz"), ("c", "uq"), ("d", "xyz")):
        fill(store, name, users, start=START + 7200)
    store.merges.split(merged[0], merged[1], None)
    move(store)
    assert [facts(store, issue) for issue in merged] == [facts(store, issue) for issue in plain]
    assert fill(store, "d", "n") == merged[1]


def test_a_split_is_exact_when_events_were_thinned_out(store: Store) -> None:
    """Counts of events that are not stored any more go with their issue."""
    one, two = fill(store, "a", "uvw"), fill(store, "b", "wxxx")
    before = facts(store, two)
    store.merges.merge(one, [two], None)
    move(store)
    with store.issues._database.write() as connection:  # type: ignore[attr-defined]  # what retention does
        gone = (
            connection.exec_driver_sql("DELETE FROM event WHERE origin_id = ? RETURNING length(payload)", (two,))
            .scalars()
            .all()
        )
        connection.exec_driver_sql(
            "UPDATE issue SET kept = kept - ?, kept_bytes = kept_bytes - ? WHERE id = ?", (len(gone), sum(gone), one)
        )
    store.merges.split(one, two, None)
    move(store)
    assert facts(store, two) == before | {"kept": 0}
    assert (facts(store, one)["count"], facts(store, one)["users"]) == (3, 3)


def test_a_chain_of_merges_comes_apart_in_any_order(store: Store) -> None:
    """An issue that was merged with others before is split off without them, and they can be split off too."""
    issues = [fill(store, name, users) for name, users in (("a", "uv"), ("b", "vw"), ("c", "wxy"))]
    before = [facts(store, issue) for issue in issues]
    store.merges.merge(issues[1], [issues[2]], None)
    move(store)
    store.merges.merge(issues[0], [issues[1]], None)
    move(store)
    assert facts(store, issues[0])["users"] == 5
    assert {strand.id for strand in store.merges.strands(issues[0])} == set(issues[1:])
    store.merges.split(issues[0], issues[1], None)
    move(store)
    store.merges.split(issues[0], issues[2], None)
    move(store)
    assert [facts(store, issue) for issue in issues] == before


def test_a_merge_is_taken_back_before_its_events_moved(store: Store) -> None:
    """Undo ends the move at once; what had moved comes back."""
    one, two = fill(store, "a", "uvw"), fill(store, "b", ["x"] * 500)
    before = [facts(store, issue) for issue in (one, two)]
    undo = store.merges.merge(one, [two], None).undo
    assert store.merges.step().rows == 200
    assert store.merges.progress(one) == Progress(200, 500)
    assert undo is not None
    store.decisions.undo(undo, None)
    move(store)
    assert [facts(store, issue) for issue in (one, two)] == before


def test_steps_survive_a_restart(store: Store, clock: SettableClock) -> None:
    """What is to be moved is in the database: another process goes on where one stopped."""
    one, two = fill(store, "a", "u"), fill(store, "b", ["x"] * 450)
    store.merges.merge(one, [two], None)
    store.merges.step()
    other = type(store.merges)(store.merges._database, clock)  # type: ignore[attr-defined, call-arg]
    while other.step().rows:
        pass
    assert facts(store, one)["kept"] == 451


def test_what_cannot_be_merged(store: Store) -> None:
    """Another project, an issue twice, one that is still moving, and a part that is none."""
    shop = store.projects.add("Shop")
    one, two = fill(store, "a", "u"), fill(store, "b", "v")
    event = digested("a", project_id=shop.id)
    store.batches.commit(batch(event), tell_members)
    other = store.events.get(event.event.event_id, shop.id).row.issue_id
    with pytest.raises(Conflict):
        store.merges.merge(one, [other], None)
    with pytest.raises(NotFound):
        store.merges.split(one, two, None)
    store.merges.merge(one, [two], None)
    with pytest.raises(NotFound):
        store.merges.merge(one, [two], None)
    three = fill(store, "c", "w")
    with pytest.raises(Conflict):
        store.merges.merge(three, [one], None)
    assert store.merges.merge(one, [one], None).changed == 0


def loosely(event: Digested, loose: str, target: str = "") -> Digested:
    grouping = Grouping("v1", (*event.grouping.hashes, loose * 32), "x", target)
    return msgspec.structs.replace(event, grouping=grouping)


def issue_of(store: Store, event: Digested) -> int:
    return store.events.get(event.event.event_id).row.issue_id


def similar(store: Store, event: Digested) -> list[int]:
    return [strand.id for strand in store.merges.similar(issue_of(store, event))]


def test_what_groups_loosely_is_similar_once_the_old_stopped(store: Store) -> None:
    """An issue that began when another one stopped is proposed; merged, or of another kind, it is not."""
    start = START - 90_000
    events = [digested(name, received=start + n * 1000) for n, name in enumerate("abc")]
    changed = [loosely(event, "f" if n < 2 else "e") for n, event in enumerate(events)]
    store.batches.commit(batch(*changed), tell_members)
    old, new, other = changed
    assert similar(store, old) == [issue_of(store, new)]
    assert similar(store, new) == [issue_of(store, old)]
    assert similar(store, other) == []
    store.merges.merge(issue_of(store, old), [issue_of(store, new)], None)
    assert similar(store, old) == []


def test_what_goes_on_is_not_similar(store: Store) -> None:
    """Two places of one function that both fail are two faults."""
    start = START - 90_000
    old, new = loosely(digested("a", received=start), "f"), loosely(digested("b", received=start + 1000), "f")
    again = loosely(digested("a", received=start + 5000), "f")
    store.batches.commit(batch(old, new, again), tell_members)
    assert similar(store, old) == similar(store, new) == []


def test_a_looser_hash_assigns_only_what_has_nothing_stricter(store: Store) -> None:
    """An event without a source line joins the issue that came last; one with another line is an issue of its own."""
    start = START - 90_000
    old, new = loosely(digested("a", received=start), "f"), loosely(digested("b", received=start + 1000), "f")
    store.batches.commit(batch(old, new), tell_members)
    bare = [msgspec.structs.replace(digested("x"), grouping=Grouping("v1", ("f" * 32,), "x")) for _ in range(2)]
    store.batches.commit(batch(bare[0]), tell_members)
    store.batches.commit(batch(bare[1]), tell_members)
    assert len({issue_of(store, old), issue_of(store, new)}) == 2
    assert [issue_of(store, event) for event in bare] == [issue_of(store, new)] * 2
    assert store.issues.get(issue_of(store, new)).count == 3


def test_issues_of_one_target_are_related(store: Store) -> None:
    """They are named to each other and stay apart; those of other targets, and of none, are not."""
    events = [
        loosely(digested(name), name, target) for name, target in zip("abcd", ("db:1", "db:1", "db:2", ""), strict=True)
    ]
    store.batches.commit(batch(*events), tell_members)
    related = [[strand.id for strand in store.merges.same_target(issue_of(store, event))] for event in events]
    assert related == [[issue_of(store, events[1])], [issue_of(store, events[0])], [], []]
