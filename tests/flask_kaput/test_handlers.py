"""The application's error handlers: everything stays as Flask has it, and what they swallow is reported."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Request, Response, abort
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.exceptions import HTTPException

from flask_kaput import Kaput, state_of
from tests.flask_kaput import matrix
from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import receiving

REPORTING = {"production"}
"""Modes in which the matrix reports too, which takes longer than all else."""


@pytest.mark.parametrize("mode", matrix.MODES)
def test_flask_decides_as_without_us(mode: str, tmp_path: Path) -> None:
    """For each error, set of handlers and mode the answer, the signals, the log and the traceback are Flask's."""
    with receiving() as receiver:
        dsn = receiver.dsn if mode in REPORTING else ""
        kaput = Kaput(dsn=dsn, with_locals=False, request_id_header="", spool=tmp_path, embedded=False)
        for handlers in matrix.HANDLERS:
            plain = matrix.application(handlers, mode, lambda _app: None)
            ours = matrix.application(handlers, mode, kaput.init_app)
            expected, found = dict(matrix.outcomes(plain, handlers)), dict(matrix.outcomes(ours, handlers))
            state_of(ours).close()
            changed = {path: (expected[path], found[path]) for path in found if found[path] != expected[path]}
            assert [path for path in changed if not is_our_page(*changed[path])] == [], (handlers, changed)


def test_what_a_broad_handler_swallowed_is_reported() -> None:
    """An error that a handler for all, or for its class, answered is an event marked as handled, with its frames."""

    def prepare(app: Flask) -> None:
        app.register_error_handler(Exception, lambda _: ("sorry", 500))
        app.register_error_handler(LookupError, lambda _: ("not found", 404))

    with asked(prepare, ["/value", "/key", "/abort/404", "/abort/503"], count=2) as (events, statuses):
        assert statuses == [500, 404, 500, 500]
        values = [event["exception"]["values"][-1] for event in events]
        assert [(value["type"], value["mechanism"]["handled"]) for value in values] == [
            ("ValueError", True),
            ("KeyError", True),
        ]
        assert values[0]["stacktrace"]["frames"][-1]["function"] == "value"
        assert values[0]["mechanism"]["type"] == "flask.errorhandler"


@pytest.mark.parametrize(
    ("expected", "reported"),
    [
        ("", ["ValueError", "KeyError"]),
        ("ValueError", ["KeyError"]),
        ("LookupError,builtins.ValueError", []),
        ("Exception", []),
        ("KeyErr,errors.KeyError", ["ValueError", "KeyError"]),
    ],
)
def test_expected_errors_are_not_reported(expected: str, reported: list[str]) -> None:
    """A class that is switched off by its name is not reported when a handler answered it, nor what derives from it."""

    def prepare(app: Flask) -> None:
        app.register_error_handler(Exception, lambda _: ("sorry", 500))

    paths = ["/value", "/key"]
    with asked(prepare, paths, count=len(reported), expected_errors=expected) as (events, statuses):
        assert statuses == [500, 500]
        assert [event["exception"]["values"][-1]["type"] for event in events] == reported


def test_an_expected_error_that_nothing_handles_is_reported() -> None:
    """What is expected of a handler's answer does not keep an unhandled error from being reported."""
    with asked(lambda _app: None, ["/value"], count=1, expected_errors="ValueError") as (events, _):
        assert events[0]["exception"]["values"][-1]["mechanism"]["handled"] is False


@pytest.mark.parametrize(("wanted", "count"), [(False, 0), (True, 2)])
def test_aborts_are_reported_if_wanted(wanted: bool, count: int) -> None:
    """`abort(503)` is an event when the settings say so, with or without a handler; `abort(404)` never is."""

    def prepare(app: Flask) -> None:
        app.register_error_handler(500, lambda _: ("sorry", 500))

    paths = ["/abort/404", "/abort/500", "/abort/503"]
    with asked(prepare, paths, count=count, report_aborts=wanted) as (events, statuses):
        assert statuses == [404, 500, 503]
        assert [event["exception"]["values"][-1]["type"] for event in events] == [
            "InternalServerError",
            "ServiceUnavailable",
        ][:count]


def test_an_error_is_reported_once_on_its_way_through_handlers() -> None:
    """A handler that raises its error again, and the handler for 500 after it, make one event, which is unhandled."""

    def again(error: Exception) -> Any:
        raise error

    def prepare(app: Flask) -> None:
        app.register_error_handler(ValueError, again)
        app.register_error_handler(500, lambda _: ("sorry", 500))

    with asked(prepare, ["/value", "/key"], count=2) as (events, statuses):
        assert statuses == [500, 500]
        handled = [event["exception"]["values"][-1]["mechanism"]["handled"] for event in events]
        assert handled == [False, False]


def test_an_error_in_a_session_that_cannot_be_opened_is_answered_by_the_handler() -> None:
    """The first request may fail before it starts: its handler is watched all the same."""

    class Broken(SecureCookieSessionInterface):
        def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
            raise ConnectionRefusedError(f"{app.name} has no session for {request.path}")

    def prepare(app: Flask) -> None:
        app.session_interface = Broken()
        app.register_error_handler(500, lambda _: "sorry")

    with asked(prepare, ["/value"], count=1, handler_status="set", report_logs="") as (events, statuses):
        assert (statuses, len(events)) == ([500], 1)


@pytest.mark.parametrize(
    ("answer", "setting", "status", "warnings"),
    [
        ("text", "warn", 200, 1),
        ("text", "set", 404, 1),
        ("text", "off", 200, 0),
        (b"bytes", "set", 404, 1),
        ({"error": "object"}, "set", 404, 1),
        (["list"], "set", 404, 1),
        (iter(["stream"]), "set", 404, 1),
        (("text", {"X-Shop": "1"}), "set", 404, 1),
        (("text", 410), "set", 410, 0),
        (("text", 200), "set", 200, 0),
        (Response("answer"), "set", 200, 0),
    ],
)
def test_an_answer_without_a_status_gets_that_of_its_handler(
    answer: Any, setting: str, status: int, warnings: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A bare answer keeps Flask's 200 with a warning, or gets the registered status if that is set; others stay."""
    with application(handler_status=setting) as app:
        app.register_error_handler(404, lambda _: answer)
        answers = [app.test_client().get("/nowhere") for _ in range(2)]
    assert answers[0].status_code == status
    said = [record.getMessage() for record in caplog.records if "names no status" in record.getMessage()]
    assert len(said) == warnings
    assert [text for text in said if str(status) not in text] == []


def test_the_status_is_that_of_the_error_where_the_handler_has_none(caplog: pytest.LogCaptureFixture) -> None:
    """A handler for all HTTP errors answers with the status of each; one for another class keeps Flask's 200."""
    with application(handler_status="set") as app:
        add_views(app)
        app.register_error_handler(HTTPException, lambda _: "sorry")
        app.register_error_handler(ValueError, lambda _: "never mind")
        client = app.test_client()
        assert [client.get(path).status_code for path in ("/abort/403", "/abort/418", "/value")] == [403, 418, 200]
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert "Return (body, 500).\n" in caplog.text


def test_a_handler_stays_a_function_to_call() -> None:
    """The decorator leaves the function that it was given, before and after requests."""
    with application() as app:

        @app.errorhandler(404)
        def missing(error: Exception) -> tuple[str, int]:
            return f"no {error}", 404

        app.test_client().get("/nowhere")
        assert missing(KeyError("page")) == ("no 'page'", 404)


def is_our_page(expected: matrix.Outcome, found: matrix.Outcome) -> bool:
    """Answers whether two outcomes differ only by the body of a page that no handler of the application made."""
    flask, kaput = expected.answer, found.answer
    same = found._replace(answer=kaput._replace(body="")) == expected._replace(answer=flask._replace(body=""))
    return same and flask.body.startswith("<!doctype html>") and '"type": "about:blank"' in kaput.body


@contextmanager
def asked(
    prepare: Callable[[Flask], None], paths: list[str], count: int, **options: Any
) -> Iterator[tuple[list[dict[str, Any]], list[int]]]:
    """Asks an application for paths, and gives what it reported and with which statuses it answered."""
    with receiving() as receiver:
        with application(dsn=receiver.dsn, **options) as app:
            add_views(app)
            prepare(app)
            statuses = [app.test_client().get(path).status_code for path in paths]
        events = receiver.wait(count)
        assert len(events) == count
        yield events, statuses


def add_views(app: Flask) -> None:
    """Adds views that fail."""

    @app.get("/value")
    def value() -> str:
        raise ValueError("no value")

    @app.get("/key")
    def key() -> str:
        return {"apple": "1"}["pear"]

    @app.get("/abort/<int:status>")
    def aborting(status: int) -> str:
        abort(status)
