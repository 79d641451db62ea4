"""The election: of all processes that have the directory open, one leads.

In: settings, and what leading means. Out: a thread that leads once nobody else does. `tracker.py` starts it.

Whoever holds the lock of the directory leads, and `kaput serve` takes the same lock. The system takes it from a process
that ends, however it ends; the next one sees that within `GLANCE_SECONDS`.
"""

import logging
import os
import threading
from collections.abc import Callable
from typing import Protocol

from kaput.config import Settings
from kaput.directory import make_directory, open_lock, take_lock
from kaput.errors import KaputError

GLANCE_SECONDS = 0.25
AGAIN_SECONDS = 5.0
STOP_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Leader(Protocol):
    """What a leader does."""

    def run(self) -> None:
        """Works until it is told to stop."""

    def stop(self) -> None:
        """Ends `run`."""

    def let_go(self) -> None:
        """Closes the files in a process that was forked."""


class Election:
    """The candidacy of one process.

    Attributes:
        problem: why this process cannot lead, in a sentence; empty when it can, or another one does.
    """

    def __init__(self, settings: Settings, make: Callable[[], Leader]) -> None:
        """Begins nothing yet.

        Args:
            settings: of the directory.
            make: makes a leader; called in a thread of its own, so that it may load much.
        """
        self.problem = ""
        self._settings = settings
        self._make = make
        self._stop = threading.Event()
        self._fd: int | None = None
        self._leader: Leader | None = None
        self._thread = threading.Thread(target=self._run, name="kaput-election", daemon=True)

    @property
    def leads(self) -> bool:
        """Whether this process leads."""
        return self._leader is not None

    def start(self) -> None:
        """Begins to wait for the lead."""
        self._thread.start()

    def stop(self) -> None:
        """Leaves the lead to others."""
        self._stop.set()
        leader = self._leader
        if leader is not None:
            leader.stop()
        self._thread.join(STOP_SECONDS)

    def let_go(self) -> None:
        """Closes the files in a process that was forked: else the lead would not end with the one that has it."""
        if self._fd is not None:
            os.close(self._fd)
        if self._leader is not None:
            self._leader.let_go()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._stand()
            except KaputError as error:
                self._fail(str(error))
            except Exception as error:  # noqa: BLE001 - whatever it is, the application goes on and it is tried again
                _log.exception("Kaput failed inside the application.")
                self._fail(f"{type(error).__name__}: {error}")

    def _stand(self) -> None:
        """Waits for the lead, and leads until the end."""
        make_directory(self._settings)
        fd = self._fd = open_lock(self._settings)
        try:
            while not take_lock(fd):
                if self._stop.wait(GLANCE_SECONDS):
                    return
            self._leader = self._make()
            if not self._stop.is_set():
                self._leader.run()
        finally:
            self._leader = self._fd = None
            os.close(fd)

    def _fail(self, problem: str) -> None:
        if problem != self.problem:
            _log.error("Kaput cannot work inside the application: %s", problem)
        self.problem = problem
        self._stop.wait(AGAIN_SECONDS)
