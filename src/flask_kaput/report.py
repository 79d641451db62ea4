"""An error becomes an event, once. In: exceptions, from signals, hooks and parts that see others. Out: event ids.

Capture is sentry-sdk's, with a client of its own for each application: neither `sentry_sdk.init` nor an integration,
which change Flask, logging and threading for the whole process. `extension.py` attaches it; parts that learn of an
error are handed the `Reporter`.
"""

import contextlib
import logging
import sys
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import click
import sentry_sdk
from click import ClickException
from click.exceptions import Abort, Exit
from flask import Flask, Request, got_request_exception, has_request_context, request
from sentry_sdk.utils import event_from_exception
from werkzeug.exceptions import ClientDisconnected

from flask_kaput.circumstances import circumstances, level_of, message_of
from flask_kaput.packages import installed
from flask_kaput.passage import Passage, Passages
from flask_kaput.scrub import Scrubber
from flask_kaput.settings import Settings
from flask_kaput.transport import Deliver, Handing
from kaput import __version__

ENDS_OF_COMMANDS = (ClickException, Abort, Exit)
"""How a command ends on purpose: a wrong option, Ctrl-C."""
LEFT = "_kaput_left"
"""Attribute of an error that left a context and may end a thread next."""
HINT = "kaput_hint"
"""Where the client carries the hint to KAPUT_BEFORE_SEND. In its usual place an integration that another program of the
process chose would see the exception, and drop the event because it reported the same one elsewhere."""
SDK = {"name": "kaput.flask", "version": __version__, "packages": [{"name": "kaput", "version": __version__}]}


class Reporter:
    """Reports the errors of one application. No method raises: a failing request never fails because of us."""

    def __init__(self, app: Flask, settings: Settings, passages: Passages, deliver: Deliver) -> None:
        self._app = app
        self._settings = settings
        self._passages = passages
        self._client = _client(app, settings, deliver)

    def report(
        self, error: BaseException, *, handled: bool, mechanism: str = "flask", transaction: str = ""
    ) -> str | None:
        """Reports an exception, unless it was in this request already.

        Args:
            error: what was raised, with its traceback.
            handled: whether the application answered by itself; False for what reached the server.
            mechanism: the way by which the error was seen, in the event's `exception.mechanism.type`.
            transaction: what was being done, where there is no request that says so.

        Returns:
            The event's id, 32 hexadecimal digits; None when it was left out.
        """
        if self._app.testing or isinstance(error, ClientDisconnected):  # who hung up did nothing wrong here
            return None
        try:
            passage = self._passage()
            known = passage.event_id_of(error)
            if known is not None:
                return known
            event, hint = event_from_exception(
                error, client_options=self._client.options, mechanism={"type": mechanism, "handled": handled}
            )
            if transaction:
                event["transaction"] = transaction
            event_id = self._send(passage, event, hint)
        except Exception:
            self._app.logger.warning("Kaput could not report an error.", exc_info=True)
            return None
        if event_id is not None:
            passage.reported.append((error, event_id))
        return event_id

    def report_unhandled(self, _sender: Flask, exception: BaseException, **_more: Any) -> None:
        """Reports what Flask's signal tells of."""
        self.report(exception, handled=False)

    def report_left(self, error: BaseException) -> None:
        """Reports the error with which a context was left that no server opened: that of a command, or of a thread."""
        if not isinstance(error, Exception) or isinstance(error, ENDS_OF_COMMANDS):
            return
        passage = self._passages.current()
        if passage is None or self._passages.through_door():
            return  # a request's errors are seen by the signal, the door and the stream
        context = click.get_current_context(silent=True)
        name = f"{context.command_path} {context.invoked_subcommand or ''}".strip() if context else ""
        self.report(error, handled=False, mechanism="flask.context", transaction=name)
        with contextlib.suppress(AttributeError, TypeError):
            setattr(error, LEFT, True)

    def report_thread(self, error: BaseException) -> None:
        """Reports the error that ended a thread, unless it left a context of the application on its way."""
        if error.__dict__.pop(LEFT, False):
            return
        self.report(error, handled=False, mechanism="threading", transaction=threading.current_thread().name)

    def report_record(self, record: logging.LogRecord) -> str | None:
        """Reports a log record, or the exception that it came with; never raises."""
        if record.exc_info and record.exc_info[1] is not None:
            return self.report(record.exc_info[1], handled=True, mechanism="logging")
        if self._app.testing:
            return None
        try:
            event: dict[str, Any] = {
                "level": level_of(record),
                "logger": record.name,
                "logentry": {"message": str(record.msg), "formatted": message_of(record)},
                "extra": {"location": f"{record.pathname}:{record.lineno}", "function": record.funcName},
            }
            return self._send(self._passage(), event, {})
        except Exception:  # noqa: BLE001 - a warning about a record would be a record
            return None

    def event_id_of(self, error: BaseException) -> str | None:
        """Returns the id under which an exception was reported in this request; None when it was not."""
        passage = self._passages.current()
        return passage.event_id_of(error) if passage else None

    def last_event_id(self) -> str | None:
        """Returns the id of the last event of this request; None when there was none."""
        passage = self._passages.current()
        return passage.reported[-1][1] if passage and passage.reported else None

    def _passage(self) -> Passage:
        return self._passages.current() or self._passages.outside()

    def _send(self, passage: Passage, event: Any, hint: dict[str, Any]) -> str | None:
        found = circumstances(passage, self._request(passage), self._settings)
        event.update({name: value for name, value in found.items() if name not in event})
        event["sdk"] = SDK
        return self._client.capture_event(event, {HINT: hint}, sentry_sdk.Scope())

    def _request(self, passage: Passage) -> Request | None:
        if passage.request is not None:
            return passage.request
        if has_request_context():
            live: Request = request._get_current_object()  # type: ignore[attr-defined]  # the proxy has it
            if live.environ is passage.environ:
                passage.request = live  # another function may fail when it is gone
            return live
        return self._app.request_class(passage.environ) if passage.environ else None


def attach(app: Flask, settings: Settings, passages: Passages, deliver: Deliver) -> Reporter:
    """Returns the reporter of an application, which reports what no handler of it took."""
    reporter = Reporter(app, settings, passages, deliver)
    got_request_exception.connect(reporter.report_unhandled, app)

    def left(error: BaseException | None) -> None:
        if error is not None:
            reporter.report_left(error)

    app.teardown_request(left)  # the request is gone when the other one is called
    app.teardown_appcontext(left)
    return reporter


def _completed(before_send: Callable[..., Any] | None) -> Callable[[Any, Any], Any]:
    """Returns what the client calls last: it adds what costs the client too much to look through, and asks the user."""
    packages = cache(lambda: installed(sys.path))

    def complete(event: Any, hint: Any) -> Any:
        event["modules"] = dict(packages())
        return before_send(event, hint.pop(HINT, {}) | hint) if before_send is not None else event

    return complete


def _client(app: Flask, settings: Settings, deliver: Deliver) -> "sentry_sdk.Client":
    """Returns a client that patches nothing, starts nothing and reads no variable that could have it do so."""
    client = sentry_sdk.Client(
        dsn=settings.dsn or None,
        transport=Handing(deliver),
        release=settings.release,  # None would have git asked for one
        environment=settings.environment,
        server_name=settings.server_name or None,
        include_local_variables=settings.with_locals,
        event_scrubber=Scrubber(),
        before_send=_completed(settings.before_send),
        project_root=app.root_path,
        in_app_include=[app.import_name.partition(".")[0]],
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        send_client_reports=False,
        enable_backpressure_handling=False,
        spotlight=False,
        debug=False,
    )
    client.options["release"] = settings.release or None
    return client
