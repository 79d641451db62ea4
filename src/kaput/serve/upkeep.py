"""Keeps the data directory within its limits: a thread of the work process that deletes a little at a time.

In: the store's retention, the settings, a function that measures. Out: fewer events, a smaller file, a note of what was
measured. `serve/work.py` runs it.

After each step it waits as long as the step held the write lock, so that at least every second turn is the worker's.
What it has to look for costs it at most a fiftieth of the time.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import msgspec

from kaput.config import Settings
from kaput.errors import StoreUnavailable
from kaput.model import SPACE, Clock, Regroup, Signal, Space
from kaput.store.base import Limits, Store, Swept

ROUND_SECONDS = 1.0
SHORTEST_PAUSE = 0.002
FAILED_SECONDS = 30.0
WALK_SECONDS = 6 * 3600.0
"""From the beginning of one walk over everything to that of the next."""
WALK_STEPS = 50
"""Steps of the walk in one round."""
TIDY_SECONDS = 3600.0
"""From one look for files that nobody names, and attachments whose event never came, to the next."""
MEASURE_SECONDS = 10.0
REST = 50
"""Looking is followed by a rest of so many times as long."""
RESERVE = 256
"""Pages that stay free in the file: a batch needs some soon."""
RESERVE_PART = 32
"""While there is room on the disk, one page in so many may be free besides: new events take them."""
HEADROOM = 50
"""When there is too much, one part in so many of the budget goes besides."""
CHANGE = 50
"""What was measured is noted when it changed by one part in so many."""

_log = logging.getLogger(__name__)


@dataclass
class Upkeep:
    """The upkeep of one data directory; used by one thread.

    Attributes:
        measure: looks at the directory; is told the bytes that the database gives back anyway.
        regroup: groups a stored event as it would be today.
        timer: measures how long looking takes, and when to look again.
    """

    store: Store
    settings: Settings
    measure: Callable[[int], Space]
    clock: Clock
    timer: Callable[[], float] = time.monotonic
    regroup: Regroup | None = None
    _row: int = -1
    _crowd_due: float = 0.0
    _walk_due: float = 0.0
    _measure_due: float = 0.0
    _tidy_due: float = 0.0
    _walk: Iterator[Swept] = field(default_factory=lambda: iter(()))
    _noted: Space | None = None

    @property
    def limits(self) -> Limits:
        """How long and how many events stay."""
        return Limits(self.settings.retention_days, self.settings.retention_events_per_issue)

    def run(self, end: Signal) -> None:
        """Works until `end` is set."""
        pause = ROUND_SECONDS
        while not end.wait(pause):
            try:
                for swept in self.round():
                    if end.wait(max(SHORTEST_PAUSE, swept.held)):
                        return
                pause = ROUND_SECONDS
            except (StoreUnavailable, OSError) as error:
                _log.warning("Old events stay for now; the next try is in %d s: %s", FAILED_SECONDS, error)
                pause, self._walk_due = FAILED_SECONDS, 0.0
            except Exception:  # noqa: BLE001 - if this thread ended, the disk would fill
                _log.exception("The deletion of old events failed; the next try is in %d s.", FAILED_SECONDS)
                pause, self._walk_due = FAILED_SECONDS, 0.0

    def round(self) -> Iterator[Swept]:
        """Does what is due, in steps; most rounds find that nothing is."""
        yield from self._move()
        yield from self._thin()
        yield from self._walk_on()
        if self.timer() >= self._tidy_due:
            self._tidy_due = self.timer() + TIDY_SECONDS
            self.store.attachments.sweep()
        if self.timer() >= self._measure_due:
            yield from self._fit()

    def _move(self) -> Iterator[Swept]:
        """Goes on with merges, splits and deletions of issues until all their events have moved or gone."""
        steps: list[Callable[[], Swept]] = [self.store.merges.step, partial(self.store.removals.step, self.regroup)]
        if self.regroup is not None:
            steps.append(partial(self.store.regroupings.step, self.regroup))
        for step in steps:
            while (swept := step()).rows:
                yield swept

    def _thin(self) -> Iterator[Swept]:
        row = self.store.retention.last_row()
        began = self.timer()
        if began < self._crowd_due or row == self._row:
            return
        steps = self.store.retention.crowd(self.limits)
        next(steps, None)  # looks for them
        self._crowd_due = self.timer() + REST * (self.timer() - began)
        idle = True
        for swept in steps:
            idle = False
            yield swept
        if idle:
            self._row = row

    def _walk_on(self) -> Iterator[Swept]:
        """Goes on with the walk over everything, or begins the next one."""
        if self.timer() >= self._walk_due:
            self._walk_due = self.timer() + WALK_SECONDS
            self._walk = self.store.retention.old(self.limits)
        for _ in range(WALK_STEPS):
            swept = next(self._walk, None)
            if swept is None:
                return
            yield swept

    def _fit(self) -> Iterator[Swept]:
        """Measures, makes room where there is too much, and gives back what is free."""
        began = self.timer()
        space = self._measured()
        self._measure_due = self.timer() + max(MEASURE_SECONDS, REST * (self.timer() - began))
        full = bool(space.budget) and space.used > space.budget
        gone = 0
        if space.excess:
            for swept in self.store.retention.shrink(space.excess + space.budget // HEADROOM):
                gone += swept.rows
                yield swept
        pages = self.store.retention.pages()
        yield from self.store.retention.give_back(RESERVE + (0 if full else pages.total // RESERVE_PART))
        if full:
            space = self._measured()
            space = msgspec.structs.replace(space, exhausted=space.excess > 0 and not gone)
            if space.excess and gone:
                self._measure_due = began  # deleted bytes are not pages yet: the next round goes on
        self._note(space)

    def _measured(self) -> Space:
        pages = self.store.retention.pages()
        return self.measure(max(0, pages.free - RESERVE) * pages.size + pages.log)

    def _note(self, space: Space) -> None:
        """Keeps what was measured for the page, when it is news."""
        if self._noted is None or _differ(self._noted, space):
            self.store.facts.set(SPACE, msgspec.json.encode(space).decode())
            self._noted = space


def _differ(one: Space, other: Space) -> bool:
    if (one.exhausted, one.budget == 0) != (other.exhausted, other.budget == 0):
        return True
    pairs = ((one.used, other.used), (one.budget, other.budget))
    return any(abs(before - after) * CHANGE > max(before, 1) for before, after in pairs)
