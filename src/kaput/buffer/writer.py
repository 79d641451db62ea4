"""One writer of segments: appends frames and answers when they are on the disk.

In: records and drops, from any thread. Out: segment files, and futures that are done after `fdatasync`.
The roots make it and hand it to accept as `buffer.base.Appender`.

All that is waiting when a sync ends goes into the next one (group commit). A segment appears under its final name only
when it is locked and its head is on the disk; the lock ends with the process, so a reader can tell a writer that is
slow from one that is dead.
"""

import contextlib
import fcntl
import os
import secrets
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from zlib import crc32

from msgspec import Struct

from kaput.buffer.bell import Ringer
from kaput.buffer.frames import HEAD_SIZE, encode, encode_head
from kaput.errors import BufferUnwritable
from kaput.model import HOUR, Clock, Drop, Record

SUFFIX = ".seg"
UNNAMED = ".new"
GROUP_BYTES = 16 * 1024**2
NOTE_SECONDS = 1.0
BEGINNINGS = 10
"""How often a segment is begun when readers that start sweep it away; each sweeps once."""


class _Waiting(Struct, frozen=True):
    data: bytes
    future: Future[None]


class _Segment(Struct):
    path: Path
    fd: int
    size: int


class SegmentWriter:
    """Implements `kaput.buffer.base.Appender` with files."""

    def __init__(
        self, directory: Path, segment_size: int, clock: Clock, sync: Callable[[int], None] = os.fdatasync
    ) -> None:
        self._directory = directory
        self._segment_size = segment_size
        self._clock = clock
        self._sync = sync
        self._name = f"{int(clock() * 1000):014d}{secrets.token_hex(3)}"
        self._salt = salt_of(self._name)
        self._number = 0
        self._segment: _Segment | None = None
        self._ringer = Ringer(directory)
        self._waiting: deque[_Waiting] = deque()
        self._drops: Counter[tuple[str, int, int]] = Counter()
        self._changed = threading.Condition()
        self._closing = False
        self._failure = ""
        directory.mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._run, name="kaput-buffer", daemon=True)
        self._thread.start()

    def append(self, records: Sequence[Record]) -> Future[None]:
        """See `kaput.buffer.base.Appender.append`."""
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()  # the group is written whole: nobody can take his part back
        waiting = _Waiting(b"".join(encode(record, self._salt) for record in records), future)
        with self._changed:
            if self._closing:
                raise BufferUnwritable("Kaput is stopping; send the event again in a moment.")
            self._waiting.append(waiting)
            self._changed.notify()
        return future

    def note(self, drops: Sequence[Drop]) -> None:
        """See `kaput.buffer.base.Appender.note`."""
        with self._changed:
            for drop in drops:
                self._drops[drop.reason, drop.project_id, int(drop.time // HOUR)] += drop.count
            self._changed.notify()

    def failure(self) -> str:
        """See `kaput.buffer.base.Appender.failure`."""
        return self._failure

    def close(self) -> None:
        """See `kaput.buffer.base.Appender.close`."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        self._end_segment()
        self._ringer.close()

    def let_go(self) -> None:
        """Closes the files in a process that was forked: the writer goes on in the other one, and is of no use here.

        As long as they were open here, the segment would seem to have a writer.
        """
        if self._segment is not None:
            os.close(self._segment.fd)
        self._ringer.close()

    def _run(self) -> None:
        while True:
            group, drops = self._take()
            if not group and not drops:
                return
            self._commit(group, drops)

    def _take(self) -> tuple[list[_Waiting], list[Drop]]:
        """Waits for something to write; nothing at all means that the writer is closed."""
        with self._changed:
            while not self._waiting and not self._closing:
                if self._drops and not self._changed.wait_for(self._something_waits, NOTE_SECONDS):
                    break
                if not self._drops:
                    self._changed.wait()
            group: list[_Waiting] = []
            size = 0
            while self._waiting and size < GROUP_BYTES:
                group.append(self._waiting.popleft())
                size += len(group[-1].data)
            counted, self._drops = self._drops, Counter()
        return group, [Drop(reason, n, float(hour * HOUR), project) for (reason, project, hour), n in counted.items()]

    def _something_waits(self) -> bool:
        return bool(self._waiting) or self._closing

    def _commit(self, group: list[_Waiting], drops: list[Drop]) -> None:
        try:
            noted = (encode(drop, self._salt) for drop in drops)
            self._write(b"".join([*noted, *(waiting.data for waiting in group)]))
        except (OSError, MemoryError) as error:
            self._abandon()
            self._keep(drops)
            cause = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
            self._failure = cause
            refusal = BufferUnwritable(f"The disk of {self._directory} does not take the event: {cause}.")
            for waiting in group:
                waiting.future.set_exception(refusal)
            if not group:
                threading.Event().wait(NOTE_SECONDS)  # nobody waits for drops; do not press a failing disk
            return
        self._failure = ""
        for waiting in group:
            waiting.future.set_result(None)
        self._ringer.ring()

    def _keep(self, drops: list[Drop]) -> None:
        with self._changed:
            if not self._closing:
                for drop in drops:
                    self._drops[drop.reason, drop.project_id, int(drop.time // HOUR)] += drop.count

    def _write(self, data: bytes) -> None:
        segment = self._segment
        if segment is None or segment.size >= self._segment_size:
            self._end_segment()
            segment = self._segment = self._begin_segment()
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(segment.fd, rest) :]
        self._sync(segment.fd)
        segment.size += len(data)
        # Not synced: after a kill it says what was, after a power cut it may only say too little.
        os.pwrite(segment.fd, encode_head(segment.size, self._salt), 0)

    def _begin_segment(self) -> _Segment:
        for _ in range(BEGINNINGS - 1):
            # A reader that just started may take the unlocked file for a dead writer's.
            with contextlib.suppress(BlockingIOError, FileNotFoundError):
                return self._create_segment()
        return self._create_segment()

    def _create_segment(self) -> _Segment:
        path = self._directory / f"{self._name}-{self._number:06d}{SUFFIX}"
        self._number += 1
        hidden = path.with_suffix(UNNAMED)
        fd = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(fd, encode_head(HEAD_SIZE, self._salt))
            os.fsync(fd)
            hidden.rename(path)
            sync_directory(self._directory)
        except OSError:
            os.close(fd)
            hidden.unlink(missing_ok=True)
            raise
        return _Segment(path, fd, HEAD_SIZE)

    def _abandon(self) -> None:
        """Cuts off what was not synced and leaves the segment: after a failed sync the file cannot be trusted."""
        if self._segment is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._segment.fd, self._segment.size)
            self._end_segment()

    def _end_segment(self) -> None:
        if self._segment is not None:
            os.close(self._segment.fd)
            self._segment = None
            self._ringer.ring()


def writer_of(name: str) -> str:
    """Returns what tells the writer of a segment from all others; the rest of the name counts its segments."""
    return name.partition("-")[0]


def salt_of(name: str) -> int:
    """Returns the salt of a segment's checksums, the same in all segments of a writer."""
    return crc32(writer_of(name).encode())


def sync_directory(directory: Path) -> None:
    """Makes names that were added to a directory, or taken out of it, durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
