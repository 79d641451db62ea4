"""The reader of segments: merges what any number of writers appended, and keeps a position for each.

In: the spool directory and the positions of the last committed batch. Out: entries.
The roots make it and hand it to the worker as `buffer.base.Source`.
"""

import contextlib
import fcntl
import os
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from pathlib import Path

from kaput.buffer.base import Entry
from kaput.buffer.bell import Listener
from kaput.buffer.frames import (
    HEAD_SIZE,
    HEADER_SIZE,
    LARGEST,
    TORN,
    WINDOW,
    Part,
    count_records,
    decode,
    decode_head,
)
from kaput.buffer.writer import SUFFIX, UNNAMED, salt_of, sync_directory, writer_of
from kaput.model import Position

LARGEST_WINDOW = LARGEST + HEADER_SIZE
MOST_OPEN = 200  # segments; the rest waits until some of these are read to their end and released


class _Segment:
    """One open segment; `offset` is the first byte that was not handed out."""

    def __init__(self, path: Path, offset: int) -> None:
        self.name = path.name
        self.path = path
        self.offset = offset
        self.salt = salt_of(path.name)
        self.fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._finished = False

    def finished(self) -> bool:
        """Answers whether the writer is gone; once true, it stays true."""
        if not self._finished:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._finished = True
        return self._finished

    def size(self) -> int:
        return os.fstat(self.fd).st_size

    def synced(self) -> int | None:
        """Returns how many bytes the writer knew to be on the disk; None when that is damaged."""
        return decode_head(os.pread(self.fd, HEAD_SIZE, 0), self.salt)

    def at_end(self) -> bool:
        # The order matters: what a writer appended before it went must be seen after it is known to be gone.
        return self.finished() and self.offset >= max(self.size(), self.synced() or 0)

    def parts(self, most: int, window: int = WINDOW) -> list[Part]:
        """Returns up to `most` parts that can be read now, with offsets in the file; moves nothing."""
        finished, size, synced = self.finished(), self.size(), self.synced()
        end, settled = size, finished
        if synced is not None and not finished:
            # Behind the mark stands what may yet be refused and cut off; before it nothing but whole frames.
            end, settled = min(size, synced), size >= synced
        left = end - self.offset
        if left <= 0:
            return self._missing(size, synced) if finished else []
        data = os.pread(self.fd, min(window, left), self.offset)
        whole = len(data) >= left
        # No frame is larger than the largest window: what makes no frame there never will.
        ended = settled if whole else window >= LARGEST_WINDOW
        parts = list(islice(decode(data, self.salt, finished=ended), most))
        if not parts and not whole:
            return self.parts(most, min(window * 2, LARGEST_WINDOW))
        return [self._placed(part, size, synced or 0) for part in parts]

    def _placed(self, part: Part, size: int, synced: int) -> Part:
        """Returns the part with its place in the file; what was synced is no torn end but damage."""
        start, end = part.start + self.offset, part.end + self.offset
        if part.reason == TORN and start < synced:
            return Part(start, max(end, synced), None, _damage(end - start, synced - size))
        return Part(start, end, part.content, part.reason)

    def _missing(self, size: int, synced: int | None) -> list[Part]:
        """Returns the end of the file that was synced and is gone, though what is left of it is whole."""
        if synced is None or self.offset >= synced:
            return []
        return [Part(self.offset, synced, None, _damage(0, synced - size))]

    def raw(self, part: Part) -> bytes:
        return os.pread(self.fd, part.end - part.start, part.start)

    def close(self) -> None:
        os.close(self.fd)


class SegmentReader:
    """Implements `kaput.buffer.base.Source` with files."""

    def __init__(self, directory: Path, positions: Sequence[Position]) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._listener = Listener(directory)
        _sweep(directory)
        self._offsets = {position.segment: position.offset for position in positions}
        self._segments: dict[str, _Segment] = {}
        self._last = ""

    def read(self, most: int) -> list[Entry]:
        """See `kaput.buffer.base.Source.read`. The writers take turns, so that none starves another."""
        self._discover()
        writers: dict[str, list[_Segment]] = {}
        for name in sorted(self._segments):
            writers.setdefault(writer_of(name), []).append(self._segments[name])
        entries: list[Entry] = []
        for writer in sorted(writers, key=lambda name: (name <= self._last, name)):
            for segment in writers[writer]:
                entries += self._take(segment, most - len(entries))
                if len(entries) >= most:
                    self._last = writer
                    return entries
                if not segment.at_end():
                    break  # its next segment comes after all of this one
        return entries

    def wait(self, seconds: float) -> None:
        """See `kaput.buffer.base.Source.wait`."""
        self._listener.wait(seconds)

    def wake(self) -> None:
        """See `kaput.buffer.base.Source.wake`."""
        self._listener.ring()

    def release(self, kept: Collection[str] = ()) -> list[Position]:
        """See `kaput.buffer.base.Source.release`."""
        done = [segment for segment in self._segments.values() if segment.name not in kept and segment.at_end()]
        for segment in done:
            segment.path.unlink(missing_ok=True)
            segment.close()
            del self._segments[segment.name]
        if done:
            sync_directory(self._directory)
        return self._vanished()

    def pending(self, positions: Sequence[Position]) -> int:
        """See `kaput.buffer.base.Source.pending`."""
        return count_pending(self._directory, positions)

    def close(self) -> None:
        """Lets go of all files; nothing is deleted."""
        for segment in self._segments.values():
            segment.close()
        self._segments.clear()
        self._listener.close()

    def _discover(self) -> None:
        for path in _segments(self._directory):
            if len(self._segments) >= MOST_OPEN:
                return
            if path.name not in self._segments:
                with contextlib.suppress(FileNotFoundError):
                    offset = max(self._offsets.get(path.name, 0), HEAD_SIZE)
                    self._segments[path.name] = _Segment(path, offset)

    def _vanished(self) -> list[Position]:
        """Positions of segments that are gone: released now, or before a crash and not forgotten by the store yet."""
        names = list_segments(self._directory)
        gone = [Position(name, offset) for name, offset in self._offsets.items() if name not in names]
        for position in gone:
            del self._offsets[position.segment]
        return gone

    def _take(self, segment: _Segment, most: int) -> list[Entry]:
        entries = []
        for part in segment.parts(most):
            content = segment.raw(part) if part.content is None else part.content
            position = Position(segment.name, part.end)
            entries.append(Entry(content, position, f"{segment.name}-{part.start}", part.reason))
            segment.offset = part.end
            self._offsets[segment.name] = part.end
        return entries


def count_pending(directory: Path, positions: Sequence[Position]) -> int:
    """Counts the records behind the positions; works beside a running reader, in another process too."""
    offsets = {position.segment: position.offset for position in positions}
    return sum(_count(path, offsets) for path in _segments(directory))


def list_segments(directory: Path) -> set[str]:
    """Returns the names of the segments that are there now."""
    return {path.name for path in _segments(directory)}


def backlog_bytes(directory: Path, positions: Sequence[Position]) -> int:
    """Returns how many bytes of segments were not read yet."""
    offsets = {position.segment: position.offset for position in positions}
    total = 0
    for path in _segments(directory):
        with contextlib.suppress(FileNotFoundError):
            total += max(0, path.stat().st_size - offsets.get(path.name, HEAD_SIZE))
    return total


def _count(path: Path, offsets: Mapping[str, int]) -> int:
    try:
        # Read and not mapped: to touch a mapped page that the writer cuts off would end this process.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    try:
        begin = max(offsets.get(path.name, 0), HEAD_SIZE)
        salt = salt_of(path.name)
        synced = decode_head(os.pread(fd, HEAD_SIZE, 0), salt) or 0
        return count_records(lambda at, most: os.pread(fd, most, at), begin, os.fstat(fd).st_size, salt, synced)
    finally:
        os.close(fd)


def _damage(left: int, missing: int) -> str:
    """Says what is wrong with the end of a segment that was whole once."""
    if missing <= 0:
        return f"{left} bytes are no frame"
    return f"the last {missing} bytes of the segment are missing, which were written and synced"


def _sweep(directory: Path) -> None:
    """Removes segments whose writer died before they got their name; nothing in them was ever acknowledged."""
    for path in directory.glob(f"*{UNNAMED}"):
        with contextlib.suppress(OSError), path.open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def _segments(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.suffix == SUFFIX)
