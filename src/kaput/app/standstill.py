"""Notices that nothing becomes visible any more: the worker is dead, or waits for the database or the disk.

In: how far the buffer is read and how many bytes wait, asked twice a second. Out: a sentence for the page.
`app/application.py` makes it.
"""

import time
from collections.abc import Callable, Sequence

from kaput.model import Position

LONGEST_SECONDS = 15.0
"""A batch takes a tenth of a second, and a write waits five for a lock."""


class Standstill:
    """What was seen of the worker's progress.

    Args:
        positions: answers how far each segment is read.
        waiting: answers how many bytes of accepted events are not read.
        elapsed: seconds of a clock that nobody sets.
    """

    def __init__(
        self,
        positions: Callable[[], Sequence[Position]],
        waiting: Callable[[], int],
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._positions = positions
        self._waiting = waiting
        self._elapsed = elapsed
        self._seen: Sequence[Position] = ()
        self._since = elapsed()

    def measure(self) -> None:
        """Looks again."""
        positions = self._positions()
        if positions != self._seen or not self._waiting():
            self._seen = positions
            self._since = self._elapsed()

    def problems(self) -> list[str]:
        """Returns what is wrong, in a sentence with what to do."""
        seconds = self._elapsed() - self._since
        if seconds < LONGEST_SECONDS:
            return []
        told = f"Accepted events wait, and none has become visible for {seconds:.0f} s. None is lost."
        return [f"{told} Another program may hold the database, or the disk is full. Run: kaput check"]
