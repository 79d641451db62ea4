"""What the upkeep does in a round, on a real SQLite file, with clocks that the test sets."""

import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest

from kaput.config import Settings, Size
from kaput.model import SPACE, Space
from kaput.serve.upkeep import MEASURE_SECONDS, TIDY_SECONDS, WALK_SECONDS, Upkeep
from kaput.space import measure
from kaput.store.base import Store
from kaput.store.database import open_store
from kaput.store.engine import Database
from tests.clock import SettableClock
from tests.migrated import migrated
from tests.store.retention.filling import DAY, NOW, PAYLOAD, every, fill


@dataclass
class Place:
    """A data directory with its upkeep, and what the disk is said to take."""

    store: Store
    settings: Settings
    upkeep: Upkeep
    timer: SettableClock
    space: Space | None = None

    def round(self) -> int:
        """Does one round, and returns how many rows went."""
        return sum(swept.rows for swept in self.upkeep.round())

    def noted(self) -> Space | None:
        """Returns what the page is told."""
        text = self.store.facts.get(SPACE)
        return msgspec.json.decode(text, type=Space) if text else None


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    migrated(tmp_path / "kaput.db")
    clock, timer = SettableClock(NOW), SettableClock(1000.0)
    store = open_store(tmp_path / "kaput.db", clock, busy_seconds=0.2)
    settings = Settings(data=tmp_path, retention_events_per_issue=100, retention_disk=Size(0))
    made = Place(store, settings, Upkeep(store, settings, lambda spare: measure(settings, spare), clock, timer), timer)
    yield made
    store.close()


def limited(place: Place, size: int) -> None:
    """Gives the data directory a budget."""
    settings = replace(place.settings, retention_disk=Size(size))
    place.upkeep = replace(place.upkeep, settings=settings, measure=lambda spare: measure(settings, spare))


def test_a_round_thins_what_is_crowded(place: Place) -> None:
    """Issues above their limit are thinned in the round after they got there; without new events nothing is done."""
    assert place.round() == 0
    fill(place.settings.database, 1, every(60.0, 101))
    assert place.round() == 26
    fill(place.settings.database, 2, every(60.0, 50))
    assert place.round() == 0
    assert [place.store.issues.get(number).kept for number in (1, 2)] == [75, 50]


def test_age_is_looked_at_now_and_then(place: Place) -> None:
    """The walk over everything goes on for some steps a round, and begins again after hours."""
    assert place.round() == 0
    fill(place.settings.database, 1, every(DAY, 100, end=NOW - 200 * DAY))
    assert place.round() == 0
    place.timer.now += WALK_SECONDS
    assert place.round() == 98


def test_over_the_budget_events_go_and_the_file_shrinks(place: Place) -> None:
    """A directory that takes more than it may is brought below it, and says what it takes."""
    place.round()
    path = place.settings.database
    for number in range(1, 11):
        fill(path, number, every(60.0, 100), payload=PAYLOAD * 100)
    large = path.stat().st_size
    limited(place, large // 2)
    place.timer.now += MEASURE_SECONDS
    assert sum(place.round() for _ in range(5)) > 500
    assert path.stat().st_size < large // 2
    assert all(place.store.issues.get(number).kept >= 2 for number in range(1, 11))
    noted = place.noted()
    assert noted is not None
    assert not noted.exhausted
    assert noted.budget == large // 2


def test_when_no_event_may_go_it_says_so(place: Place) -> None:
    """A directory that stays above its budget is told of; when there is room again the note goes."""
    place.round()
    fill(place.settings.database, 1, every(60.0, 50))
    (place.settings.data / "dead").mkdir()
    (place.settings.data / "dead" / "1.record").write_bytes(b"x" * 3_000_000)
    limited(place, 1_000_000)
    for rows in (48, 0):
        place.timer.now += MEASURE_SECONDS
        assert place.round() == rows
    noted = place.noted()
    assert noted is not None
    assert noted.exhausted
    assert noted.dead >= 3_000_000
    assert place.store.issues.get(1).kept == 2
    (place.settings.data / "dead" / "1.record").unlink()
    place.timer.now += MEASURE_SECONDS
    place.round()
    noted = place.noted()
    assert noted is not None
    assert not noted.exhausted


def test_what_is_free_is_given_back_but_for_a_reserve(place: Place) -> None:
    """Empty pages leave the file, all but those that the next batches need."""
    place.round()
    fill(place.settings.database, 1, every(60.0, 4000), payload=PAYLOAD * 20)
    place.timer.now += MEASURE_SECONDS
    before = place.store.retention.pages()
    place.round()
    after = place.store.retention.pages()
    assert after.total < before.total // 2
    assert after.free <= 256 + before.total // 32


def test_an_idle_round_writes_nothing(place: Place) -> None:
    """What did not change is not noted again: an idle machine is left alone."""
    place.round()
    place.timer.now += MEASURE_SECONDS
    place.round()
    log = place.settings.data / "kaput.db-wal"
    before = log.stat().st_mtime_ns, log.stat().st_size
    for _ in range(3):
        place.timer.now += MEASURE_SECONDS
        assert place.round() == 0
    assert (log.stat().st_mtime_ns, log.stat().st_size) == before


def test_files_that_nobody_names_are_removed_every_hour(place: Place) -> None:
    """A file in `files/` without a row goes when it is old, at the next look."""
    place.round()
    stray = place.settings.data / "files" / ("ab" * 16)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"x")
    os.utime(stray, (NOW - DAY, NOW - DAY))
    place.round()
    assert stray.exists()
    place.timer.now += TIDY_SECONDS
    place.round()
    assert not stray.exists()


def test_a_locked_database_passes(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """While another program holds the database nothing goes; the upkeep says so and goes on afterwards."""
    fill(place.settings.database, 1, every(60.0, 101))
    other = Database(place.settings.database)
    end = _Rounds(2)
    with other.write(), caplog.at_level(logging.WARNING):
        place.upkeep.run(end)
    other.close()
    assert "Old events stay for now" in caplog.text
    assert place.store.issues.get(1).kept == 101
    place.upkeep.run(_Rounds(100))
    assert place.store.issues.get(1).kept == 75


class _Rounds(threading.Event):
    """An end that comes after some waits, and does not wait for them."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self._left = waits

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - an event takes it
        """Counts down."""
        self._left -= 1
        return self._left < 0
