"""What becomes of a request, told the same by every door.

In: what was taken, or what went wrong. Out: an `Answer`, and the `Drop` that counts what is lost. `door.py`,
`wsgi.py` and the roots import it.
"""

import logging

from kaput.accept import reply, route
from kaput.accept.auth import Keys
from kaput.accept.intake import Taken
from kaput.accept.request import Answer, Request
from kaput.buffer.base import Appender
from kaput.errors import Refused
from kaput.model import Clock, Drop

_log = logging.getLogger(__name__)


class Tally:
    """Counts what is lost at the door; safe to be used by any thread."""

    def __init__(self, appender: Appender, clock: Clock) -> None:
        self._appender = appender
        self._clock = clock

    def note(self, reason: str, project_id: int, count: int = 1) -> None:
        """Counts drops; raises nothing."""
        try:
            self._appender.note([Drop(reason, count, self._clock(), project_id)])
        except Exception:  # noqa: BLE001  the answer matters more than the count
            _log.exception("%d dropped for %s could not be counted.", count, reason)

    def failed(self, request: Request, error: BaseException) -> Answer:
        """Answers a request at which the code failed."""
        _log.error("A request to %.100r failed.", request.path, exc_info=error)
        self.note("internal_error", 0)
        # One second: what failed here need not fail for the client's next event.
        failure = Refused(503, "internal_error", "The server failed at this request; its log says why.", 1)
        return reply.refused(failure, request.path)

    def unwritten(self, taken: Taken, request: Request, failure: BaseException) -> Answer:
        """Answers a request whose records the disk did not take."""
        self.note("buffer_unwritable", taken.records[0].project_id, len(taken.records))
        return reply.refused(Refused(503, "buffer_unwritable", str(failure)), request.path)


def kept(taken: Taken, request: Request) -> Answer:
    """Answers a request whose records are durable."""
    if taken.answer is not None:
        return taken.answer
    return reply.PIXEL if request.method == "GET" else reply.kept(taken.answer_id)


def named_project(path: str, keys: Keys) -> int:
    """Returns the project that the path names, if there is one; what is refused is counted there."""
    try:
        named = route.find(path).project_id
    except Refused:
        return 0
    return named if named in keys.projects else 0
