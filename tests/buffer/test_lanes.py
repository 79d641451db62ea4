"""The lanes: a busy project has its own, and the reader takes turns."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kaput.buffer import lanes
from kaput.buffer.lanes import CALM_RECORDS, WINDOW_SECONDS, SegmentLanes, Traffic, segment_lanes
from kaput.buffer.reader import SegmentReader
from kaput.errors import BufferUnwritable
from kaput.model import CHECK_IN, Drop, Record
from tests.buffer.samples import SIZE, START, numbers, open_writer, read_all, record
from tests.clock import SettableClock

BUSY, CALM = 1, 2


@pytest.fixture
def clock() -> SettableClock:
    """Returns a clock that stands still."""
    return SettableClock()


@pytest.fixture
def traffic(clock: SettableClock) -> Traffic:
    """Returns traffic that begins now."""
    return Traffic(clock)


@pytest.fixture
def two(tmp_path: Path, traffic: Traffic) -> Iterator[SegmentLanes]:
    """Yields lanes that are closed in the end."""
    made = SegmentLanes(lambda: open_writer(tmp_path), traffic)
    yield made
    made.close()


def segments(directory: Path) -> int:
    """Counts the segments."""
    return len(list(directory.glob("*.seg")))


def test_busy_is_who_sends_much(traffic: Traffic) -> None:
    """The first record beyond the allowance of a window is busy, and no other project is for it."""
    assert [traffic.is_busy(BUSY, 1) for _ in range(CALM_RECORDS + 1)] == [False] * CALM_RECORDS + [True]
    assert not traffic.is_busy(CALM, 1)


def test_one_request_with_many_is_busy(traffic: Traffic) -> None:
    """What counts is the records, not the requests."""
    assert traffic.is_busy(BUSY, CALM_RECORDS + 1)


def test_busy_is_left_after_a_calm_window(traffic: Traffic, clock: SettableClock) -> None:
    """Who was busy in a window is busy in the whole next one, and no longer when that brought little."""
    traffic.is_busy(BUSY, CALM_RECORDS + 1)
    clock.now += WINDOW_SECONDS
    assert traffic.is_busy(BUSY, 1)
    clock.now += WINDOW_SECONDS
    assert not traffic.is_busy(BUSY, 1)


def test_busy_is_left_in_a_pause(traffic: Traffic, clock: SettableClock) -> None:
    """Nobody is busy after a window in which nothing came."""
    traffic.is_busy(BUSY, CALM_RECORDS + 1)
    clock.now += 2 * WINDOW_SECONDS
    assert not traffic.is_busy(BUSY, 1)


def test_a_calm_record_is_read_before_a_storm_that_came_first(two: SegmentLanes, tmp_path: Path) -> None:
    """It is read at the writer's next turn, and the storm keeps its order."""
    storm = [record(number, project_id=BUSY) for number in range(5 * CALM_RECORDS)]
    for one in storm:
        two.append([one])
    two.append([record(99_999, project_id=CALM)]).result(60)
    two.append([record(88_888, project_id=BUSY)]).result(60)
    reader = SegmentReader(tmp_path, ())
    try:
        read = numbers(read_all(reader))
    finally:
        reader.close()
    assert read.index(99_999) < 3 * CALM_RECORDS
    assert [number for number in read if CALM_RECORDS <= number < 5 * CALM_RECORDS] == list(
        range(CALM_RECORDS, 5 * CALM_RECORDS)
    )
    assert sorted(read) == [*range(5 * CALM_RECORDS), 88_888, 99_999]


def test_a_second_segment_only_for_the_busy(two: SegmentLanes, tmp_path: Path) -> None:
    """Ordinary traffic costs one sync and one file."""
    two.append([record(1)]).result(60)
    assert segments(tmp_path) == 1
    two.append([record(number) for number in range(CALM_RECORDS)]).result(60)
    assert segments(tmp_path) == 2


def test_a_check_in_never_waits_behind_a_storm(two: SegmentLanes) -> None:
    """Otherwise a run that came would be told as one that did not; and it makes nobody busy."""
    calm = two.lane([record(1)])
    check_in = Record(BUSY, f"{2:032x}", START, b"{}", kind=CHECK_IN)
    assert all(two.lane([check_in]) is calm for _ in range(2 * CALM_RECORDS))
    assert two.lane([record(3, project_id=BUSY)]) is calm
    assert two.lane([record(number, project_id=BUSY) for number in range(CALM_RECORDS)]) is not calm
    assert two.lane([check_in]) is calm


def test_drops_are_noted(two: SegmentLanes, tmp_path: Path) -> None:
    """They go on the lane that does not wait."""
    drop = Drop("malformed", 1, START // 3600 * 3600)
    two.note([drop])
    two.close()
    reader = SegmentReader(tmp_path, ())
    try:
        assert [entry.content for entry in read_all(reader)] == [drop]
    finally:
        reader.close()


def test_closed_lanes_take_nothing(two: SegmentLanes) -> None:
    """A closed lane refuses, in words for the client."""
    two.append([record(1)]).result(60)
    two.close()
    with pytest.raises(BufferUnwritable, match="stopping"):
        two.append([record(2)])


def test_the_last_append_says_what_the_disk_does(tmp_path: Path, traffic: Traffic) -> None:
    """A lane that failed and is not used any more says nothing about the disk of now."""
    whole = tmp_path / "spool"
    made = SegmentLanes(lambda: open_writer(whole), traffic)
    try:
        busy = made.lane([record(number) for number in range(CALM_RECORDS + 1)])
        whole.rename(tmp_path / "away")
        with pytest.raises(BufferUnwritable):
            busy.append([record(1)]).result(60)
        assert made.failure()
        (tmp_path / "away").rename(whole)
        made.append([record(2, project_id=CALM)]).result(60)
        assert not made.failure()
    finally:
        made.close()


def test_the_lanes_of_a_process(tmp_path: Path) -> None:
    """They are made as the processes make them, on the real clock."""
    made = segment_lanes(tmp_path, SIZE, lambda: START)
    for number in range(lanes.CALM_RECORDS + 1):
        made.append([record(number)]).result(60)
    made.close()
    assert segments(tmp_path) == 2
