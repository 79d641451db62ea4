"""The bell: how a writer in one process wakes the reader in another, at once and without a server.

A FIFO in the spool directory. Writers ring without waiting: when nobody listens, the ring is not needed, since the
reader looks at the segments when it starts. Only the files of this stage import it.
"""

import contextlib
import os
import select
from pathlib import Path

NAME = "wake"


class Ringer:
    """The writer's side."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME
        self._fd: int | None = None

    def ring(self) -> None:
        """Wakes the reader, if there is one."""
        try:
            if self._fd is None:
                self._fd = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.write(self._fd, b"!")
        except BlockingIOError:
            return  # the FIFO is full of rings: the reader will wake
        except OSError:
            self.close()

    def close(self) -> None:
        """Lets go of the FIFO."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


class Listener:
    """The reader's side; makes the FIFO when it is not there."""

    def __init__(self, directory: Path) -> None:
        path = directory / NAME
        if not path.is_fifo():
            path.unlink(missing_ok=True)  # a directory that was restored from a backup may have a file there
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        # Read and write: the FIFO then never ends when the last writer goes, and the reader can ring itself.
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def wait(self, seconds: float) -> None:
        """Returns at the next ring, or after `seconds`."""
        select.select([self._fd], [], [], max(0.0, seconds))
        with contextlib.suppress(BlockingIOError):
            os.read(self._fd, 65536)

    def ring(self) -> None:
        """Wakes this listener itself; safe in a signal handler."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._fd, b"!")

    def close(self) -> None:
        """Lets go of the FIFO."""
        os.close(self._fd)
