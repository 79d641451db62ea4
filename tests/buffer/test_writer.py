"""The writer: acknowledged means synced, many share one sync, and what failed never appears."""

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kaput.buffer.reader import SegmentReader
from kaput.buffer.writer import SegmentWriter
from kaput.errors import BufferUnwritable
from kaput.model import Drop, Record
from tests.buffer.samples import SIZE, START, numbers, open_segments, open_writer, pending, read_all, record, written

HOUR = 3600


@dataclass
class Disk:
    """The real sync, counted, held back or failing as the test wants."""

    fails: bool = False
    open: threading.Event = field(default_factory=threading.Event)
    calls: int = 0

    def __post_init__(self) -> None:
        self.open.set()

    def sync(self, fd: int) -> None:
        """Syncs, as `os.fdatasync` does."""
        self.open.wait(30)
        self.calls += 1
        if self.fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        os.fdatasync(fd)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.002)
    assert condition()


def stored(directory: Path) -> list[int]:
    reader = SegmentReader(directory, [])
    found = numbers(read_all(reader))
    reader.close()
    return found


def test_done_means_synced(tmp_path: Path) -> None:
    """The future is not done while the sync runs, and is done after it."""
    disk = Disk()
    writer = SegmentWriter(tmp_path, SIZE, lambda: START, disk.sync)
    disk.open.clear()
    future = writer.append([record(1), record(2)])
    with pytest.raises(TimeoutError):
        future.result(0.1)
    disk.open.set()
    assert future.result(60) is None
    assert disk.calls == 1
    writer.close()
    assert stored(tmp_path) == [1, 2]


def test_many_share_a_sync(tmp_path: Path) -> None:
    """Appends that come while a sync runs all go into the next one; each thread's order is kept."""
    disk = Disk()
    writer = SegmentWriter(tmp_path, SIZE, lambda: START, disk.sync)
    disk.open.clear()
    first = writer.append([record(0)])
    with ThreadPoolExecutor(8) as pool:
        futures = list(pool.map(lambda n: writer.append([record(n)]), range(1, 401)))
    disk.open.set()
    for future in [first, *futures]:
        future.result(60)
    assert disk.calls == 2
    writer.close()
    assert sorted(stored(tmp_path)) == list(range(401))


def test_threads_that_wait_for_each(tmp_path: Path) -> None:
    """Threads that wait for each of their appends need fewer syncs than appends, and lose none."""
    disk = Disk()
    writer = SegmentWriter(tmp_path, SIZE, lambda: START, disk.sync)

    def send(thread: int) -> None:
        for n in range(40):
            writer.append([record(thread * 1000 + n)]).result(60)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(send, range(12)))
    writer.close()
    found = stored(tmp_path)
    assert len(found) == len(set(found)) == 480
    assert disk.calls < 480
    for thread in range(12):
        assert [n % 1000 for n in found if n // 1000 == thread] == list(range(40))


def test_a_failed_sync_fails_all_who_wait(tmp_path: Path) -> None:
    """All in the group are refused, none of them is ever read, and the next append works in a new segment."""
    disk = Disk()
    writer = SegmentWriter(tmp_path, SIZE, lambda: START, disk.sync)
    writer.append([record(1)]).result(60)
    disk.fails = True
    disk.open.clear()
    refused = [writer.append([record(n)]) for n in (2, 3, 4)]
    disk.open.set()
    for future in refused:
        with pytest.raises(BufferUnwritable, match="Input/output error"):
            future.result(60)
    disk.fails = False
    writer.append([record(5)]).result(60)
    assert len(list(tmp_path.glob("*.seg"))) == 2
    writer.close()
    assert pending(tmp_path) == 2
    assert stored(tmp_path) == [1, 5]


def test_a_reader_sees_what_is_synced(tmp_path: Path) -> None:
    """What is written and not synced is not read: when the sync fails, its client was refused and nothing is stored."""
    disk = Disk()
    writer = SegmentWriter(tmp_path, SIZE, lambda: START, disk.sync)
    writer.append([record(1)]).result(60)
    (path,) = tmp_path.glob("*.seg")
    synced = path.stat().st_size
    disk.open.clear()
    disk.fails = True
    refused = writer.append([record(2)])
    until(lambda: path.stat().st_size > synced)
    reader = SegmentReader(tmp_path, [])
    assert numbers(read_all(reader)) == [1]
    disk.open.set()
    with pytest.raises(BufferUnwritable):
        refused.result(60)
    assert numbers(read_all(reader)) == []
    reader.release()
    assert not path.exists()
    reader.close()
    writer.close()


FULL = """
import sys
from pathlib import Path
from kaput.errors import BufferUnwritable
from tests.buffer.samples import open_writer, record
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
directory = Path(sys.argv[1])
writer = open_writer(directory)
writer.append([record(1)]).result(60)
limit = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
try:
    writer.append([record(2), record(3, b"x" * 5000)]).result(60)
except BufferUnwritable as error:
    print(error)
writer.append([record(4)]).result(60)
resource.setrlimit(resource.RLIMIT_FSIZE, limit)
writer.append([record(5, b"x" * 5000)]).result(60)
writer.close()
"""


def test_a_disk_that_takes_half(tmp_path: Path) -> None:
    """When the kernel takes the first half of a group only, the group is refused whole and cut off."""
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == f"The disk of {tmp_path} does not take the event: File too large.\n"
    assert stored(tmp_path) == [1, 4, 5]


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    """Without its directory nothing can be taken; when it is there again, the same writer goes on."""
    spool = tmp_path / "spool"
    writer = open_writer(spool)
    spool.rmdir()
    with pytest.raises(BufferUnwritable):
        writer.append([record(1)]).result(60)
    spool.mkdir()
    writer.append([record(2)]).result(60)
    writer.close()
    assert stored(spool) == [2]


def test_rotation(tmp_path: Path) -> None:
    """A segment that has its size is ended, and the next begins; their names are in the order of writing."""
    writer = open_writer(tmp_path, size=2000)
    for n in range(20):
        writer.append([record(n, b"x" * 500)]).result(60)
    writer.close()
    sizes = [path.stat().st_size for path in sorted(tmp_path.glob("*.seg"))]
    assert len(sizes) > 3
    assert all(2000 <= size < 2000 + 700 for size in sizes[:-1])
    assert stored(tmp_path) == list(range(20))


def test_files_are_the_owners_alone(tmp_path: Path) -> None:
    """Nobody else reads a segment, whatever the umask."""
    before = os.umask(0)
    try:
        path = written(tmp_path, record(1))
    finally:
        os.umask(before)
    assert oct(path.stat().st_mode & 0o777) == "0o600"


def drops_in(directory: Path) -> list[Drop]:
    reader = SegmentReader(directory, [])
    found = [entry.content for entry in read_all(reader) if isinstance(entry.content, Drop)]
    reader.close()
    return found


def test_drops_are_summed_and_written_by_themselves(tmp_path: Path) -> None:
    """Drops of one reason, project and hour become one, written within about a second though nobody appends."""
    writer = open_writer(tmp_path)
    for _ in range(500):
        writer.note([Drop("too_large", 2, START, 1), Drop("too_large", 1, START + HOUR, 1), Drop("bad_key", 1, START)])
    until(lambda: drops_in(tmp_path) != [])
    writer.close()
    hour = START // HOUR * HOUR
    wanted = [Drop("bad_key", 500, hour), Drop("too_large", 1000, hour, 1), Drop("too_large", 500, hour + HOUR, 1)]
    assert sorted(drops_in(tmp_path), key=lambda drop: (drop.reason, drop.time)) == wanted
    assert pending(tmp_path) == 0


def test_drops_go_with_the_next_record(tmp_path: Path) -> None:
    """A record takes the drops along, in the same sync."""
    disk = Disk()
    writer = SegmentWriter(tmp_path, SIZE, lambda: START, disk.sync)
    writer.note([Drop("bad_key", 1, START)])
    writer.append([record(1)]).result(60)
    assert disk.calls == 1
    assert len(drops_in(tmp_path)) == 1
    writer.close()


def test_drops_survive_a_failing_disk(tmp_path: Path) -> None:
    """Drops that could not be written are kept and written later, once."""
    disk = Disk(fails=True)
    writer = SegmentWriter(tmp_path, SIZE, lambda: START, disk.sync)
    writer.note([Drop("bad_key", 3, START)])
    with pytest.raises(BufferUnwritable):
        writer.append([record(1)]).result(60)
    disk.fails = False
    writer.append([record(2)]).result(60)
    writer.close()
    assert [drop.count for drop in drops_in(tmp_path)] == [3]


def test_close_writes_what_waits_and_ends(tmp_path: Path) -> None:
    """What was appended or noted before is durable, the thread is gone, and what comes later is refused."""
    writer = open_writer(tmp_path)
    future = writer.append([record(1)])
    writer.note([Drop("bad_key", 1, START)])
    writer.close()
    assert future.done()
    assert len(drops_in(tmp_path)) == 1
    assert "kaput-buffer" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(BufferUnwritable, match="stopping"):
        writer.append([record(2)])


def test_nobody_takes_his_part_back(tmp_path: Path) -> None:
    """A future cannot be cancelled, and the attempt does not end the writer for the others."""
    disk = Disk()
    writer = SegmentWriter(tmp_path, SIZE, lambda: START, disk.sync)
    disk.open.clear()
    futures: list[Future[None]] = [writer.append([record(n)]) for n in range(3)]
    assert [future.cancel() for future in futures] == [False] * 3
    disk.open.set()
    for future in futures:
        future.result(60)
    writer.close()
    assert stored(tmp_path) == [0, 1, 2]


def test_a_large_group_and_open_files(tmp_path: Path) -> None:
    """Records of megabytes pass, and rotation leaves no file open."""
    writer = open_writer(tmp_path, size=1)
    wanted = [Record(1, f"{n:032x}", START, bytes([n]) * 3_000_000) for n in range(1, 5)]
    writer.append(wanted).result(60)
    for n in range(20):
        writer.append([record(n)]).result(60)
    assert len(open_segments(tmp_path)) == 1
    reader = SegmentReader(tmp_path, [])
    assert [entry.content for entry in read_all(reader)][:4] == wanted
    reader.close()
    writer.close()
