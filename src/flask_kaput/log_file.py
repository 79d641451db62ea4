"""The log file that many processes may write at once. In: safe records. Out: lines, in a file that is rotated.

concurrent-log-handler writes and rotates under a lock file beside the log. It is made at the first record of a
process: an application that a preloading server loads shares no file with its workers, and a command that another
user runs leaves no file that the server cannot write. `extension.py` makes it.
"""

import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from concurrent_log_handler import ConcurrentRotatingFileHandler, ConcurrentTimedRotatingFileHandler

_WHEN = {"hour": "H", "day": "midnight", "week": "W0"}
_SILENCE = 60.0
"""Seconds between two complaints of a process about a file that cannot be written."""


class LogFile(logging.Handler):
    """A handler that writes a file, with rotation by size, by time, or both."""

    def __init__(
        self,
        path: Path,
        *,
        size: int = 0,
        every: str = "",
        keep: int = 10,
        compress: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Describes the file; nothing is opened yet.

        Args:
            path: of the newest file; older ones have a suffix.
            size: bytes at which a new file begins; 0: none does for its size.
            every: how often a new file begins; empty: never for its age.
            keep: how many older files stay.
            compress: whether older files are compressed with gzip.
            clock: seconds, for the pause between complaints.
        """
        super().__init__()
        self.path = path
        self._rotation = (size, every, keep, compress)
        self._clock = clock
        self._file: ConcurrentRotatingFileHandler | ConcurrentTimedRotatingFileHandler | None = None
        self.lost = 0
        """Records that could not be written."""
        self._told = 0
        self._complained = -_SILENCE

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a record."""
        try:
            self._opened().emit(record)
        except Exception:  # noqa: BLE001 - a log never breaks what it tells of
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - the standard library's signature
        """Counts a record that could not be written, and says so on stderr, at most once a minute."""
        self.lost += 1
        now = self._clock()
        if now - self._complained < _SILENCE or sys.stderr is None:
            return
        self._complained = now
        error = sys.exc_info()[1]
        sys.stderr.write(
            f"Kaput cannot write the log file {self.path}: {error}. {self.lost - self._told} records were lost."
            " `flask kaput check` shows who may write it.\n"
        )
        self._told = self.lost

    def close(self) -> None:
        """Closes the file; another record opens it again."""
        self.acquire()
        try:
            if self._file is not None:
                self._file.close()
                self._file = None
        finally:
            self.release()
        super().close()

    def setFormatter(self, fmt: logging.Formatter | None) -> None:
        """Sets the formatter, of the open file too."""
        super().setFormatter(fmt)
        if self._file is not None:
            self._file.setFormatter(fmt)

    def _opened(self) -> ConcurrentRotatingFileHandler | ConcurrentTimedRotatingFileHandler:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._made()
            self._file.setFormatter(self.formatter)
            self._file.handleError = self.handleError  # type: ignore[method-assign]  # one place for complaints
        return self._file

    def _made(self) -> ConcurrentRotatingFileHandler | ConcurrentTimedRotatingFileHandler:
        size, every, keep, compress = self._rotation
        if every:
            return ConcurrentTimedRotatingFileHandler(
                str(self.path),
                when=_WHEN[every],
                backupCount=keep,
                encoding="utf-8",
                maxBytes=size,
                use_gzip=compress,
                unicode_error_policy="replace",
            )
        return ConcurrentRotatingFileHandler(
            str(self.path),
            maxBytes=size,
            backupCount=keep,
            encoding="utf-8",
            use_gzip=compress,
            unicode_error_policy="replace",
        )


def lock_of(path: Path) -> Path:
    """Returns the file beside a log that all who write the log have to open, and the first one makes."""
    return Path(*ConcurrentRotatingFileHandler.baseLockFilename(str(path)))
