"""The records of a moment are appended together, and each who waits is told."""

import asyncio
import logging

import pytest

from kaput.accept import gathering
from kaput.accept.gathering import Gathering
from kaput.errors import BufferUnwritable
from kaput.model import Record
from tests.accept.door import KEY, MemoryAppender

TURNS = 20


def record(number: int) -> Record:
    """Makes a record."""
    return Record(7, f"{number:032x}", 1.0, KEY.encode())


async def gather(appender: MemoryAppender, count: int) -> list[BaseException | None]:
    """Adds records in one turn of the loop, and returns what was told after some more."""
    told: list[BaseException | None] = []
    together = Gathering(appender)
    for number in range(count):
        together.add([record(number)], told.append)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    return told


def test_what_comes_in_one_turn_is_one_append() -> None:
    """Three requests make one append, in their order, and each is told once."""
    appender = MemoryAppender()
    assert asyncio.run(gather(appender, 3)) == [None] * 3
    assert len(appender.futures) == 1
    assert appender.records == [record(0), record(1), record(2)]


def test_nobody_waits_longer_than_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """While each turn brings another record, those that came first go when their time is over."""
    monkeypatch.setattr(gathering, "SECONDS", 0.0)
    monkeypatch.setattr(gathering, "PAUSE", 0.0)
    appender = MemoryAppender()

    async def run() -> None:
        together = Gathering(appender)
        for number in range(TURNS):
            together.add([record(number)], lambda _failure: None)
            await asyncio.sleep(0)

    asyncio.run(run())
    assert len(appender.futures) > 1


async def appends(appender: MemoryAppender, *turns: int, crowd: int = gathering.MANY) -> list[int]:
    """Adds so many records in each turn of the loop, and returns how many appends there were some turns later."""
    together = Gathering(appender, lambda: crowd)
    counts = []
    for many in turns:
        for number in range(many):
            together.add([record(number)], lambda _failure: None)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        counts.append(len(appender.futures))
    return counts


def test_a_second_append_waits_for_the_end_of_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes right after an append goes together when the pause is over, and not before."""
    monkeypatch.setattr(gathering, "PAUSE", 0.2)
    appender = MemoryAppender()

    async def run() -> list[int]:
        counts = await appends(appender, 1, 1, 2)
        await asyncio.sleep(0.3)
        return [*counts, len(appender.futures)]

    assert asyncio.run(run()) == [1, 1, 1, 2]
    assert len(appender.records) == 4


def test_many_do_not_wait_for_the_end_of_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """When there are many, the pause is over; its end appends nothing twice."""
    monkeypatch.setattr(gathering, "PAUSE", 0.2)
    appender = MemoryAppender()

    async def run() -> list[int]:
        counts = await appends(appender, 1, gathering.MANY)
        await asyncio.sleep(0.3)
        return [*counts, len(appender.futures)]

    assert asyncio.run(run()) == [1, 2, 2]
    assert len(appender.records) == 1 + gathering.MANY


@pytest.mark.parametrize(("waiting", "appended"), [(2, 1), (3, 2)])
def test_when_all_who_are_connected_wait_the_pause_is_over(
    waiting: int, appended: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else can come, so there is nothing to wait for."""
    monkeypatch.setattr(gathering, "PAUSE", 60.0)
    assert asyncio.run(appends(MemoryAppender(), 1, waiting, crowd=3)) == [1, appended]


def test_all_are_told_of_a_failure() -> None:
    """When the buffer takes nothing, each hears why."""
    failure = BufferUnwritable("full")
    assert asyncio.run(gather(MemoryAppender(failure=failure), 2)) == [failure] * 2


def test_one_who_cannot_hear_keeps_it_from_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """An error in one answer is logged, and the next is given."""
    told: list[BaseException | None] = []

    def broken(_failure: BaseException | None) -> None:
        raise ZeroDivisionError

    async def run() -> None:
        together = Gathering(MemoryAppender())
        together.add([record(0)], broken)
        together.add([record(1)], told.append)
        for _ in range(TURNS):
            await asyncio.sleep(0)

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    assert told == [None]
    assert "ZeroDivisionError" in caplog.text
