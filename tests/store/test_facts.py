"""Small facts, and the sums over everything."""

from collections.abc import Sequence

from kaput.model import Batch, Dead, Drop, Happened, Position, Situation, Verdict
from kaput.store.base import Store
from tests.verdicts import leave_out

HOUR = 3600


def nobody(_happened: Sequence[Happened], _situation: Situation) -> Verdict:
    return Verdict([])


def test_facts_are_kept(store: Store) -> None:
    """A fact is what it was set to last, and empty before."""
    assert store.facts.get("address") == ""
    for value in ("http://a", "http://b"):
        store.facts.set("address", value)
    assert store.facts.get("address") == "http://b"


def test_drops_are_added_up(store: Store) -> None:
    """Drops of one reason, hour and project are one sum; since a time means since the beginning of its hour."""
    leave_out(
        store, [Drop("bad_key", 1, 10.5 * HOUR), Drop("bad_key", 2, 10.9 * HOUR), Drop("too_large", 1, 9.0 * HOUR, 1)]
    )
    leave_out(store, [Drop("bad_key", 4, 12.0 * HOUR, 1)])
    leave_out(store, [])
    assert store.facts.tallies().dropped == {"bad_key": 7, "too_large": 1}
    assert store.facts.tallies(1).dropped == {"bad_key": 4, "too_large": 1}
    assert store.facts.drops_since(10.95 * HOUR) == {"bad_key": 7}
    assert store.facts.drops_since(11 * HOUR) == {"bad_key": 4}


def test_what_names_no_project_stays_in_the_whole(store: Store) -> None:
    """Dead records and drops of no known project count in the whole, also after they were given up."""
    internal = next(project.id for project in store.projects.all() if project.internal)
    dead = [Dead(f"s-{project}", "x", project, "", 1.0) for project in (0, 1, 99, internal)]
    store.batches.commit(Batch([], dead, [Drop("bad_key", 1, 0.0, 99)], [Position("s", 7)]), nobody)
    whole = store.facts.tallies()
    assert (whole.dead, whole.digested, whole.dropped, whole.positions) == (3, 0, {"bad_key": 1}, [Position("s", 7)])
    assert [store.facts.tallies(project).dead for project in (1, internal, 99)] == [1, 1, 1]
    assert store.batches.forget_dead([record.name for record in dead], dropped=True) == 4
    whole = store.facts.tallies()
    assert (whole.dead, whole.digested, whole.dropped) == (0, 3, {"bad_key": 1, "dead": 3})
    assert [store.facts.tallies(project).digested for project in (1, internal)] == [1, 1]


def test_many_names_at_once(store: Store) -> None:
    """More dead records and positions than one statement takes are forgotten all."""
    names = [f"s-{n:06d}" for n in range(40_000)]
    dead = [Dead(name, "x", 1, "", 1.0) for name in names[:1200]]
    positions = [Position(name, 1) for name in names[:1200]]
    store.batches.commit(Batch([], dead, [], positions), nobody)
    assert store.batches.forget_dead(names, dropped=False) == 1200
    store.batches.forget([Position(name, 1) for name in names])
    assert (store.batches.known_dead(), store.batches.positions()) == ([], [])
