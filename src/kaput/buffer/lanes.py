"""Two lanes: the events of a busy project do not stand in front of those of all others.

In: records and drops, from any thread. Out: segments of two writers, between which the reader takes turns. The roots
make it and hand it to accept as `buffer.base.Lanes`.

A project is busy when it sent much within a short time. While the digest keeps up, lanes change nothing; while it does
not, an error of a quiet project is still seen at once, beside any storm of another one
(docs/decisions/0028-lanes.md).
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from kaput.buffer.base import Appender
from kaput.buffer.writer import SegmentWriter
from kaput.model import CHECK_IN, Clock, Drop, Record

WINDOW_SECONDS = 10.0
CALM_RECORDS = 100
"""How much a project may send in a window before it is busy; it is busy then until a window brought less."""


class Traffic:
    """Who is busy now; safe to be used by any thread.

    Both counts are bounded by the records that are written in a window.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Makes one; `clock` gives seconds that are never set."""
        self._clock = clock
        self._end = clock() + WINDOW_SECONDS
        self._sent: Counter[int] = Counter()
        self._busy: frozenset[int] = frozenset()
        self._lock = threading.Lock()

    def is_busy(self, project_id: int, count: int) -> bool:
        """Counts what a project sends, and answers whether it is busy."""
        with self._lock:
            if self._clock() >= self._end:
                self._turn()
            self._sent[project_id] += count
            return project_id in self._busy or self._sent[project_id] > CALM_RECORDS

    def _turn(self) -> None:
        """Begins a window; when there was a pause before it, nobody is busy."""
        now = self._clock()
        lately = now < self._end + WINDOW_SECONDS
        busy = (project for project, count in self._sent.items() if count > CALM_RECORDS)
        self._busy = frozenset(busy) if lately else frozenset()
        self._sent.clear()
        self._end = now + WINDOW_SECONDS


class SegmentLanes:
    """Implements `kaput.buffer.base.Lanes` with a writer for each lane; the second one is made when it is needed."""

    def __init__(self, make: Callable[[], SegmentWriter], traffic: Traffic) -> None:
        """Makes the lanes; `make` makes a writer."""
        self._make = make
        self._traffic = traffic
        self._calm = self._last = make()
        self._busy: SegmentWriter | None = None
        self._lock = threading.Lock()

    def lane(self, records: Sequence[Record]) -> Appender:
        """See `kaput.buffer.base.Lanes.lane`."""
        # A check-in that waits would be told as a run that did not come; nothing must overtake it either.
        punctual = any(record.kind == CHECK_IN for record in records)
        self._last = self._choose(busy=not punctual and self._traffic.is_busy(records[0].project_id, len(records)))
        return self._last

    def append(self, records: Sequence[Record]) -> Future[None]:
        """See `kaput.buffer.base.Appender.append`; all records are of one project."""
        return self.lane(records).append(records)

    def note(self, drops: Sequence[Drop]) -> None:
        """See `kaput.buffer.base.Appender.note`."""
        self._calm.note(drops)

    def failure(self) -> str:
        """See `kaput.buffer.base.Appender.failure`."""
        return self._last.failure()

    def close(self) -> None:
        """See `kaput.buffer.base.Appender.close`."""
        for writer in self._writers():
            writer.close()

    def let_go(self) -> None:
        """Closes the files in a process that was forked; see `SegmentWriter.let_go`."""
        for writer in self._writers():
            writer.let_go()

    def _choose(self, *, busy: bool) -> SegmentWriter:
        if not busy:
            return self._calm
        with self._lock:
            if self._busy is None:
                self._busy = self._make()
            return self._busy

    def _writers(self) -> list[SegmentWriter]:
        return [self._calm] if self._busy is None else [self._calm, self._busy]


def segment_lanes(directory: Path, segment_size: int, clock: Clock) -> SegmentLanes:
    """Makes the lanes of one process; the arguments are those of `SegmentWriter`."""
    return SegmentLanes(lambda: SegmentWriter(directory, segment_size, clock), Traffic())
