"""The overload answer: told to every client long before the disk is in danger.

In: the backlog's bytes and the free bytes of the disk, measured by a thread, and what the buffer says of the disk.
Out: a refusal for accept, or sentences for the page. `app/application.py` makes it.
"""

from collections.abc import Callable
from pathlib import Path

from kaput.config import Settings, Size
from kaput.directory import LEAST_FREE, free_bytes
from kaput.errors import Refused

RETRY_SECONDS = 30
MEGABYTE = 1000**2


class Pressure:
    """What the disk and the backlog say at this moment."""

    def __init__(
        self,
        settings: Settings,
        backlog: Callable[[], int],
        free: Callable[[Path], int] = free_bytes,
        failure: Callable[[], str] = lambda: "",
    ) -> None:
        self._settings = settings
        self._backlog = backlog
        self._free = free
        self._failure = failure
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

    def waiting(self) -> int:
        """Returns how many bytes of accepted events waited at the last measurement."""
        return self._backlog_now

    def problems(self) -> list[str]:
        """Returns what is wrong, in a sentence with what to do."""
        failure = self._failure()
        if self._refusal is None and failure:
            words = f"The disk of {self._settings.data} does not take events: {failure}."
            return [f"{words} Clients are told to come back; events that they cannot keep are lost. Mend the disk."]
        if self._refusal is None:
            return []
        if self._refusal.reason == "disk_full":
            left = f"The disk of {self._settings.data} has {self._free_now // MEGABYTE} MB left."
            return [f"{left} Clients are told to come back; events that they cannot keep are lost. Make space."]
        waiting = f"{self._backlog_now // MEGABYTE} MB of accepted events wait to be digested."
        return [f"{waiting} Clients are told to come back until there are fewer."]

    def _judge(self) -> Refused | None:
        if self._free_now < max(self._settings.min_free, LEAST_FREE):
            return Refused(503, "disk_full", "The disk of the server is nearly full; come back later.", RETRY_SECONDS)
        if self._backlog_now > most_backlog(self._settings):
            return Refused(429, "overload", "The server has more events than it can digest now.", RETRY_SECONDS)
        return None


def most_backlog(settings: Settings) -> int:
    """Returns the bytes that may wait: never more than half of what the data directory may take, when that is set."""
    limit = settings.retention_disk
    return min(settings.max_backlog, limit // 2) if isinstance(limit, Size) and limit else settings.max_backlog
