"""The door of an application, as the server sees it. In: a request. Out: its response, with the request's id.

It is put around `app.wsgi_app`, as Flask's documentation has it. It sees what no signal tells of: errors in teardown
functions, and those of an error handler. `extension.py` attaches it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, request, request_started

from flask_kaput.first_use import FirstUse
from flask_kaput.passage import Passages
from flask_kaput.report import Reporter
from flask_kaput.settings import Settings

Inner = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Door:
    """A WSGI application around another one."""

    def __init__(
        self, inner: Inner, passages: Passages, first_use: FirstUse, reporter: Reporter | None, header: str
    ) -> None:
        self._inner = inner
        self._passages = passages
        self._first_use = first_use
        self._reporter = reporter
        self._header = header
        self._lowered = header.lower()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers a request (PEP 3333)."""
        __traceback_hide__ = True
        self._first_use.note()
        passage = self._passages.begin(environ)
        token = self._passages.enter(passage)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if not any(name.lower() == self._lowered for name, _ in headers):
                headers.append((self._header, passage.request_id))
            return start_response(status, headers, *rest)

        try:
            return self._inner(environ, start if self._header else start_response)
        except Exception as error:
            if self._reporter is not None:
                self._reporter.report(error, handled=False, mechanism="wsgi")
            raise
        finally:
            self._passages.leave(token)

    def started(self, _sender: Flask, **_more: Any) -> None:
        """Notes the request, which is gone when an error of a teardown function is seen."""
        passage = self._passages.current()
        if passage is not None:
            passage.request = request._get_current_object()  # type: ignore[attr-defined]  # the proxy has it


def attach(app: Flask, settings: Settings, passages: Passages, first_use: FirstUse, reporter: Reporter | None) -> None:
    """Puts the door around an application."""
    door = Door(app.wsgi_app, passages, first_use, reporter, settings.request_id_header)
    request_started.connect(door.started, app)
    app.wsgi_app = door  # type: ignore[method-assign]  # as Flask documents it for middleware
