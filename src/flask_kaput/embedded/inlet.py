"""Where events come in, in one process of the application: straight into the buffer, without HTTP or from a browser.

In: events of this process, requests of others. Out: segments of this process's own writers. Nothing here loads
SQLAlchemy: every process of the application has an inlet, one only has the rest. `tracker.py` opens it.
"""

import logging
import threading
import time
from collections.abc import Callable

from flask_kaput.transport import kind_of
from kaput import __version__
from kaput.accept import feedback
from kaput.accept.auth import Keys
from kaput.accept.limits import Limits
from kaput.accept.outcome import Tally
from kaput.accept.wsgi import WsgiDoor
from kaput.app.keytable import KeyTable
from kaput.app.pressure import Pressure
from kaput.buffer.lanes import segment_lanes
from kaput.buffer.reader import backlog_bytes
from kaput.config import Settings
from kaput.directory import make_directory
from kaput.errors import BufferUnwritable, Refused, StoreUnavailable
from kaput.model import EVENT, FEEDBACK, Clock, Record
from kaput.store.keyring import Keyring

PROJECT = 1
"""The project of the application itself: the first one that a new database has."""

DURABLE_SECONDS = 0.25
"""How long a failing request waits at most until its event is on the disk; a moment is enough for most disks."""

LATELY_SECONDS = 0.5
CLIENT = f"kaput.flask/{__version__}"

_log = logging.getLogger(__name__)


class Inlet:
    """The way in of one process; safe to be used by any thread.

    Attributes:
        door: answers the requests of SDKs.
    """

    def __init__(self, settings: Settings, clock: Clock = time.time) -> None:
        """Opens it; raises StartError when the data directory cannot be used."""
        make_directory(settings)
        self._clock = clock
        limits = Limits(settings.max_body, settings.max_unpacked, max_attachment=settings.max_attachment)
        self._lanes = segment_lanes(settings.spool, settings.segment_size, clock)
        self._tally = Tally(self._lanes, clock)
        self._keys = KeyTable(Keyring(settings.database))
        # All bytes of the buffer: how far it was read stands in the database, which is not loaded here.
        self._pressure = Pressure(settings, lambda: backlog_bytes(settings.spool, ()), failure=self._lanes.failure)
        self._refresh = _Lately(self._keys.refresh)
        self._measure = _Lately(self._pressure.measure)
        self.door = WsgiDoor(self._lanes, self._known_keys, limits, clock, self._refusal)

    def keep(self, event_id: str, payload: bytes) -> None:
        """Keeps an event of this process, given as JSON, and returns when it is durable; raises nothing.

        A disk that takes longer than `DURABLE_SECONDS` is not waited for: the event is written when it can be.
        """
        try:
            refusal = self._refusal()
            if refusal is not None:
                raise refusal
            self._lanes.append([self._record(event_id, payload)]).result(DURABLE_SECONDS)
        except TimeoutError:
            _log.warning("The disk takes longer than %g s for an event.", DURABLE_SECONDS)
        except Refused as refusal:
            self._tally.note(refusal.reason, PROJECT)
            _log.warning("An event of this application was not kept: %s", refusal)
        except BufferUnwritable as error:
            self._tally.note("buffer_unwritable", PROJECT)
            _log.warning("An event of this application was not kept: %s", error)

    def problems(self) -> list[str]:
        """Returns what is wrong here, in sentences."""
        self._refusal()
        return self._pressure.problems()

    def close(self) -> None:
        """Makes everything durable and ends the segment."""
        self._lanes.close()

    def let_go(self) -> None:
        """Closes the files in a process that was forked from the one that opened them."""
        self._lanes.let_go()

    def _record(self, event_id: str, payload: bytes) -> Record:
        kind, body = EVENT, payload
        if kind_of(payload) == FEEDBACK:
            kind, body = FEEDBACK, feedback.of_item(FEEDBACK, payload)
        return Record(PROJECT, event_id, self._clock(), body, CLIENT, kind=kind)

    def _refusal(self) -> Refused | None:
        """Returns the refusal that everyone gets now, as it was measured lately."""
        self._measure()
        return self._pressure()

    def _known_keys(self) -> Keys:
        try:
            self._refresh()
        except StoreUnavailable as error:
            _log.info("%s", error)  # those that were read last stay good
        keys = self._keys()
        if not keys.projects:
            raise Refused(503, "starting", "Kaput is starting; send the event again in a moment.", 2)
        return keys


class _Lately:
    """Does something when the last time was a while ago; one thread does, the others do not wait for it."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action
        self._due = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> None:
        if time.monotonic() < self._due or not self._lock.acquire(blocking=False):
            return
        try:
            self._action()
            self._due = time.monotonic() + LATELY_SECONDS
        finally:
            self._lock.release()
