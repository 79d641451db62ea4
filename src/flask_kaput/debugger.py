"""The guard against Werkzeug's debugger, which runs code for whoever reaches it. In: requests. Out: no debugger.

The debugger is wanted in debug mode on this machine. Anywhere else `flask run` does not start with it. However a server
was started, the first request that comes through it switches it off: its console, its pages with source, and what it
runs. `extension.py` attaches it.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click
from flask import Flask
from flask.cli import run_command
from flask.helpers import get_debug_flag
from werkzeug.debug import DebuggedApplication

from flask_kaput.development import is_loopback

ARMED = "werkzeug.debug.preserve_context"
"""What Werkzeug's debugger puts into the environ of a request while it would run code."""
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
_ANSWER = (
    b"Werkzeug's debugger was on, and the application is not in debug mode, or others can reach it. Kaput has switched"
    b" the debugger off. Ask again.\n"
)

Inner = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Guard:
    """A WSGI application around another one."""

    def __init__(self, app: Flask, inner: Inner) -> None:
        self._app = app
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers a request (PEP 3333), unless it came through a debugger that nobody should reach."""
        __traceback_hide__ = True  # a debugger shows the application's frames
        inner = self._inner
        if isinstance(inner, DebuggedApplication) and not self._is_welcome(environ):
            return inner.app(environ, start_response)
        if ARMED not in environ or self._is_welcome(environ):
            return inner(environ, start_response)
        debugger = _around()
        if debugger is None:
            return inner(environ, start_response)  # a test client that keeps its contexts, which runs nothing
        _disarm(debugger)
        self._app.logger.critical(
            "Werkzeug's debugger was on outside of debug mode or where others can reach it; it is off now. Start the"
            " server without it, with host 127.0.0.1, or set KAPUT_DEBUGGER_GUARD to no if only friends can reach it."
        )
        start_response("503 Service Unavailable", [("Content-Type", "text/plain"), ("Retry-After", "1")])
        return [_ANSWER]

    def _is_welcome(self, environ: Mapping[str, Any]) -> bool:
        return self._app.debug and is_local(environ)


def is_local(environ: Mapping[str, Any]) -> bool:
    """Answers whether a request came from this machine, to a server that only this machine reaches, and by no proxy."""
    ends = (str(environ.get("SERVER_NAME", "")), str(environ.get("REMOTE_ADDR", "")))
    return all(map(is_loopback, ends)) and not any(name in environ for name in _FORWARDED)


def attach(app: Flask) -> None:
    """Puts the guard around an application.

    Raises:
        click.UsageError: `flask run` loads the application, and would start the debugger where none may be.
    """
    context = click.get_current_context(silent=True)
    if context is not None and context.command is run_command:
        _refuse(context.params, debug=get_debug_flag())
    app.wsgi_app = Guard(app, app.wsgi_app)  # type: ignore[method-assign]  # as Flask documents it for middleware


def _refuse(options: Mapping[str, Any], *, debug: bool) -> None:
    """Refuses the options of `flask run` that would start the debugger where none may be."""
    asked, host = options.get("debugger"), str(options.get("host"))
    if not (debug if asked is None else asked):
        return
    if not debug:
        raise click.UsageError("Werkzeug's debugger is not started outside of debug mode. Leave out --debugger.")
    if not (is_loopback(host) or host.startswith("unix://")):
        raise click.UsageError(
            f"Werkzeug's debugger is not started on {host}, where others can reach it. Add --no-debugger, or set"
            " KAPUT_DEBUGGER_GUARD to no if only friends can."
        )


def _around() -> DebuggedApplication | None:
    """Returns the debugger that called us: nothing that it hands on leads to it but the stack."""
    frame = inspect.currentframe()
    while frame is not None:
        found = frame.f_locals.get("self")
        if isinstance(found, DebuggedApplication):
            return found
        frame = frame.f_back
    return None


def _disarm(debugger: DebuggedApplication) -> None:
    """Takes from a debugger its console, its commands and its page of an error: it only hands requests on."""
    debugger.evalex = False
    debugger.frames.clear()
    debugger.frame_contexts.clear()
    debugger.debug_application = debugger.app  # type: ignore[method-assign, assignment]  # the guard: it debugs nothing
