"""The filters between the digest and the worker, over a real store."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kaput.digest.record import digest
from kaput.model import Digested, Drop, Filters, Record
from kaput.serve import hand
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


def test_what_a_hand_left_out_is_there_for_the_rules(store: Store, clock: SettableClock) -> None:
    """A hand sends an event without the lines of its frames; a rule that matches groups it by them."""
    frames = [
        {"filename": "cart.py", "function": "price", "in_app": True, "context_line": "a = b[c]", "vars": {"n": 1}}
    ]
    values = [{"type": "KeyError", "value": "c", "stacktrace": {"frames": frames}}]
    body = msgspec.json.encode({"exception": {"values": values}, "breadcrumbs": [{"message": "m"}], "extra": {"n": 1}})
    record = Record(1, "ab" * 16, clock.now, body)
    store.projects.set_grouping(1, "path:cart.py -> {{ default }}, ours")
    alone = Sieve(digest, store.projects, clock)(record)
    helped = Sieve(by_hand, store.projects, clock)(record)
    assert isinstance(alone, Digested)
    assert isinstance(helped, Digested)
    assert "its line" in alone.grouping.reason
    assert helped.grouping == alone.grouping
    assert not helped.event.extra
    assert msgspec.json.encode(helped.whole()) == msgspec.json.encode(alone.whole())


def by_hand(record: Record) -> Digested:
    """Digests a record as a process of the crew does, with what it sends."""
    left, right = socket.socketpair()
    with left, right:
        process = subprocess.Popen([sys.executable, "-m", hand.__name__], stdin=right.fileno())
        right.close()
        with left.makefile("rb") as line:
            left.sendall(hand.question([record]))
            messages = [line.read(int.from_bytes(line.read(hand.LENGTH), "little")) for _ in range(2)]
    process.wait(60)
    (made,) = hand.answered(messages[1])
    assert made is not None
    return made
