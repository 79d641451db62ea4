"""The overload answer: told to every client long before the disk is in danger.

In: the backlog's bytes and the free bytes of the disk, measured by a thread. Out: a refusal for accept, or sentences
for the page. `app/application.py` makes it.
"""

import os
from collections.abc import Callable
from pathlib import Path

from kaput.config import Settings
from kaput.errors import Refused

RETRY_SECONDS = 30
MEGABYTE = 1000**2


class Pressure:
    """What the disk and the backlog say at this moment."""

    def __init__(
        self, settings: Settings, backlog: Callable[[], int], free: Callable[[Path], int] | None = None
    ) -> None:
        self._settings = settings
        self._backlog = backlog
        self._free = free or free_bytes
        self._free_now = 0
        self._backlog_now = 0
        self._refusal: Refused | None = None

    def __call__(self) -> Refused | None:
        """Returns the refusal that every client gets now, or None."""
        return self._refusal

    def measure(self) -> None:
        """Measures again."""
        self._free_now = self._free(self._settings.data)
        self._backlog_now = self._backlog()
        self._refusal = self._judge()

    def problems(self) -> list[str]:
        """Returns what is wrong, in a sentence with what to do."""
        if self._refusal is None:
            return []
        if self._refusal.reason == "disk_full":
            left = f"The disk of {self._settings.data} has {self._free_now // MEGABYTE} MB left."
            return [f"{left} Clients are told to come back; events that they cannot keep are lost. Make space."]
        waiting = f"{self._backlog_now // MEGABYTE} MB of accepted events wait to be digested."
        return [f"{waiting} Clients are told to come back until there are fewer."]

    def _judge(self) -> Refused | None:
        if self._free_now < self._settings.min_free:
            return Refused(503, "disk_full", "The disk of the server is nearly full; come back later.", RETRY_SECONDS)
        if self._backlog_now > self._settings.max_backlog:
            return Refused(429, "overload", "The server has more events than it can digest now.", RETRY_SECONDS)
        return None


def free_bytes(path: Path) -> int:
    """Returns the bytes that an ordinary user can still write on the disk of a path."""
    disk = os.statvfs(path)
    return disk.f_bavail * disk.f_frsize
