"""The extension: reads the settings of an application and attaches the parts, in one fixed order.

In: an application, arguments, `app.config`, the environment (it is read here only). Out: `app.extensions["kaput"]`.
It is a root: the only file that knows all parts, and nobody but `__init__` imports it.

How a part is added: it is a file with `attach(app, settings, ...)`, which uses signals and public hooks of Flask and
returns the part. It gets the settings and the parts that it needs as arguments, and reads no state. Its settings are
lines of the table in `settings.py`. Here it gets a line in `_compose`, at its place in the order, and, when the
application or another part needs it later, a field in `State`. With `app.testing` a part starts nothing and lets
nothing out: `attach` sees `app.testing` too early (it is set after `create_app()` as a rule), so it asks when it acts.
Threads start at first use in each process, never in `attach`, which a preloading server runs before it forks:
`first_use.add(function)`. What an event, a log record or a page says of the request stands on `passages.current()`.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask

from flask_kaput import (
    check,
    commands,
    debugger,
    development,
    error_pages,
    feedback,
    handlers,
    logs,
    mails,
    page,
    report,
    request_log,
    sender,
    streams,
    threads,
    wsgi,
)
from flask_kaput.delivery import Delivery
from flask_kaput.errors import ConfigurationError
from flask_kaput.first_use import FirstUse
from flask_kaput.loggers import Loggers
from flask_kaput.passage import Passages
from flask_kaput.report import Reporter
from flask_kaput.request_id import identifier
from flask_kaput.sender import Sender
from flask_kaput.settings import Loaded, Settings, load
from flask_kaput.state import KEY, State
from flask_kaput.tracker_settings import TrackerSettings, load_tracker
from kaput import __version__
from kaput.config import Settings as ServerSettings
from kaput.errors import ConfigError

if TYPE_CHECKING:
    from flask_kaput.embedded.tracker import Tracker


class Kaput:
    """Kaput for Flask applications.

    `Kaput(app, dsn=...)`, or `kaput = Kaput(dsn=...)` and `kaput.init_app(app)`. Arguments are the settings of
    `settings.py` in lower case; they hold for each application that it is given to.
    """

    def __init__(self, app: Flask | None = None, **options: Any) -> None:
        self._options = options
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Sets Kaput up for an application.

        Raises:
            ConfigurationError: with everything that is wrong in the settings.
            RuntimeError: the application has a Kaput already.
        """
        if KEY in app.extensions:
            raise RuntimeError(f"The application {app.name!r} has a Kaput already. Call init_app once for each.")
        app.extensions[KEY] = _compose(app, *_read(app, self._options))


def _read(app: Flask, options: Mapping[str, Any]) -> tuple[Loaded, TrackerSettings]:
    """Reads all settings; raises ConfigurationError with everything that is wrong."""
    sources = (options, app.config, os.environ)
    problems: list[str] = []
    for reading in (lambda: load(*sources), lambda: load_tracker(app.name, Path(app.instance_path), *sources)):
        try:
            reading()
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return load(*sources), load_tracker(app.name, Path(app.instance_path), *sources)


def run(app: Flask, host: str = development.LOOPBACK, port: int = 5000, **options: Any) -> None:
    """Runs the development server with the debugger of `KAPUT_DEBUGGER`, and sets debugger and reloader as it needs.

    Args:
        app: the application; without debug mode it runs with neither.
        host: where to listen. Where others can reach it, Werkzeug's debugger is not started.
        port: 0: a free one.
        options: more of `app.run`; not `use_debugger` and `use_reloader`.

    Raises:
        ConfigurationError: the settings are wrong, or debugpy is not installed.
    """
    state = app.extensions.get(KEY)
    settings = state.settings if isinstance(state, State) else load({}, app.config, os.environ).settings
    development.start(app, settings, host, port, options)


def _compose(app: Flask, loaded: Loaded, own: TrackerSettings) -> State:
    """Attaches the parts to an application, and returns what it keeps of them."""
    settings = loaded.settings
    log = logs.attach(app, settings)
    if loaded.unknown:
        logging.getLogger(app.name).warning("No settings of Kaput, misspelt perhaps: %s", ", ".join(loaded.unknown))
    first_use = FirstUse(app)
    passages = Passages(app, identifier(settings), settings.request_log_size)
    server = sender.attach(app, settings, first_use) if settings.dsn else None
    mailing = mails.attach(app, settings, own, server, first_use) if server else None
    tracker = _track(app, settings, own) if settings.embedded and not settings.dsn else None
    taker = server or tracker
    reporter = report.attach(app, settings, passages, taker.deliver) if taker else None
    if reporter is not None:
        streams.attach(app, passages, reporter)
        if settings.report_threads:
            threads.attach(app, reporter)
    templates = page.templates()
    key = tracker.secret if tracker else lambda: settings.dsn
    said = feedback.attach(app, templates, taker.deliver, key) if taker and settings.feedback else None
    form = said.form if said else None
    pages = error_pages.attach(app, templates, reporter, form) if settings.error_pages else None
    wrapped = handlers.attach(app, settings, reporter, pages.answer if pages else lambda error, _event_id: error)
    if settings.debugger_guard:
        debugger.attach(app)
    _command(app, loaded, own, reporter, _goal(settings, server, tracker), log)
    wsgi.attach(app, settings, passages, first_use, reporter)
    return State(
        name=app.name,
        settings=settings,
        unknown=loaded.unknown,
        passages=passages,
        reporter=reporter,
        sender=server,
        handlers=wrapped,
        pages=pages,
        feedback=said,
        log=log,
        request_log=request_log.attach(app, settings, passages, reporter),
        tracker=tracker,
        mails=mailing,
    )


def _goal(settings: Settings, server: Sender | None, tracker: "Tracker | None") -> commands.Goal | None:
    """Returns where the application's events go, as its commands speak of it."""
    if server is not None:
        waits = "it waits on the disk, since the server does not take it. See check."
        name = f"the server at {settings.dsn.rpartition('@')[2]}"
        return commands.Goal(name, lambda seconds: "" if server.flush(seconds) else waits)
    if tracker is not None:
        name = "the tracker inside, which shows and mails it while the application's server runs"
        return commands.Goal(name, lambda _seconds: tracker.trouble())
    return None


def _command(
    app: Flask,
    loaded: Loaded,
    own: TrackerSettings,
    reporter: Reporter | None,
    goal: commands.Goal | None,
    log: Loggers,
) -> None:
    """Adds the commands to the application's command line."""

    def found(mail: bool) -> Iterator[check.Finding]:  # noqa: FBT001 - commands.py hands an option on
        means = check.Means(
            environment=os.environ,
            knock=lambda: Delivery(loaded.settings, __version__).knock(),
            probe=lambda: _probe(own.settings),
            send=lambda address: _send(own.settings, address),
        )
        return check.findings(app, loaded, own, means, mail=mail)

    commands.attach(app, reporter, goal, found, log.taps)


def _probe(own: ServerSettings) -> None:
    from flask_kaput.embedded.trial import probe

    probe(own)


def _send(own: ServerSettings, address: str) -> None:
    from flask_kaput.embedded.trial import send

    send(own, address)


def _track(app: Flask, settings: Settings, own: TrackerSettings) -> "Tracker":
    from flask_kaput.embedded.part import attach

    return attach(app, settings, own)
