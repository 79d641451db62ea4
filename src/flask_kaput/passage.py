"""One passage of work through an application, a request or a command, and what the parts note of it meanwhile.

In: the request's environ, or an application context without a request. Out: the `Passage` that is going on now, for the
parts that are handed `Passages`. Nothing here starts, sends or raises.
"""

import logging
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from types import CodeType
from typing import Any
from weakref import ref

from flask import Flask, Request, current_app, g, has_app_context, has_request_context, request

NOTED = "_kaput_passage"
"""Name in `flask.g`, for work that did not come through the server's door: a command, a test's request context."""


class Passage:
    """One request or command.

    Attributes:
        environ: the request's; None outside of one.
        request_id: at most 128 characters that are safe in a header and a log line; empty outside of a request.
        records: the last log records, oldest first, not formatted yet; `keep` adds to them.
        reported: what was reported, with the ids of its events.
        request: the request once Flask made it; None before, and outside of one.
    """

    __slots__ = ("_most", "environ", "records", "reported", "request", "request_id")

    def __init__(self, environ: dict[str, Any] | None, request_id: str, most: int) -> None:
        self.environ = environ
        self.request_id = request_id
        self._most = most
        self.records: list[logging.LogRecord] = []  # a deque costs a request that logs nothing 15 times as much
        self.reported: list[tuple[BaseException, str]] = []
        self.request: Request | None = None

    def keep(self, record: logging.LogRecord) -> None:
        """Keeps a log record, instead of the oldest one when there are enough."""
        self.records.append(record)
        del self.records[: max(0, len(self.records) - self._most)]

    def event_id_of(self, error: BaseException) -> str | None:
        """Returns the id under which an exception was reported; None when it was not.

        A function that failed after the view is called once more for the page of its error, and fails in the same way.
        """
        return next((event_id for known, event_id in self.reported if known is error or _is_echo(error, known)), None)


class Passages:
    """The passages of one application; each thread, task or greenlet has at most one at a time."""

    def __init__(self, app: Flask, identify: Callable[[Mapping[str, Any]], str], records: int) -> None:
        self._app = ref(app)
        self._identify = identify
        self._records = records
        self._current: ContextVar[Passage | None] = ContextVar("kaput_passage", default=None)

    def begin(self, environ: dict[str, Any]) -> Passage:
        """Returns the passage of a request that comes in."""
        return Passage(environ, self._identify(environ), self._records)

    def outside(self) -> Passage:
        """Returns a passage of work for which nobody asked: that of a command, of a thread."""
        return Passage(None, "", self._records)

    def through_door(self) -> bool:
        """Answers whether a request is going on that came through the server's door."""
        return self._current.get() is not None

    def enter(self, passage: Passage) -> Token[Passage | None]:
        """Makes a passage the current one until `leave` is called with what this returns."""
        return self._current.set(passage)

    def leave(self, token: Token[Passage | None]) -> None:
        """Ends what `enter` began."""
        self._current.reset(token)

    def current(self) -> Passage | None:
        """Returns the passage that is going on; None outside of any context of this application."""
        passage = self._current.get()
        if passage is not None or not has_app_context():
            return passage
        if self.elsewhere():
            return None
        noted: Passage | None = g.get(NOTED)
        if noted is None:
            noted = self._without_door()
            setattr(g, NOTED, noted)
        return noted

    def elsewhere(self) -> bool:
        """Answers whether another application is at work here: two of one name, or with one library, share loggers."""
        if self._current.get() is not None or not has_app_context():
            return False
        return current_app._get_current_object() is not self._app()  # type: ignore[attr-defined]  # the proxy has it

    def _without_door(self) -> Passage:
        if not has_request_context():
            return self.outside()
        noted = self.begin(request.environ)
        noted.request = request._get_current_object()  # type: ignore[attr-defined]  # the proxy has it
        return noted


def _is_echo(error: BaseException, known: BaseException) -> bool:
    """Answers whether an error came up while another one was handled, of the same class and at the same place."""
    return error.__context__ is known and type(error) is type(known) and _place(error) == _place(known)


def _place(error: BaseException) -> tuple[CodeType, int] | None:
    """Returns the line that raised an error."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return (traceback.tb_frame.f_code, traceback.tb_lineno) if traceback is not None else None
