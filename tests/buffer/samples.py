"""Records and drops for the tests of the buffer, and what is written of them."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from kaput.buffer.base import Entry
from kaput.buffer.frames import encode_head
from kaput.buffer.reader import SegmentReader, count_pending
from kaput.buffer.writer import SegmentWriter, salt_of
from kaput.model import Drop, Position, Record

SIZE = 1024**2
START = 1_800_000_000.0


def record(number: int, body: bytes = b'{"message": "x"}', project_id: int = 1) -> Record:
    """Makes a record whose id is a number."""
    return Record(project_id, f"{number:032x}", START, body, client="test/1.0", address="192.0.2.7")


def open_writer(directory: Path, size: int = SIZE) -> SegmentWriter:
    """Opens a writer with the real sync."""
    return SegmentWriter(directory, size, lambda: START)


def written(directory: Path, *items: Record | Drop) -> Path:
    """Writes one segment, ended, and returns its path."""
    before = set(directory.glob("*.seg"))
    writer = open_writer(directory)
    for item in items:
        if isinstance(item, Drop):
            writer.note([item])
        else:
            writer.append([item]).result(60)
    writer.close()
    (path,) = set(directory.glob("*.seg")) - before
    return path


def read_all(reader: SegmentReader) -> list[Entry]:
    """Reads until nothing is left."""
    entries: list[Entry] = []
    while more := reader.read(7):
        entries += more
    return entries


def numbers(entries: Sequence[Entry]) -> list[int]:
    """Returns the numbers of the records among the entries."""
    return [int(entry.content.event_id, 16) for entry in entries if isinstance(entry.content, Record)]


def positions(entries: Sequence[Entry]) -> list[Position]:
    """Returns where each segment continues after the entries."""
    return list({entry.position.segment: entry.position for entry in entries}.values())


def pending(directory: Path, entries: Sequence[Entry] = ()) -> int:
    """Counts what stands behind the entries."""
    return count_pending(directory, positions(entries))


def open_segments(directory: Path) -> list[str]:
    """Returns the segments that this process has open."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing itself is gone by then
            found.append(str(entry.readlink()))
    return [name for name in found if name.startswith(str(directory)) and name.endswith(".seg")]


def mark(path: Path, synced: int) -> None:
    """Has the head of a segment say how many of its bytes are synced."""
    overwrite(path, 0, encode_head(synced, salt_of(path.name)))


def overwrite(path: Path, offset: int, data: bytes) -> None:
    """Damages a file in its place."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(fd, data, offset)
    finally:
        os.close(fd)
