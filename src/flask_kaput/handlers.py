"""The error handlers of the application, watched: what they swallow is reported, what they answer keeps its status.

In: the handlers that are registered when the first request comes. Out: the same handlers, wrapped in place, and below
all of them the page of `error_pages.py`. `extension.py` attaches it.

This is one of the two files that change what the application registered: no signal tells of an error that a handler
answered. Which handler is asked, and what its answer becomes, stays Flask's.
Source: `Flask.handle_user_exception`, `handle_http_exception`, `handle_exception`; `Scaffold.register_error_handler`.
"""

import sys
from collections.abc import Callable, Iterator
from functools import wraps
from threading import Lock
from typing import Any, Literal

from flask import Flask, g, got_request_exception, request_started
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, InternalServerError

from flask_kaput.report import Reporter
from flask_kaput.settings import Settings

Handler = Callable[[Any], Any]
"""What answers an error; plain or async, as Flask takes it."""

Page = Callable[[HTTPException, str | None], Any]
"""What answers an HTTP error without a handler, given the id of its event, if it has one."""

TAKEN = "_kaput_taken"
"""Name in `flask.g` of the errors whose handlers are at work, the innermost last."""


class Handlers:
    """The error handlers of one application."""

    def __init__(self, app: Flask, settings: Settings, reporter: Reporter | None, page: Page) -> None:
        self._app = app
        self._reporter = reporter
        self._expected = frozenset(settings.expected_errors)
        self._aborts = settings.report_aborts
        self._statuses: Literal["warn", "set", "off"] = settings.handler_status
        self._page = page
        self._lock = Lock()
        self._wrapped = False
        self._told: set[int] = set()

    def wrap(self, *_arguments: Any, **_more: Any) -> None:
        """Wraps what is registered, once: Flask takes no more handlers after the first request began."""
        if not self._wrapped:
            self._wrap()

    def _wrap(self) -> None:
        with self._lock:
            if self._wrapped:
                return
            for by_code in self._app.error_handler_spec.values():
                for code, by_class in by_code.items():
                    by_class.update({cls: self._watched(handler, code) for cls, handler in by_class.items()})
            self._app.error_handler_spec[None][None].setdefault(HTTPException, self._last_resort)
            self._wrapped = True
        request_started.disconnect(self.wrap)  # every request would pay for it

    def event_id(self) -> str | None:
        """Returns the id of the event of the error whose handler is at work, which is reported for it if need be."""
        taken = g.get(TAKEN)
        return self.event_id_of(taken[-1]) if taken else None

    def event_id_of(self, error: Exception) -> str | None:
        """Returns the id of the event of an error that is being answered; None: it is none to report."""
        original = getattr(error, "original_exception", None) if isinstance(error, InternalServerError) else None
        if self._reporter is None or original is None:
            return self._report(error)
        return self._reporter.event_id_of(original)

    def _watched(self, handler: Handler, code: int | None) -> Handler:
        # Without the attributes of the handler: some mark it as async.
        @wraps(handler, updated=())
        def watched(error: Exception) -> Any:
            __traceback_hide__ = True
            taken: list[Exception] = g.setdefault(TAKEN, [])
            taken.append(error)
            try:
                answer = self._app.ensure_sync(handler)(error)
                self._report(error)
            finally:
                taken.pop()
            return self._with_status(answer, handler, code or _code_of(error))

        return watched

    def _report(self, error: Exception) -> str | None:
        """Reports an error that a handler answers; returns the id of its event, None when it is none to report."""
        if self._reporter is None or not self._is_wanted(error):
            return None
        return self._reporter.report(error, handled=True, mechanism="flask.errorhandler")

    def _is_wanted(self, error: Exception) -> bool:
        if isinstance(error, InternalServerError) and error.original_exception is not None:
            return False  # what was not handled is reported by the signal
        if isinstance(error, HTTPException) and not (self._aborts and error.code in range(500, 600)):
            return False
        return self._expected.isdisjoint(_names(type(error)))

    def _last_resort(self, error: HTTPException) -> Any:
        """Answers where the application has no handler.

        It stands in the place of a handler for HTTPException; Flask would have gone on to the classes that come after.
        """
        __traceback_hide__ = True
        handlers = self._app.error_handler_spec[None][None]
        later = type(error).__mro__[type(error).__mro__.index(HTTPException) + 1 :]
        for handler in (handlers[cls] for cls in later if cls in handlers):
            return handler(error)
        if sys.exc_info()[1] is error and self._app.trap_http_exception(error):
            raise error
        return self._page(error, self.event_id_of(error))

    def _with_status(self, answer: Any, handler: Handler, status: int | None) -> Any:
        """Gives an answer that names no status the one of the error, when the settings say so; it is 200 otherwise."""
        if self._statuses == "off" or not _is_bare(answer):
            return answer
        setting = self._statuses == "set" and status is not None
        self._tell(handler, status, setting=setting)
        if not setting:
            return answer
        return (answer[0], status, answer[1]) if isinstance(answer, tuple) else (answer, status)

    def _tell(self, handler: Handler, status: int | None, *, setting: bool) -> None:
        """Warns of a handler that names no status, once in each process."""
        with self._lock:
            if id(handler) in self._told:
                return
            self._told.add(id(handler))
        name = getattr(handler, "__qualname__", repr(handler))
        if setting:
            done, cure = f"Kaput sends it with {status}", f"Return (body, {status}) to say so yourself."
        else:
            other = ", or set KAPUT_HANDLER_STATUS" if status else ""  # a class without a status has none to set
            done, cure = "Flask sends it with 200", f"Return (body, {status or 500}){other}."
        self._app.logger.warning("The error handler %s names no status for its answer; %s. %s", name, done, cure)


def attach(app: Flask, settings: Settings, reporter: Reporter | None, page: Page) -> Handlers:
    """Watches the handlers of an application from its first request on.

    Args:
        app: the application; handlers may still be registered.
        settings: `expected_errors`, `report_aborts`, `handler_status`.
        reporter: is told what handlers answered; None: nothing is told.
        page: answers HTTP errors that have no handler; to return the error leaves that to Flask.
    """
    handlers = Handlers(app, settings, reporter, page)
    # Signals belong to the process. They hold neither the handlers, which the application's state does, nor it.
    request_started.connect(handlers.wrap, app)
    # A session that cannot be opened fails before a request starts.
    got_request_exception.connect(handlers.wrap, app)
    return handlers


def _code_of(error: Exception) -> int | None:
    return error.code if isinstance(error, HTTPException) else None


def _names(cls: type) -> Iterator[str]:
    """Yields what a class and its bases are called, with their module; those of Python itself also without."""
    for base in cls.__mro__:
        yield f"{base.__module__}.{base.__qualname__}"
        if base.__module__ == "builtins":
            yield base.__qualname__


def _is_bare(answer: Any) -> bool:
    """Answers whether Flask would have to choose the status of an answer."""
    if isinstance(answer, tuple):
        return len(answer) == 2 and isinstance(answer[1], Headers | dict | tuple | list) and _is_bare(answer[0])
    return isinstance(answer, str | bytes | bytearray | dict | list | Iterator)
