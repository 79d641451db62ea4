"""The records of a moment, appended together: one sync, one wake-up and one call back for all.

In: records and whom to tell. Out: the call that says they are durable, or why not. Only `door.py` imports it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from kaput.buffer.base import Appender
from kaput.model import Record

Told = Callable[[BaseException | None], None]
"""Is told that the records are durable (`None`), or why they never will be; raises nothing itself."""

SECONDS = 0.001
PAUSE, MANY = 0.010, 32
"""Seconds from one append to the next, unless so many wait: each append costs a sync and wakes two threads."""

Crowd = Callable[[], int]
"""Answers how many can wait at most at this moment: there are no more connections."""

_log = logging.getLogger(__name__)


class Gathering:
    """What waits to be appended; used by one thread, inside its event loop."""

    def __init__(self, appender: Appender, crowd: Crowd = lambda: MANY) -> None:
        self._appender = appender
        self._crowd = crowd
        self._records: list[Record] = []
        self._told: list[Told] = []
        self._not_before = 0.0
        self._pause: asyncio.TimerHandle | None = None

    def add(self, records: Sequence[Record], told: Told) -> None:
        """Appends the records after the first turn of the loop that brought no more, or after `SECONDS`.

        The next ones wait for the end of a pause before that, or until there are `MANY`, or nobody else can come.
        """
        loop = asyncio.get_running_loop()
        if not self._told and loop.time() < self._not_before:
            self._pause = loop.call_at(self._not_before, self._append, loop)
        elif not self._told:
            self._begin(loop)
        self._records += records
        self._told.append(told)
        if self._pause is not None and len(self._told) >= min(MANY, self._crowd()):
            self._pause.cancel()
            self._pause = None
            self._begin(loop)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_soon(self._wait, loop, 0, loop.time() + SECONDS)

    def _wait(self, loop: asyncio.AbstractEventLoop, before: int, end: float) -> None:
        """Looks at each turn whether the one before it brought anything: a sync costs as much for one as for ten."""
        count = len(self._told)
        if count > before and loop.time() < end:
            loop.call_soon(self._wait, loop, count, end)
        else:
            self._append(loop)

    def _append(self, loop: asyncio.AbstractEventLoop) -> None:
        self._pause = None
        self._not_before = loop.time() + PAUSE
        records, told = self._records, self._told
        self._records, self._told = [], []
        try:
            written = self._appender.append(records)
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait are told
            _tell(told, error)
            return

        def wake(done: Future[None]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_tell, told, done.exception())

        written.add_done_callback(wake)


def _tell(told: Sequence[Told], failure: BaseException | None) -> None:
    for tell in told:
        try:
            tell(failure)
        except Exception:  # noqa: BLE001  one who cannot hear it must not keep it from the others
            _log.exception("The answer to a request that was kept cannot be given.")
