"""Looks at the outbox again and again: at once when woken, and when something is due.

In: a function that looks. Out: nothing; it runs until it is told to stop. Imported by `tell/outbox.py` and
`tell/lanes.py`.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress

from kaput.errors import StoreUnavailable
from kaput.model import Clock, Signal

IDLE = 30.0
"""Seconds after which the outbox is looked at without being woken."""

GLANCE = 1.0
"""Seconds after which it is seen that another process wrote a notice."""

FIRST_PAUSE = 1.0
"""Seconds until the store is asked again when it did not answer; doubled each time, up to `IDLE`."""

BREATH = 4.0
"""Seconds of rest for each second of processor time: with 50,000 notices held back a look takes 0.05 s, and the worker
may wake it at each of its commits."""

LONGEST_BREATH = 1.0

logger = logging.getLogger(__name__)

Look = Callable[[float], float | None]
"""Sends what is due at a time, and answers the seconds until something is due; None when nothing waits."""


def run(look: Look, newest: Callable[[], int], clock: Clock, stop: Signal, wake: Signal) -> None:
    """Looks until `stop` is set.

    Args:
        look: what is done again and again.
        newest: answers the id of the newest notice, cheaply; raises StoreUnavailable.
        clock: seconds since the epoch.
        stop: ends it.
        wake: makes it look at once; has to be set with `stop` too.
    """
    pause, seen = FIRST_PAUSE, 0
    while not stop.is_set():
        wake.clear()
        begin = time.thread_time()
        try:
            seen = newest()
            rest = look(clock())
            pause = FIRST_PAUSE
        except Exception as error:  # noqa: BLE001 a locked database or a full disk must not end all mail
            logger.warning("The outbox is looked at again in %.0f s: %s: %s", pause, type(error).__name__, error)
            rest, pause = pause, min(2 * pause, IDLE)
        stop.wait(min(BREATH * (time.thread_time() - begin), LONGEST_BREATH))
        _wait(IDLE if rest is None else min(rest, IDLE), wake, newest, seen)


def _wait(seconds: float, wake: Signal, newest: Callable[[], int], seen: int) -> None:
    """Waits until it is woken, there is a newer notice than `seen`, or the time is over."""
    end = time.monotonic() + seconds
    while not wake.wait(max(0.0, min(GLANCE, end - time.monotonic()))):
        if time.monotonic() >= end:
            return
        with suppress(StoreUnavailable):
            if newest() != seen:
                return
