"""The filters between the digest and the worker, over a real store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kaput.digest.record import digest
from kaput.model import Digested, Drop, Filters, Record
from kaput.serve.sieve import Sieve
from kaput.store.base import Store
from kaput.store.database import open_store
from tests.clock import SettableClock
from tests.migrated import migrated

RECORD = Record(1, "ab" * 16, 1_800_000_000.0, b'{"environment": "test"}')


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def store(tmp_path: Path, clock: SettableClock) -> Iterator[Store]:
    migrated(tmp_path / "kaput.db")
    opened = open_store(tmp_path / "kaput.db", clock, busy_seconds=0.2)
    yield opened
    opened.close()


def test_an_event_of_a_filter_is_a_drop(store: Store, clock: SettableClock) -> None:
    """The drop names filter and project; another project's events stay."""
    store.projects.set_filters(1, Filters(environments=("test",)))
    sieve = Sieve(digest, store.projects, clock)
    assert sieve(RECORD) == Drop("filter:environments", 1, clock.now, 1)
    assert isinstance(sieve(Record(2, "ab" * 16, clock.now, RECORD.body)), Digested)


def test_the_filters_are_followed(store: Store, clock: SettableClock) -> None:
    """A change holds half a second later, in either direction, and a clock that was set back delays nothing."""
    sieve = Sieve(digest, store.projects, clock)
    assert isinstance(sieve(RECORD), Digested)
    store.projects.set_filters(1, Filters(environments=("test",)))
    clock.now += 0.5
    assert isinstance(sieve(RECORD), Drop)
    store.projects.set_filters(1, Filters())
    clock.now -= 3600
    assert isinstance(sieve(RECORD), Digested)


def test_without_a_database_the_last_filters_stay(store: Store, clock: SettableClock, tmp_path: Path) -> None:
    """Events go on through the filters that were read last."""
    store.projects.set_filters(1, Filters(environments=("test",)))
    sieve = Sieve(digest, store.projects, clock)
    assert isinstance(sieve(RECORD), Drop)
    store.close()
    for path in tmp_path.glob("kaput.db*"):
        path.write_bytes(b"no database" * 100)
    clock.now += 10
    assert isinstance(sieve(RECORD), Drop)


def test_the_rules_of_grouping_are_followed(store: Store, clock: SettableClock) -> None:
    """A change holds half a second later, for this project alone; what cannot be read is no rule."""
    sieve = Sieve(digest, store.projects, clock)
    plain = sieve(RECORD)
    assert isinstance(plain, Digested)
    store.projects.set_grouping(1, "environment:test -> ours")
    clock.now += 0.5
    ruled, other = sieve(RECORD), sieve(Record(2, "ab" * 16, clock.now, RECORD.body))
    assert isinstance(ruled, Digested)
    assert isinstance(other, Digested)
    assert ruled.grouping.reason == "rule of line 1: ours"
    assert other.grouping == plain.grouping
    store.projects.set_grouping(1, "no rule")
    clock.now += 0.5
    again = sieve(RECORD)
    assert isinstance(again, Digested)
    assert again.grouping == plain.grouping
