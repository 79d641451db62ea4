"""The crew with real processes: whatever happens to a hand, each record becomes what it becomes without one."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kaput.digest.record import read
from kaput.errors import Undigestible
from kaput.model import FEEDBACK, Aside, Digested, Event, Record
from kaput.serve import crew as module
from kaput.serve.crew import AT_ONCE, BUSY_SECONDS, IDLE_SECONDS, MOST_GIVEN, PAUSE_SECONDS, Crew
from tests.clock import SettableClock

PATIENCE = 60.0
FRAMES = [{"function": f"f{n}", "filename": "shop/cart.py", "lineno": n, "vars": {"n": n}} for n in range(9)]


def record(number: int, body: bytes = b"") -> Record:
    values = [{"type": "KeyError", "value": f"sku-{number}", "stacktrace": {"frames": FRAMES}}]
    body = body or json.dumps({"exception": {"values": values}, "extra": {"secret": "x", "n": number}}).encode()
    return Record(1, f"{number:032x}", 1_800_000_000.0 + number, body)


def alone(one: Record) -> Digested | Aside | str:
    """Returns what becomes of a record, an error as its words."""
    return outcome(read, one)


def outcome(digest: Callable[[Record], Digested | Aside], one: Record) -> Digested | Aside | str:
    try:
        made = digest(one)
    except Undigestible as error:
        return str(error)
    if isinstance(made, Aside):
        return made
    event = msgspec.json.decode(made.text or msgspec.json.encode(made.event), type=Event)
    return msgspec.structs.replace(made, event=event, text=b"")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(1000.0)


@pytest.fixture
def crew(clock: SettableClock) -> Iterator[Crew]:
    made = Crew(read, 2, clock)
    yield made
    made.close()


def hired(crew: Crew, clock: SettableClock) -> None:
    """Keeps the crew busy until its hands are ready."""
    crew.expect([record(0)])
    clock.now += BUSY_SECONDS
    deadline = time.monotonic() + PATIENCE
    while not (crew.hands and all(one.ready for one in crew.hands)):
        crew.expect([record(0)])
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_hands_make_is_the_same(crew: Crew, clock: SettableClock) -> None:
    """Events, records that are none, and records of other kinds come out as they do without hands, in any order."""
    hired(crew, clock)
    said = json.dumps({"event_id": "ab" * 16, "name": "Joe", "comments": "It broke."}).encode()
    records = [record(n) for n in range(60)]
    records[7:7] = [
        record(100, b"[1]"),
        Record(1, "cd" * 16, 1.0, said, kind=FEEDBACK),
        record(101, b'{"a": "\\ud800"}'),
    ]
    crew.expect(records)
    assert [outcome(crew, one) for one in [*records[50:], *records[:50]]] == [
        alone(one) for one in [*records[50:], *records[:50]]
    ]


def test_the_work_is_shared(clock: SettableClock) -> None:
    """Hands make some of the events, with the text to be stored; this process makes the others meanwhile."""
    own: list[Record] = []

    def noting(one: Record) -> Digested | Aside:
        own.append(one)
        return read(one)

    crew = Crew(noting, 1, clock)
    try:
        hired(crew, clock)
        records = [record(n) for n in range(200)]
        crew.expect(records)
        made = [crew(one) for one in records]
    finally:
        crew.close()
    texts = [one.text for one in made if isinstance(one, Digested) and one.text]
    assert len(texts) + len(own) == 200
    assert min(len(texts), len(own)) > 20
    assert texts[0] == msgspec.json.encode(read(records[0]).event)  # type: ignore[union-attr]  # it is an event


def test_hands_have_enough_to_do_while_this_process_has_not(clock: SettableClock) -> None:
    """Before a batch is stored a hand gets more at once than it may owe otherwise, and not more than that takes."""
    crew = Crew(read, 1, clock)
    try:
        hired(crew, clock)
        few = MOST_GIVEN * AT_ONCE
        records = [record(n) for n in range(5 * few)]
        crew.expect(records)
        before = len(crew.hands[0].owed)
        crew.leave(3 * few)
        assert (before, len(crew.hands[0].owed)) == (MOST_GIVEN, 3 * MOST_GIVEN)
        assert [outcome(crew, one) for one in records] == [alone(one) for one in records]
    finally:
        crew.close()


def test_nobody_is_hired_for_a_moment(crew: Crew, clock: SettableClock) -> None:
    """Hands come only when something lay ahead all the time for a while, and none when there may be none."""
    for _ in range(3):
        crew.expect([record(0)])
        crew.expect([])
        clock.now += BUSY_SECONDS
    assert crew.hands == []
    single = Crew(read, 0, clock)
    single.expect([record(0)])
    clock.now += BUSY_SECONDS
    single.expect([record(0)])
    assert single.hands == []


def test_hands_go_when_there_is_no_more_to_do(crew: Crew, clock: SettableClock) -> None:
    """After a while in which nothing lay ahead their processes are gone, not before."""
    hired(crew, clock)
    pids = [one.pid for one in crew.hands]
    clock.now += IDLE_SECONDS - 0.1
    crew.expect([])
    assert len(crew.hands) == 2
    clock.now += 0.1
    crew.expect([])
    assert crew.hands == []
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_lost_hand_costs_nothing(
    crew: Crew, clock: SettableClock, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed or hanging hand was given is made by others; nobody is hired in its place for a minute."""
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.5)
    hired(crew, clock)
    records = [record(n) for n in range(120)]
    os.kill(crew.hands[0].pid, number)
    crew.expect(records)
    assert [outcome(crew, one) for one in records] == [alone(one) for one in records]
    assert len(crew.hands) <= 1
    for one in list(crew.hands):
        os.kill(one.pid, signal.SIGKILL)
    crew.expect(records)
    assert [outcome(crew, one) for one in records] == [alone(one) for one in records]
    clock.now += PAUSE_SECONDS - 1
    crew.expect([record(0)])
    assert crew.hands == []
    clock.now += 1
    crew.expect([record(0)])
    assert len(crew.hands) == 2


def test_the_end_of_the_crew_loses_nothing(crew: Crew, clock: SettableClock) -> None:
    """When all hands are gone while they owe something, this process makes it."""
    hired(crew, clock)
    records = [record(n) for n in range(60)]
    crew.expect(records)
    crew.close()
    assert [outcome(crew, one) for one in records] == [alone(one) for one in records]


def test_a_bug_is_met_where_it_is_handled(clock: SettableClock) -> None:
    """An error of this process' own digest is raised for its record, also when that was tried before its turn."""

    def broken(one: Record) -> Any:
        raise LookupError(one.event_id)

    crew = Crew(broken, 1, clock)
    try:
        hired(crew, clock)
        records = [record(n, b"[1]") for n in range(40)]
        crew.expect(records)
        for one in records:
            with pytest.raises(LookupError, match=one.event_id):
                crew(one)
    finally:
        crew.close()
