"""An error becomes an event, once. In: exceptions, from Flask's signal and from parts that see others. Out: event ids.

Capture is sentry-sdk's, with a client of its own for each application: neither `sentry_sdk.init` nor an integration,
which change Flask, logging and threading for the whole process. `extension.py` attaches it; parts that learn of an
error are handed the `Reporter`.
"""

import logging
from typing import Any

import sentry_sdk
from flask import Flask, g, got_request_exception, has_app_context
from sentry_sdk.utils import event_from_exception

from flask_kaput.settings import Settings
from flask_kaput.transport import Deliver, Handing

SEEN = "_kaput_reported"
"""Name in `flask.g` of what was reported in this request: pairs of exception and event id."""


class Reporter:
    """Reports the errors of one application. No method raises: a failing request never fails because of us."""

    def __init__(self, client: "sentry_sdk.Client", logger: logging.Logger) -> None:
        self._client = client
        self._logger = logger

    def report(self, error: BaseException, *, handled: bool, mechanism: str = "flask") -> str | None:
        """Reports an exception, unless it was in this request already.

        Args:
            error: what was raised, with its traceback.
            handled: whether the application answered by itself; False for what reached the server.
            mechanism: the way by which the error was seen, in the event's `exception.mechanism.type`.

        Returns:
            The event's id, 32 hexadecimal digits; None when it was left out.
        """
        known_id = self.event_id_of(error)
        if known_id:
            return known_id
        try:
            event_id = self._capture(error, {"type": mechanism, "handled": handled})
        except Exception:
            self._logger.warning("Kaput could not report an error.", exc_info=True)
            return None
        if event_id:
            _seen().append((error, event_id))
        return event_id

    def event_id_of(self, error: BaseException) -> str | None:
        """Returns the id under which an exception was reported in this request; None when it was not."""
        return next((event_id for known, event_id in _seen() if known is error), None)

    def last_event_id(self) -> str | None:
        """Returns the id of the last event of this request; None when there was none."""
        seen = _seen()
        return seen[-1][1] if seen else None

    def close(self, seconds: float = 2.0) -> None:
        """Sends what waits, for so long at most, and ends the sending thread."""
        self._client.close(timeout=seconds)

    def _capture(self, error: BaseException, mechanism: dict[str, Any]) -> str | None:
        event, hint = event_from_exception(error, client_options=self._client.options, mechanism=mechanism)
        return self._client.capture_event(event, hint, sentry_sdk.Scope())


def attach(app: Flask, settings: Settings, deliver: Deliver | None = None) -> Reporter:
    """Returns the reporter of an application, which reports what no handler of it took."""
    client = sentry_sdk.Client(
        dsn=settings.dsn or None,
        transport=Handing(deliver) if deliver else None,
        release=settings.release or None,
        environment=settings.environment,
        server_name=settings.server_name or None,
        include_local_variables=settings.with_locals,
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        spotlight=False,
    )
    reporter = Reporter(client, app.logger)

    def unhandled(_sender: Flask, exception: BaseException, **_more: Any) -> None:
        reporter.report(exception, handled=False)

    got_request_exception.connect(unhandled, app, weak=False)
    return reporter


def _seen() -> list[tuple[BaseException, str]]:
    """Returns what was reported in this context; a new list outside of one."""
    if not has_app_context():
        return []
    seen: list[tuple[BaseException, str]] = g.setdefault(SEEN, [])
    return seen
