"""Dictionaries on a real SQLite file: trained, followed, packed again, deleted when nobody needs them."""

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kaput.errors import StoreUnavailable
from kaput.model import Batch, Digested, Event, Grouping, Happened, Situation, Title, Verdict
from kaput.store.base import Store
from kaput.store.database import open_store
from kaput.store.drift import FIRST, WINDOW
from kaput.store.payload import MOST_DICTIONARIES
from kaput.store.trainer import FEWEST_SAMPLES, SWEEP_SECONDS, train
from tests.clock import SettableClock


def nobody(_happened: Sequence[Happened], _situation: Situation) -> Verdict:
    return Verdict([])


def vocabulary(seed: int) -> list[str]:
    """Returns what all events of one kind have in common."""
    chance = random.Random(seed)
    return [f"{chance.getrandbits(64):x}" for _ in range(200)]


def add(store: Store, numbers: range, *, kind: int = 1, project_id: int = 1) -> None:
    """Stores events of which each is a choice from the same words."""
    words, items = vocabulary(kind), []
    for number in numbers:
        extra = {"text": " ".join(words[number % 7 :: 1 + number % 5]), "number": number}
        event = Event(event_id=f"{number:032x}", timestamp=float(number), received=1.8e9, extra=extra)
        items.append(Digested(project_id, event, Grouping("v1", ("ab" * 16,), "test"), Title("E", "", "")))
    for start in range(0, len(items), 50):
        store.batches.commit(Batch(items[start : start + 50], [], [], []), nobody)


def settle(store: Store) -> None:
    """Does all that is due."""
    while store.dictionaries.tend():
        pass


def rows(path: Path, query: str) -> list[Any]:
    """Asks the file."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def dictionaries(path: Path) -> list[Any]:
    """Returns which dictionary how many events name, and the bytes of their payloads."""
    return rows(path, "SELECT dictionary_id, count(*), sum(length(payload)) FROM event GROUP BY 1 ORDER BY 1")


def numbers(store: Store) -> list[int]:
    """Reads every payload, in the order of storing."""
    return [payload["extra"]["number"] for _, payload in store.events.export(None, payload=True)]


def test_a_project_gets_a_dictionary(store: Store, path: Path) -> None:
    """After some events one is trained; what came before it is packed again, and all of it can be read by anybody."""
    add(store, range(FIRST))
    (before,) = dictionaries(path)
    assert before[:2] == (None, FIRST)
    found = rows(path, "SELECT id, event_id, issue_id, timestamp FROM event")
    settle(store)
    add(store, range(FIRST, 2 * FIRST))
    (after,) = dictionaries(path)
    assert after[:2] == (1, 2 * FIRST)
    assert after[2] < before[2]
    assert found == rows(path, f"SELECT id, event_id, issue_id, timestamp FROM event LIMIT {FIRST}")
    assert [after[1:]] == rows(path, "SELECT kept, kept_bytes FROM issue")
    assert numbers(store) == list(range(2 * FIRST))
    other = open_store(path, SettableClock())
    assert other.events.get(f"{7:032x}").event.extra["number"] == 7
    assert numbers(other) == list(range(2 * FIRST))
    other.close()


def test_each_project_has_its_own(store: Store, path: Path) -> None:
    """A project's dictionary is learned from its own events, and more projects than are kept in memory can be read."""
    projects = [store.projects.add(f"Shop {n}").id for n in range(MOST_DICTIONARIES + 2)]
    for at, project_id in enumerate(projects):
        add(store, range(at * FIRST, (at + 1) * FIRST), kind=at, project_id=project_id)
    settle(store)
    for at, project_id in enumerate(projects):
        add(store, range(10_000 + at, 10_001 + at), kind=at, project_id=project_id)
    pairs = rows(path, "SELECT DISTINCT project_id, dictionary_id FROM event ORDER BY 2")
    assert pairs == rows(path, "SELECT project_id, id FROM dictionary ORDER BY id")
    assert len(pairs) == len(projects)
    assert len(numbers(store)) == len(projects) * (FIRST + 1)


def test_events_that_have_nothing_in_common_get_none(store: Store, path: Path) -> None:
    """A dictionary that would not pay is not kept."""
    chance = random.Random(5)
    items = [
        Digested(
            1,
            Event(event_id=f"{n:032x}", timestamp=1.0, received=1.0, extra={"noise": chance.randbytes(3000).hex()}),
            Grouping("v1", ("ab" * 16,), "test"),
            Title("E", "", ""),
        )
        for n in range(FIRST)
    ]
    store.batches.commit(Batch(items, [], [], []), nobody)
    settle(store)
    assert rows(path, "SELECT count(*) FROM dictionary") == [(0,)]
    assert len(list(store.events.export(None, payload=True))) == FIRST


def test_a_dictionary_follows_what_drifts(store: Store, path: Path, clock: SettableClock) -> None:
    """When events become others a new one is trained; the old one stays for as long as an event names it."""
    add(store, range(FIRST))
    settle(store)
    add(store, range(FIRST, FIRST + WINDOW), kind=2)
    settle(store)
    add(store, range(FIRST + WINDOW, 2 * FIRST + WINDOW), kind=2)
    counts = [(dictionary_id, count) for dictionary_id, count, _ in dictionaries(path)]
    assert counts == [(1, FIRST + WINDOW), (2, FIRST)]
    assert numbers(store) == list(range(2 * FIRST + WINDOW))
    for kept, query in (
        (2, "DELETE FROM event WHERE id < 1100"),
        (1, "DELETE FROM event WHERE dictionary_id = 1"),
        (1, "DELETE FROM event"),
    ):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(query)
        clock.now += SWEEP_SECONDS + 1
        settle(store)
        assert rows(path, "SELECT count(*), max(id) FROM dictionary") == [(kept, 2)]


def test_no_event_loses_a_dictionary_that_came_after_it(store: Store, path: Path, clock: SettableClock) -> None:
    """What was stored before the first dictionary, and missed it, is not packed with a later one, which may go."""
    late = open_store(path, clock)
    add(late, range(FIRST), kind=2)
    add(store, range(FIRST, 2 * FIRST))
    settle(store)
    settle(late)
    late.close()
    add(store, range(2 * FIRST, 2 * FIRST + WINDOW), kind=3)
    settle(store)
    assert rows(path, "SELECT max(id) FROM dictionary") == [(3,)]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"DELETE FROM event WHERE id > {2 * FIRST}")
    clock.now += SWEEP_SECONDS + 1
    settle(store)
    again = open_store(path, clock)  # the other one may still know what is gone
    assert numbers(again) == list(range(2 * FIRST))
    again.close()


def test_a_deleted_event_is_not_packed_again(store: Store, path: Path) -> None:
    """What went between storing and packing stays away, and the others are packed."""
    add(store, range(FIRST))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM event WHERE id % 2")
    settle(store)
    assert [(dictionary_id, count) for dictionary_id, count, _ in dictionaries(path)] == [(1, FIRST // 2)]
    assert numbers(store) == list(range(1, FIRST, 2))


def test_a_lost_dictionary_is_told(store: Store, path: Path) -> None:
    """An event whose dictionary is gone says so."""
    add(store, range(FIRST))
    settle(store)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM dictionary")
    with pytest.raises(StoreUnavailable, match="dictionary 1"):
        store.events.by_row(1)


@pytest.mark.parametrize(
    "samples", [[], [b"x"] * (FEWEST_SAMPLES - 1), [b""] * 100, [b"ab"] * 100, [b"x" * 4000] * 100]
)
def test_too_little_makes_no_dictionary(samples: list[bytes]) -> None:
    """Samples that are few, empty, tiny or all the same end without an error."""
    assert train(samples) is None or isinstance(train(samples), bytes)
