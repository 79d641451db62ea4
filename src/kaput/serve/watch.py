"""The watch over jobs that run by the clock, between the digest and the store.

In: batches with check-ins, and the clock. Out: batches with what they mean: monitors, and an event for each failure
that is told. `serve/work.py` makes it.

A batch is stored whole or not at all, so a failed run is told once: whoever is killed before judges the same again.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from kaput.digest.monitor import begun, judge
from kaput.model import Batch, CheckIn, Clock, Digested, Drop, Monitor, Run, Watched
from kaput.store.base import Monitors

LOOK_SECONDS = 1.0
MOST_MONITORS = 500
"""Monitors of a project, each environment by itself."""
MOST_AT_ONCE = 200
TOO_MANY = "too_many_monitors"
STUCK = "Kaput failed at this monitor, and waits for its next check-in; its log says why."

_log = logging.getLogger(__name__)

Key = tuple[int, str, str]


class Watch:
    """Implements `kaput.model.Watch`; used by one thread."""

    def __init__(self, monitors: Monitors, clock: Clock) -> None:
        self._monitors = monitors
        self._clock = clock
        self._looked_at = 0.0

    def take(self, batch: Batch) -> Batch:
        """See `kaput.model.Watch.take`."""
        check_ins = [aside for aside in batch.asides if isinstance(aside, CheckIn)]
        if not check_ins:
            return batch
        by_key: defaultdict[Key, list[CheckIn]] = defaultdict(list)
        for check_in in check_ins:
            by_key[check_in.project_id, check_in.slug, check_in.environment].append(check_in)
        known = {_key(monitor): (monitor, runs) for monitor, runs in self._monitors.concerned(check_ins)}
        drops = self._beyond(by_key, known)
        watched: list[Watched] = []
        told: list[Digested] = []
        for key, said in by_key.items():
            monitor, runs = known.get(key) or (begun(said[0]), [])
            one, events = judge(monitor, runs, said, self._clock())
            watched.append(one)
            told += events
        return replace(batch, digested=[*batch.digested, *told], drops=[*batch.drops, *drops], watched=watched)

    def look(self) -> Batch:
        """See `kaput.model.Watch.look`; asks the database at most once a second."""
        batch = Batch([], [], [], [])
        now = self._clock()
        if 0 <= now - self._looked_at < LOOK_SECONDS:
            return batch
        self._looked_at = now
        for monitor, runs in self._monitors.due(now, MOST_AT_ONCE):
            one, events = _judged(monitor, runs, now)
            batch.watched.append(one)
            batch.digested.extend(events)
        return batch

    def _beyond(self, by_key: dict[Key, list[CheckIn]], known: dict[Key, tuple[Monitor, list[Run]]]) -> list[Drop]:
        """Takes out the check-ins of new jobs for which there is no room, and counts them."""
        new = [key for key in by_key if key not in known]
        counts = defaultdict(int, self._monitors.counts()) if new else {}
        drops = []
        for key in new:
            counts[key[0]] += 1
            if counts[key[0]] > MOST_MONITORS:
                drops.append(Drop(TOO_MANY, len(by_key.pop(key)), self._clock(), key[0]))
        return drops


def _judged(monitor: Monitor, runs: Sequence[Run], now: float) -> tuple[Watched, list[Digested]]:
    """Judges by the clock; a fault at one monitor must cost no other, and not come back every second."""
    try:
        return judge(monitor, runs, (), now)
    except Exception:  # noqa: BLE001  whatever it is, the others are judged
        _log.exception("The monitor %s of project %d cannot be judged.", monitor.slug, monitor.project_id)
        return Watched(replace(monitor, due=None, problem=STUCK)), []


def _key(monitor: Monitor) -> Key:
    return monitor.project_id, monitor.slug, monitor.environment
