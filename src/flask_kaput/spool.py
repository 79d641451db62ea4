"""Events on disk, between the application and the server: one file each in a folder that all its processes share.

In: an event as JSON, from any process and thread. Out: the same to the one process that sends, oldest first, also
after a restart or a kill. A file appears whole or not at all. The folder is bounded: what it holds is thinned out from
the oldest on, and what went is counted. `sender.py` is handed one; nothing else touches the folder.
"""

import contextlib
import fcntl
import hashlib
import logging
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

BLOCK = 4096
"""What a small file takes of a disk."""
KEPT = 0.75
"""How full the folder is after thinning, so that the next event does not thin it again."""
STALE_SECONDS = 3600.0
"""Age at which a file that was never finished belongs to nobody."""

_SUFFIX = ".json"
_UNFINISHED = ".part"
_LOCK = "sender.lock"
_THINNING = "thinning.lock"
_LOST = "lost"
_TOLD = "lost.told"


class Spool:
    """One folder of events; its methods may be called by any number of processes at a time."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._numbers = count()
        self._unchecked = limit
        """Bytes that this process wrote since it looked at the whole; at first it knows nothing of the whole."""

    @property
    def folder(self) -> Path:
        """Where the events are."""
        return self._folder

    def make(self) -> None:
        """Makes the folder, readable by its owner only; raises OSError when this user cannot write there."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied", str(self._folder))

    def append(self, event_id: str, payload: bytes) -> None:
        """Keeps an event; raises OSError when the disk does not take it. Waits for nobody, and syncs nothing."""
        name = f"{time.time_ns():020d}-{os.getpid()}-{next(self._numbers)}-{event_id}"
        unfinished = self._folder / f"{name}{_UNFINISHED}"
        fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(payload)
            unfinished.rename(self._folder / f"{name}{_SUFFIX}")
        except OSError:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise
        self._unchecked += max(len(payload), BLOCK)
        if self._unchecked >= self._limit // 16:
            self._unchecked = 0
            self.thin()

    def names(self) -> list[str]:
        """Returns the events that wait, oldest first."""
        with os.scandir(self._folder) as entries:
            return sorted(entry.name for entry in entries if entry.name.endswith(_SUFFIX))

    def read(self, name: str) -> bytes | None:
        """Returns an event; None when it was thinned out meanwhile."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> None:
        """Removes an event that the server has."""
        (self._folder / name).unlink(missing_ok=True)

    def lose(self, reason: str, events: int) -> None:
        """Counts events that no server will get, until `lost` was told to it."""
        fd = os.open(self._folder / _LOST, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, f"{reason} {events}\n".encode())
        finally:
            os.close(fd)

    def lost(self) -> dict[str, int]:
        """Returns by reason what was lost and not told; only the process that sends may ask."""
        told = self._folder / _TOLD
        if not told.exists():
            try:
                (self._folder / _LOST).rename(told)
            except FileNotFoundError:
                return {}
        sums: Counter[str] = Counter()
        for line in told.read_text(encoding="utf-8").splitlines():
            reason, _, number = line.partition(" ")
            if number.isdecimal():
                sums[reason] += int(number)
        return dict(sums)

    def told(self) -> None:
        """Forgets what `lost` returned: the server knows it."""
        (self._folder / _TOLD).unlink(missing_ok=True)

    def thin(self) -> None:
        """Brings the folder back below its limit; does nothing while another process does the same."""
        with self._locked(_THINNING) as locked:
            if not locked:
                return
            names, sizes = self._sizes()
            gone = [names[at] for at in surplus(sizes, self._limit)]
            for name in gone:
                self.remove(name)
            if gone:
                self.lose("cache_overflow", len(gone))

    def lead(self) -> int | None:
        """Returns an open file that makes its owner the one who sends; None while another process has it.

        The kernel takes it back when the process is gone, however it ended.
        """
        fd = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        return fd

    def sweep(self, now: float) -> None:
        """Removes what killed processes left unfinished; `now` is in seconds since the epoch."""
        for path in self._folder.glob(f"*{_UNFINISHED}"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < now - STALE_SECONDS:
                    path.unlink()

    def _sizes(self) -> tuple[list[str], list[int]]:
        names, sizes = self.names(), []
        for name in names:
            try:
                sizes.append(max((self._folder / name).stat().st_size, BLOCK))
            except FileNotFoundError:
                sizes.append(0)
        return names, sizes

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[bool]:
        fd = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(fd)


def open_spool(bases: Sequence[Path], dsn: str, limit: int, logger: logging.Logger) -> Spool | None:
    """Returns the spool of a DSN in the first folder where this user can write; None, with a warning, without one.

    Each DSN has a folder of its own, named by its hash: events never go to a server for which they were not meant.
    """
    problems = []
    for base in bases:
        spool = Spool(base / hashlib.sha256(dsn.encode()).hexdigest()[:16], limit)
        try:
            spool.make()
        except OSError as error:
            problems.append(f"{base}: {error.strerror}")
        else:
            if problems:
                logger.warning("Kaput keeps events in %s, because it cannot in %s.", base, "; ".join(problems))
            return spool
    logger.warning("Kaput cannot keep events on the disk; set KAPUT_SPOOL. %s", "; ".join(problems))
    return None


def event_id_of(name: str) -> str:
    """Returns the id of the event that a file of the spool holds."""
    return name.rpartition("-")[2].removesuffix(_SUFFIX)


def written_at(name: str) -> float:
    """Returns when an event was kept, in seconds since the epoch."""
    return int(name.partition("-")[0]) / 1e9


def surplus(sizes: Sequence[int], limit: int) -> list[int]:
    """Returns which of these must go, given the sizes in bytes from the oldest to the newest, so that the rest fits.

    Every second one of the older half goes, then every second of the older half of the rest, and so on: of the
    beginning of a long outage a sample stays, of its end all. Nothing goes while all fit.
    """
    total = sum(sizes)
    if total <= limit:
        return []
    left = list(range(len(sizes)))
    gone: list[int] = []
    while total > limit * KEPT and len(left) > 2:
        older = left[1 : max(2, len(left) // 2) : 2]
        for at in older:
            if total <= limit * KEPT:
                break
            total -= sizes[at]
            gone.append(at)
        left = sorted(set(left) - set(gone))
    return gone
