"""The door of an application, as the server sees it. In: a request. Out: its response, with the request's id.

It is put around `app.wsgi_app`, as Flask's documentation has it. It sees what no signal tells of: errors in teardown
functions, and those of an error handler. `extension.py` attaches it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

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
        if not self._first_use.done:
            self._first_use.note()
        passage = self._passages.begin(environ)
        token = self._passages.enter(passage)

        # Every request pays for each line below; `*rest` alone would cost as much as the loop.
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            lowered = self._lowered
            for name, _ in headers:
                if name.lower() == lowered:
                    break
            else:
                headers.append((self._header, passage.request_id))
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        try:
            return self._inner(environ, start if self._header else start_response)
        except Exception as error:
            if self._reporter is not None:
                self._reporter.report(error, handled=False, mechanism="wsgi")
            raise
        finally:
            self._passages.leave(token)


def attach(app: Flask, settings: Settings, passages: Passages, first_use: FirstUse, reporter: Reporter | None) -> None:
    """Puts the door around an application."""
    door = Door(app.wsgi_app, passages, first_use, reporter, settings.request_id_header)
    app.wsgi_app = door  # type: ignore[method-assign]  # as Flask documents it for middleware
