"""The reader: every record once and in order, damage costs what it touched, and nothing is deleted too early."""

import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kaput.buffer.frames import HEAD_SIZE, HEADER_SIZE, TORN, encode_head
from kaput.buffer.reader import MOST_OPEN, SegmentReader, backlog_bytes
from kaput.buffer.writer import SegmentWriter, salt_of
from kaput.model import Drop, Position, Record
from tests.buffer.samples import (
    SIZE,
    START,
    mark,
    numbers,
    open_segments,
    open_writer,
    overwrite,
    pending,
    positions,
    read_all,
    record,
    written,
)

WRITER = """
import sys
from pathlib import Path
from tests.buffer.samples import open_writer, record
writer = open_writer(Path(sys.argv[1]))
for line in sys.stdin:
    writer.append([record(int(line))]).result(60)
    print("kept", flush=True)
writer.close()
"""


class Child:
    """A writer in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def append(self, number: int) -> None:
        """Appends a record, and waits until it is acknowledged."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{number}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "kept\n"

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


@contextmanager
def child_writer(directory: Path) -> Iterator[Child]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", WRITER, str(directory)], text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield Child(process)
        finally:
            process.kill()


@contextmanager
def opened(directory: Path, at: list[Position] | None = None) -> Iterator[SegmentReader]:
    reader = SegmentReader(directory, at or [])
    try:
        yield reader
    finally:
        reader.close()


def test_writers_are_merged(tmp_path: Path) -> None:
    """Several writers with several segments each, read while they write: each one's order is kept, nothing twice."""
    writers = [open_writer(tmp_path, size=3000) for _ in range(3)]
    found: list[int] = []
    with opened(tmp_path) as reader:
        for n in range(60):
            for index, writer in enumerate(writers):
                writer.append([record(index * 1000 + n, b"x" * 300)]).result(60)
            found += numbers(reader.read(2))
        for writer in writers:
            writer.close()
        found += numbers(read_all(reader))
    assert len(list(tmp_path.glob("*.seg"))) > 9
    assert len(found) == 180
    for index in range(3):
        assert [n % 1000 for n in found if n // 1000 == index] == list(range(60))


def test_a_backlog_is_read_in_order(tmp_path: Path) -> None:
    """A later segment waits for all of the one before, also when that one is larger than what is read in one go."""
    writer = open_writer(tmp_path, size=3 * 1024**2)
    for n in range(30):
        writer.append([record(n, b"x" * 400_000)]).result(60)
    writer.close()
    with opened(tmp_path) as reader:
        assert numbers(read_all(reader)) == list(range(30))


def test_no_writer_starves_another(tmp_path: Path) -> None:
    """A long backlog of one writer does not keep another's record waiting."""
    written(tmp_path, *(record(n) for n in range(50)))
    written(tmp_path, record(999))
    with opened(tmp_path) as reader:
        assert 999 in numbers(reader.read(5) + reader.read(5))


def test_reading_goes_on_where_it_was_committed(tmp_path: Path) -> None:
    """A new reader begins behind the positions; what was read and not committed comes again under the same names."""
    written(tmp_path, *(record(n) for n in range(10)))
    with opened(tmp_path) as reader:
        first = reader.read(4)
        second = reader.read(4)
    with opened(tmp_path, positions(first)) as reader:
        again = read_all(reader)
    assert numbers(again) == list(range(4, 10))
    assert [entry.name for entry in again][:4] == [entry.name for entry in second]
    assert pending(tmp_path, first) == 6
    assert pending(tmp_path, again) == 0


def test_what_a_living_writer_did_not_sync_is_waited_for(tmp_path: Path) -> None:
    """Half a frame is neither read nor counted while its writer lives; when it is whole and synced, it is."""
    source = written(tmp_path / "other", record(1), record(2))
    path = tmp_path / source.name
    mark(source, (source.stat().st_size + HEAD_SIZE) // 2)
    data = source.read_bytes()
    with child_holding(path, data[:-5]) as process, opened(tmp_path) as reader:
        found = read_all(reader)
        assert (numbers(found), pending(tmp_path, found)) == ([1], 0)
        with path.open("ab") as file:
            file.write(data[-5:])
        assert (read_all(reader), pending(tmp_path, found)) == ([], 1)
        mark(path, len(data))
        assert numbers(read_all(reader)) == [2]
        process.kill()


HOLDER = """
import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(fd, fcntl.LOCK_EX)
os.write(fd, sys.stdin.buffer.read(int(sys.argv[2])))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def child_holding(path: Path, data: bytes) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs a process that has written the bytes into a segment and lives on."""
    command = [sys.executable, "-c", HOLDER, str(path), str(len(data))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(data)
            process.stdin.flush()
            assert process.stdout.readline() == b"held\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("cut", [1, HEADER_SIZE - 1, HEADER_SIZE, HEADER_SIZE + 1])
def test_a_torn_tail_of_a_dead_writer_is_cut(tmp_path: Path, cut: int) -> None:
    """What a dead writer left unfinished is told as torn with its bytes, counts as no record, and holds nothing up."""
    path = written(tmp_path, record(1), record(2))
    second = path.stat().st_size - (path.stat().st_size - HEAD_SIZE) // 2
    os.truncate(path, second + cut)
    mark(path, second)
    torn = path.read_bytes()[second:]
    assert pending(tmp_path) == 1
    with opened(tmp_path) as reader:
        found = read_all(reader)
        assert [(entry.content, entry.reason) for entry in found] == [(record(1), ""), (torn, TORN)]
        assert positions(found) == [Position(path.name, second + cut)]
        reader.release()
    assert not path.exists()


@pytest.mark.parametrize("cut", [0, 1, HEADER_SIZE, HEADER_SIZE + 1])
def test_a_synced_end_that_is_missing_is_damage(tmp_path: Path, cut: int) -> None:
    """What was synced and is gone is told with how much it was, counts as a record, and holds nothing up."""
    path = written(tmp_path, record(1), record(2), record(3))
    whole = path.stat().st_size
    second = HEAD_SIZE + (whole - HEAD_SIZE) // 3
    os.truncate(path, second + cut)
    left = path.read_bytes()[second:]
    assert pending(tmp_path) == 2
    with opened(tmp_path) as reader:
        found = read_all(reader)
        assert [entry.content for entry in found] == [record(1), left]
        assert f"the last {whole - second - cut} bytes of the segment are missing" in found[1].reason
        assert pending(tmp_path, found) == 0
        assert positions(found) == [Position(path.name, whole)]
        reader.release()
    assert not path.exists()


@pytest.mark.parametrize("alive", [True, False])
def test_a_damaged_end_is_no_torn_one(tmp_path: Path, *, alive: bool) -> None:
    """A last frame whose header is damaged was synced: it is told as damage, also while its writer lives."""
    source = written(tmp_path / "other", record(1), record(2))
    path = tmp_path / source.name
    data = bytearray(source.read_bytes())
    second = (len(data) + HEAD_SIZE) // 2
    data[second] ^= 0xFF
    with child_holding(path, bytes(data)) as process, opened(tmp_path) as reader:
        if not alive:
            process.kill()
            process.wait()
        found = read_all(reader)
        assert [entry.content for entry in found] == [record(1), bytes(data[second:])]
        assert found[1].reason == f"{len(data) - second} bytes are no frame"
        assert pending(tmp_path) == 2
        process.kill()


def test_a_damaged_head_costs_no_record(tmp_path: Path) -> None:
    """Whatever stands in the first bytes of a segment, its frames are read."""
    path = written(tmp_path, record(1), record(2))
    overwrite(path, 0, bytes(HEAD_SIZE))
    assert pending(tmp_path) == 2
    with opened(tmp_path) as reader:
        assert numbers(read_all(reader)) == [1, 2]


@pytest.mark.parametrize("place", ["payload", "length", "magic"])
def test_a_flipped_byte_costs_one_record(tmp_path: Path, place: str) -> None:
    """Damage in the middle is told with a reason and the bytes; the records around it are read, all is counted."""
    path = written(tmp_path, record(1), record(2), record(3))
    size = (path.stat().st_size - HEAD_SIZE) // 3
    start = HEAD_SIZE + size
    overwrite(path, start + {"payload": HEADER_SIZE + 4, "length": 4, "magic": 0}[place], b"\x99")
    assert pending(tmp_path) == 3
    with opened(tmp_path) as reader:
        found = read_all(reader)
    assert numbers(found) == [1, 3]
    assert found[1].content == path.read_bytes()[start : start + size]
    assert found[1].reason not in {"", TORN}
    assert [pending(tmp_path, found[:n]) for n in range(4)] == [3, 2, 1, 0]


def test_a_killed_writer_loses_nothing(tmp_path: Path) -> None:
    """What a killed process had acknowledged is read; its segment stays while it lives and goes when it is dead."""
    with child_writer(tmp_path) as child, opened(tmp_path) as reader:
        for n in range(20):
            child.append(n)
        found = read_all(reader)
        assert numbers(found) == list(range(20))
        assert reader.release() == []
        assert len(list(tmp_path.glob("*.seg"))) == 1
        child.append(20)
        assert pending(tmp_path, found) == 1
        child.kill()
        assert reader.release() == []
        found += read_all(reader)
        assert numbers(found) == list(range(21))
        assert reader.release() == positions(found)
        assert list(tmp_path.glob("*.seg")) == []
        assert open_segments(tmp_path) == []


def test_only_what_was_read_is_released(tmp_path: Path) -> None:
    """Of ended segments only those that were read to their end, or are empty, are deleted, and none that is kept."""
    first = written(tmp_path, record(1))
    second = written(tmp_path, record(2), record(3))
    empty = tmp_path / f"{first.name[:-5]}9.seg"
    empty.write_bytes(encode_head(HEAD_SIZE, salt_of(empty.name)))
    with opened(tmp_path, [Position(first.name, first.stat().st_size)]) as reader:
        found = reader.read(1)
        assert reader.release({first.name, empty.name}) == []
        assert len(list(tmp_path.glob("*.seg"))) == 3
        gone = reader.release()
        assert gone == [Position(first.name, HEAD_SIZE + (second.stat().st_size - HEAD_SIZE) // 2)]
        assert [path.name for path in tmp_path.glob("*.seg")] == [second.name]
        assert pending(tmp_path, found) == 1


def test_positions_of_vanished_segments_are_given_back(tmp_path: Path) -> None:
    """A segment that was deleted before the store forgot it is told at the next release, once."""
    tmp_path.joinpath("x").write_bytes(b"")
    with opened(tmp_path, [Position("1a-000000.seg", 99)]) as reader:
        assert reader.release() == [Position("1a-000000.seg", 99)]
        assert reader.release() == []


def test_unnamed_leftovers_are_swept(tmp_path: Path) -> None:
    """A file whose writer died before it got its name goes at the start; one that is being made stays."""
    (tmp_path / "1-dead.new").write_bytes(b"")
    with child_holding(tmp_path / "2-living.new", b""), opened(tmp_path) as reader:
        assert sorted(path.name for path in tmp_path.glob("*.new")) == ["2-living.new"]
        assert reader.read(10) == []


def test_a_sweep_does_not_harm_a_writer(tmp_path: Path) -> None:
    """Readers that start again and again beside writers that begin segments cause no refusal."""
    stop = threading.Event()

    def start_readers() -> None:
        while not stop.is_set():
            with opened(tmp_path):
                pass

    thread = threading.Thread(target=start_readers)
    thread.start()
    writer = open_writer(tmp_path, size=1)
    try:
        for n in range(100):
            writer.append([record(n)]).result(60)
    finally:
        stop.set()
        thread.join()
        writer.close()
    assert pending(tmp_path) == 100


def test_many_segments_are_read_a_few_at_a_time(tmp_path: Path) -> None:
    """However many segments wait, the reader has a bounded number of them open, and comes to the last."""
    writer = SegmentWriter(tmp_path, 1, lambda: START, lambda _fd: None)
    count = MOST_OPEN + 30
    for n in range(count):
        writer.append([record(n)]).result(60)
    writer.close()
    found: list[int] = []
    with opened(tmp_path) as reader:
        while entries := reader.read(50):
            found += numbers(entries)
            assert len(open_segments(tmp_path)) <= MOST_OPEN
            reader.release()
    assert found == list(range(count))


def test_the_backlog_is_counted_in_bytes(tmp_path: Path) -> None:
    """The bytes behind the positions are what waits; a directory without segments has none."""
    assert backlog_bytes(tmp_path, []) == 0
    path = written(tmp_path, record(1), record(2))
    size = path.stat().st_size - HEAD_SIZE
    with opened(tmp_path) as reader:
        first = reader.read(1)
        assert backlog_bytes(tmp_path, []) == size
        assert backlog_bytes(tmp_path, positions(first)) == size // 2
        assert backlog_bytes(tmp_path, positions(read_all(reader))) == 0


def test_counting_beside_a_disk_that_cuts(tmp_path: Path) -> None:
    """A segment that gets shorter while it is counted is no harm, and the count is of what is there."""
    path = written(tmp_path, *(record(n, b"x" * 2000) for n in range(20)))
    data = path.read_bytes()
    stop = threading.Event()

    def cut() -> None:
        while not stop.is_set():
            os.truncate(path, HEAD_SIZE)
            path.write_bytes(data)

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        for _ in range(300):
            assert 0 <= pending(tmp_path) <= 20
    finally:
        stop.set()
        thread.join()
    assert pending(tmp_path) == 20


def test_drops_are_no_records(tmp_path: Path) -> None:
    """Drops are read in their place and count as nothing that waits."""
    path = written(tmp_path, record(1), Drop("bad_key", 2, START), record(2))
    assert pending(tmp_path) == 2
    with opened(tmp_path) as reader:
        kinds = [type(entry.content) for entry in read_all(reader)]
    assert sorted(kinds, key=str) == [Drop, Record, Record]
    assert path.stat().st_size < SIZE


def test_a_reader_is_awake_at_once(tmp_path: Path) -> None:
    """An append in another process wakes the reader within milliseconds, though it would wait a minute."""
    waits = []
    with child_writer(tmp_path) as child, opened(tmp_path) as reader:
        child.append(0)
        read_all(reader)
        for n in range(1, 12):
            timer = threading.Thread(target=child.append, args=(n,))
            begin = time.monotonic()
            timer.start()
            while not (entries := read_all(reader)):
                reader.wait(60)
            waits.append(time.monotonic() - begin)
            timer.join()
            assert numbers(entries) == [n]
        child.kill()
    assert statistics.median(waits) < 0.1


def test_a_reader_wakes_itself(tmp_path: Path) -> None:
    """`wake` ends a wait from another thread."""
    with opened(tmp_path) as reader:
        timer = threading.Timer(0.05, reader.wake)
        begin = time.monotonic()
        timer.start()
        reader.wait(60)
        assert time.monotonic() - begin < 30
        timer.join()
