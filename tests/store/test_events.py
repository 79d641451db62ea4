"""Stored events: one by one, in a row, and all of them."""

from collections.abc import Sequence

import pytest

from kaput.errors import NotFound
from kaput.model import Batch, Digested, Event, Grouping, Happened, Situation, Title, Verdict
from kaput.store.base import Store
from kaput.store.events import EXPORT_ROWS

NOW = 1_800_000_000.0


def nobody(_happened: Sequence[Happened], _situation: Situation) -> Verdict:
    return Verdict([])


def digested(number: int, issue: str = "a", project: int = 1) -> Digested:
    extra = {"n": number % 10**9, "ä": [1.5, None]}
    event = Event(event_id=f"{number:032x}", timestamp=NOW - number % 10**9, received=NOW, extra=extra)
    return Digested(project, event, Grouping("v1", (issue * 32,), "test"), Title("E", issue, ""))


def add(store: Store, *items: Digested) -> None:
    store.batches.commit(Batch(list(items), [], [], []), nobody)


def test_export_has_every_event_in_order(store: Store) -> None:
    """All are exported in the order of storing, over more than one step, with or without payload; none is internal."""
    internal = next(project.id for project in store.projects.all() if project.internal)
    shop = store.projects.add("Shop").id
    count = EXPORT_ROWS * 2 + 3
    add(store, *(digested(n, project=(1, shop, internal)[n % 3]) for n in range(1, count + 1)))
    rows = list(store.events.export(None, payload=True))
    assert [int(row.event_id, 16) for row, _ in rows] == [n for n in range(1, count + 1) if n % 3 != 2]
    assert {row.project for row, _ in rows} == {"app", "shop"}
    assert [payload["extra"] for row, payload in rows[:1]] == [{"n": 1, "ä": [1.5, None]}]
    mine = list(store.events.export(internal, payload=False))
    assert [int(row.event_id, 16) for row, _ in mine] == list(range(2, count + 1, 3))
    assert {payload for _, payload in mine} == {None}


def test_export_goes_on_while_events_come(store: Store) -> None:
    """An export is read in steps and holds nobody up: what is stored meanwhile comes at its end."""
    add(store, *(digested(n) for n in range(1, EXPORT_ROWS + 1)))
    rows = store.events.export(None, payload=False)
    first = next(rows)
    add(store, digested(9999))
    assert [int(row.event_id, 16) for row, _ in [first, *rows]] == [*range(1, EXPORT_ROWS + 1), 9999]


def test_an_event_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    """The events of the given projects whose ids begin so are found, the newest first, and no others."""
    shop = store.projects.add("Shop").id
    first, second = 0xABCD << 112, (0xABCD << 112) + 1
    add(store, digested(first), digested(second, project=shop), digested(0xABCE << 112), digested((0xABCD << 112) - 1))

    def found(digits: str, projects: Sequence[int], limit: int = 9) -> list[int]:
        return [int(row.event_id, 16) for row in store.events.begins(digits, projects, limit)]

    assert [found("abcd", projects) for projects in ([1, shop], [1], [], [9])] == [[second, first], [first], [], []]
    assert found("abcd", [1, shop], 1) == [second]
    assert found("abcd1", [1, shop]) == []
    assert found(f"{first:032x}", [1, shop]) == [first]


def test_neighbours(store: Store) -> None:
    """An event stands at its place among those of its issue; other issues do not count."""
    add(store, digested(1), digested(2, "b"), digested(3), digested(4), digested(5, "b"))
    issue = store.events.by_row(1).row.issue_id
    ids = {n: f"{n:032x}" for n in range(6)}
    seen = [store.events.neighbours(issue, row) for row in (1, 3, 4)]
    assert [(n.index, n.total, n.previous, n.next) for n in seen] == [
        (1, 3, None, ids[3]),
        (2, 3, ids[1], ids[4]),
        (3, 3, ids[3], None),
    ]
    assert {(n.oldest, n.newest) for n in seen} == {(ids[1], ids[4])}
    with pytest.raises(NotFound):
        store.events.neighbours(99, 1)


def test_events_of_an_issue(store: Store) -> None:
    """The newest come first, page by page."""
    add(store, *(digested(n) for n in range(1, 8)), digested(8, "b"))
    issue = store.events.by_row(1).row.issue_id
    page = store.events.of_issue(issue, 3)
    assert [row.row for row in page] == [7, 6, 5]
    assert [row.row for row in store.events.of_issue(issue, 9, before=5)] == [4, 3, 2, 1]
    assert store.events.newest(issue).row.row == 7
    assert store.events.of_issue(99, 3) == []


def test_one_event(store: Store) -> None:
    """An event is found by its id, in one project or whichever has it, and is what was stored."""
    shop = store.projects.add("Shop").id
    add(store, digested(1), digested(1, project=shop), digested(2, project=shop))
    assert store.events.get(f"{2:032x}").event == digested(2).event
    assert store.events.get(f"{1:032X}", shop).row.project == "shop"
    with pytest.raises(NotFound):
        store.events.get(f"{2:032x}", 1)


@pytest.mark.parametrize(
    "event_id", ["", "zz", "ab" * 15, "ab" * 17, "\u0661" * 32, "ab" * 16, "\ud800", "0x" + "a" * 30]
)
def test_ids_that_are_none(store: Store, event_id: str) -> None:
    """Any text that is no stored id is told to be none."""
    add(store, digested(1))
    with pytest.raises(NotFound):
        store.events.get(event_id)
    for missing in (0, 99, -1):
        with pytest.raises(NotFound):
            store.events.by_row(missing)
    with pytest.raises(NotFound):
        store.events.newest(99)


def test_new_events_since(store: Store) -> None:
    """What came after a row is told with its title, oldest first, without the internal project."""
    internal = next(project.id for project in store.projects.all() if project.internal)
    assert store.events.last_row() == 0
    add(store, digested(1), digested(2, project=internal), digested(3, "b"), digested(4))
    assert [(row.row, title) for row, title in store.events.since(1, 9)] == [(3, "E: b"), (4, "E: a")]
    assert [row.row for row, _ in store.events.since(0, 2)] == [1, 3]
    assert store.events.last_row() == 4
