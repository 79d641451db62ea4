"""The commands `flask kaput check` and `flask kaput test-error`. In: the application that Flask's command line loaded.

Out: lines on stdout, and an exit code that is 0 only when all is well. `extension.py` attaches them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import click
from flask import Flask
from flask.cli import AppGroup
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flask_kaput.check import Finding
from flask_kaput.loggers import Tap
from flask_kaput.report import Reporter

SECONDS = 10.0
"""How long `test-error` waits for the server."""
UNLOGGED = "in debug mode Flask logs no error, and other settings may keep it back"


class TestError(RuntimeError):
    """Raised by `flask kaput test-error`: an error as the application's own would be."""

    __test__ = False
    """It is no class of tests, whatever looks for such."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Where events go.

    Attributes:
        name: what takes them.
        missing: waits until it has all, for so many seconds at most; returns why it has not, or "".
    """

    name: str
    missing: Callable[[float], str]


def attach(
    app: Flask,
    reporter: Reporter | None,
    goal: Goal | None,
    check: Callable[[bool], Iterable[Finding]],
    destinations: Sequence[Tap],
) -> None:
    """Adds the commands to the application's command line.

    Args:
        app: the application.
        reporter: None when there is nowhere to report to.
        goal: where it reports to.
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
        before = [(tap.handed, tap.lost) for tap in destinations]
        event_id = fail(app, reporter)
        missed = list(_missed(destinations, before))
        if reporter is None or goal is None:
            click.echo("not reported: neither a DSN nor a tracker inside is set")
        elif event_id is None:
            missed.append("The error was not reported. TESTING is on, or KAPUT_BEFORE_SEND left it out.")
        elif missing := goal.missing(SECONDS):
            missed.append(f"Event {event_id} was not taken: {missing}")
        else:
            click.echo(f"reported as event {event_id} to {goal.name}")
        if missed:
            raise click.ClickException("\n".join(missed))

    app.cli.add_command(group)


def _missed(destinations: Sequence[Tap], before: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Says which destinations got the error, and yields a sentence for each that lost it."""
    for tap, (handed, lost) in zip(destinations, before, strict=True):
        if tap.lost > lost:
            yield f"The error was not written to {tap}; what it said stands above. See check."
        elif tap.handed > handed:
            click.echo(f"written to {tap}")
        else:
            click.echo(f"nothing came to {tap}: {UNLOGGED}")


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
