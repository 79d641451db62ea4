"""The counts, taken at most once a second: anyone may ask `/metrics`, and a large backlog takes time to count.

In: `read_stats` and a clock. Out: counts that are a second old at most. `view/pages.py` makes it, `view/metrics.py`
reads it; the page itself shows what is counted at the moment.
"""

import threading

from kaput.model import Clock, ReadStats, Stats

SECONDS = 1.0


class RecentStats:
    """Implements `kaput.model.ReadStats`; safe from any thread."""

    def __init__(self, read: ReadStats, clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._taken = 0.0
        self._stats: Stats | None = None

    def __call__(self) -> Stats:
        """Returns the counts of this second."""
        with self._lock:
            now = self._clock()
            # A clock that was set back makes the counts old, not forever young.
            if self._stats is None or not 0 <= now - self._taken < SECONDS:
                self._stats = self._read()
                self._taken = now
            return self._stats
