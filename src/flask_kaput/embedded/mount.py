"""The mount: one path of the application's address belongs to the tracker, everything else is the application's.

In: WSGI requests to the application. Out: answers of the tracker, or of the application as if there were none.
`extension.py` attaches it.

The tracker's page is another WSGI application, with its own configuration, secret, cookie, handlers and protection of
forms. It stands before the application's `wsgi_app`, so none of the application's hooks sees its requests.
"""

import logging
from collections.abc import Iterable
from html import escape
from typing import Any
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from flask_kaput.embedded.tracker import Tracker
from kaput.accept.route import is_ingest
from kaput.errors import KaputError

_log = logging.getLogger(__name__)

STARTING = "Kaput is starting. This page comes again by itself."


class Mount:
    """A WSGI application before another one."""

    def __init__(self, app: Flask, tracker: Tracker) -> None:
        self._app = app
        self._tracker = tracker
        self._inner: Any = app.wsgi_app
        self._path = tracker.home.path
        self._below = f"{self._path}/"
        self._looked = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request; with `app.testing` there is no tracker."""
        if not self._tracker.stands:
            self._stand(environ)
        path = environ.get("PATH_INFO", "")
        if not path.startswith(self._path) or self._app.testing:  # in this order: the second one costs more
            return self._inner(environ, start_response)  # type: ignore[no-any-return]  # Flask leaves it untyped
        if path.startswith(self._below):
            return self._answer(environ, path[len(self._path) :], start_response)
        if path == self._path:
            return _redirect(environ, self._below, start_response)
        return self._inner(environ, start_response)  # type: ignore[no-any-return]  # Flask leaves it untyped

    def _stand(self, environ: WSGIEnvironment) -> None:
        if self._app.testing:
            return
        if not self._looked:
            self._look()
        self._tracker.stand(environ)

    def _look(self) -> None:
        """Warns once in each process of views of the application that the page stands before."""
        self._looked = True
        for rule in self._app.url_map.iter_rules():
            if rule.rule == self._path or rule.rule.startswith(self._below):
                _log.warning("Kaput's page hides the view %s at %s. Set KAPUT_PATH.", rule.endpoint, rule.rule)

    def _answer(self, environ: WSGIEnvironment, path: str, start_response: StartResponse) -> Iterable[bytes]:
        # A copy: what the frameworks keep in it belongs to one of the two applications.
        below = {**environ, "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + self._path, "PATH_INFO": path}
        try:
            if is_ingest(path):
                return self._tracker.inlet().door(below, start_response)
            page = self._tracker.page()
        except KaputError as error:
            return _wait(str(error), start_response)
        if page is None:
            return _wait(self._tracker.problem or STARTING, start_response)
        return page(below, start_response)


def attach(app: Flask, tracker: Tracker) -> None:
    """Puts the tracker before an application."""
    app.wsgi_app = Mount(app, tracker)  # type: ignore[method-assign]  # the way that Flask documents for middleware


def _redirect(environ: WSGIEnvironment, path: str, start_response: StartResponse) -> Iterable[bytes]:
    location = quote(environ.get("SCRIPT_NAME", "").encode("latin-1")) + path
    start_response("308 Permanent Redirect", [("Location", location), ("Content-Length", "0")])
    return []


def _wait(text: str, start_response: StartResponse) -> Iterable[bytes]:
    """Answers with a page that a browser asks for again."""
    page = f"<!doctype html><meta charset=utf-8><title>Kaput</title><p>{escape(text)}</p>".encode()
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(page))),
        ("Retry-After", "1"),
        ("Refresh", "1"),
        ("Cache-Control", "no-store"),
    ]
    start_response("503 Service Unavailable", headers)
    return [page]
