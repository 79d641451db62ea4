"""The commands `flask kaput check` and `flask kaput test-error`. In: the application that Flask's command line loaded.

Out: lines on stdout, and an exit code that is 0 only when all is well. `extension.py` attaches them.
"""

from collections.abc import Callable, Iterable
from functools import partial

import click
from flask import Flask
from flask.cli import AppGroup
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flask_kaput.check import Finding
from flask_kaput.report import Reporter

SECONDS = 10.0
"""How long `test-error` waits for the server."""


class TestError(RuntimeError):
    """Raised by `flask kaput test-error`: an error as the application's own would be."""

    __test__ = False
    """It is no class of tests, whatever looks for such."""


def attach(
    app: Flask,
    reporter: Reporter | None,
    flush: Callable[[float], bool],
    check: Callable[[bool], Iterable[Finding]],
    destinations: Iterable[str],
) -> None:
    """Adds the commands to the application's command line.

    Args:
        app: the application.
        reporter: None when there is nowhere to report to.
        flush: waits for the server, for so many seconds at most; answers whether it has all.
        check: returns the findings; with a test mail or not.
        destinations: where log records go.
    """
    group = AppGroup("kaput", help="Checks and tries what Kaput does for this application.")

    @group.command("check", help="Checks what this user may do here: log, spool, server, mail, debugger, secrets.")
    @click.option("--mail", is_flag=True, help="Send a test mail to each of ADMINS.")
    def _check(mail: bool) -> None:  # noqa: FBT001 - an option
        found = list(check(mail))
        for one in found:
            click.echo(f"{one.level:<8} {one.subject:<11} {one.text}")
        if any(one.level == "error" for one in found):
            raise SystemExit(1)

    @group.command("test-error", help="Raises an error in a request, which takes every way that a real one takes.")
    def _test_error() -> None:
        event_id = fail(app, reporter)
        for destination in destinations:
            click.echo(f"written to {destination}")
        if reporter is None:
            click.echo("not reported: neither a DSN nor a tracker inside is set")
        elif event_id is None:
            raise click.ClickException("The error was not reported. TESTING is on, or KAPUT_BEFORE_SEND left it out.")
        elif flush(SECONDS):
            click.echo(f"reported as event {event_id}")
        else:
            raise click.ClickException(f"Event {event_id} waits on the disk: the server did not take it. See check.")

    app.cli.add_command(group)


def fail(app: Flask, reporter: Reporter | None) -> str | None:
    """Lets a request of the application fail before any of its own code is asked; returns the event's id.

    The request enters behind what was put around the application, so that nothing begins to serve or to lead here.
    """
    ids: list[str | None] = []

    def raise_error() -> None:
        raise TestError("This error was asked for, by `flask kaput test-error`.")

    def note(_error: BaseException | None) -> None:
        ids.append(reporter.last_event_id() if reporter is not None else None)

    app.before_request_funcs.setdefault(None, []).insert(0, raise_error)
    app.teardown_request_funcs.setdefault(None, []).append(note)
    try:
        run_wsgi_app(partial(type(app).wsgi_app, app), EnvironBuilder("/", method="GET").get_environ())
    except TestError:  # debug mode hands it on
        pass
    finally:
        app.before_request_funcs[None].remove(raise_error)
        app.teardown_request_funcs[None].remove(note)
    return next((event_id for event_id in ids if event_id), None)
