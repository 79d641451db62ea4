"""The door: errors that no signal tells of, and the id of the request."""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask

from flask_kaput import request_id, state_of
from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import receiving


def test_errors_of_teardown_functions_and_of_error_handlers_are_reported_once() -> None:
    """What reaches the server after the view is reported too, with its request."""
    with receiving() as receiver, application(dsn=receiver.dsn) as app:

        @app.get("/view")
        def view() -> str:
            raise LookupError("in the view")

        @app.get("/left")
        def left() -> str:
            return "left"

        @app.teardown_request
        def teardown(error: BaseException | None) -> None:
            if error is None:
                raise OSError("in teardown")

        @app.errorhandler(500)
        def handler(_error: Exception) -> str:
            raise ValueError("in the handler")

        with pytest.raises(OSError, match="in teardown"):
            app.test_client().get("/left")
        [event] = receiver.wait(1)
        assert (event["request"]["url"], event["transaction"]) == ("http://localhost/left", "left")
        with pytest.raises(ValueError, match="in the handler"):
            app.test_client().get("/view")
        receiver.wait(3)
    values = [event["exception"]["values"][-1] for event in receiver.events]
    assert [value["value"] for value in values] == ["in teardown", "in the view", "in the handler"]
    assert [value["mechanism"]["type"] for value in values] == ["wsgi", "flask", "wsgi"]


@pytest.mark.parametrize("when", ["before_request", "after_request", "teardown_request", "teardown_appcontext"])
def test_errors_before_and_after_the_view_are_reported_once(when: str) -> None:
    """Functions around a view fail as views do; what comes after it is called again for the page of its error."""
    with receiving() as receiver, application(dsn=receiver.dsn) as app:
        app.add_url_rule("/fine", "fine", lambda: "fine")
        state = state_of(app)

        def around(*_arguments: object) -> None:
            raise OSError(when)

        getattr(app, when)(around)
        with suppress(OSError):  # nothing answers what comes at the teardown
            assert app.test_client().get("/fine").status_code == 500
        assert state.sender is not None
        assert state.sender.flush(10)
    assert [event["exception"]["values"][0]["value"] for event in receiver.events] == [when]


def test_another_error_while_one_is_handled_is_another_event() -> None:
    """An error of another class, or from another line, is no echo of the one that is handled; the same is."""
    with receiving() as receiver, application(dsn=receiver.dsn) as app, app.app_context():
        reporter = state_of(app).reporter
        assert reporter is not None

        def fail(error: Exception) -> None:
            raise error

        def fail_elsewhere(error: Exception) -> None:
            raise error

        def reported(failing: Callable[[Exception], None], error: Exception) -> str | None:
            try:
                failing(error)
            except (OSError, KeyError) as raised:
                return reporter.report(raised, handled=True)
            return None

        try:
            fail(OSError("first"))
        except OSError as first:
            known = reporter.report(first, handled=True)
            assert reported(fail, OSError("first")) == known
            assert len({known, reported(fail, KeyError()), reported(fail_elsewhere, OSError("first"))}) == 3
        assert reported(fail, OSError("first")) != known
        receiver.wait(4)


def test_an_error_that_is_propagated_is_reported_once() -> None:
    """With PROPAGATE_EXCEPTIONS the error comes through the door after the signal told of it."""
    with receiving() as receiver, application(dsn=receiver.dsn, config={"PROPAGATE_EXCEPTIONS": True}) as app:

        @app.get("/view")
        def view() -> str:
            raise LookupError("once")

        with pytest.raises(LookupError):
            app.test_client().get("/view")
        receiver.wait(1)
    assert len(receiver.events) == 1


def test_every_response_has_the_id_of_its_request() -> None:
    """The id is the caller's if it gave one, the same in the view, and on error pages too."""
    with application() as app:
        app.add_url_rule("/", "own", request_id)
        client = app.test_client()
        for path, given in (("/", "abc-1"), ("/", ""), ("/missing", "abc-2")):
            response = client.get(path, headers={"X-Request-ID": given} if given else {})
            [answered] = response.headers.getlist("X-Request-ID")
            assert answered == given or (not given and len(answered) == 32)
            assert path != "/" or response.text == answered
    assert request_id() == ""


def test_an_id_that_the_application_sets_stays() -> None:
    """There is one header, and the application's is not changed."""
    with application() as app:
        app.add_url_rule("/", "own", lambda: ("", {"x-request-id": "mine"}))
        assert app.test_client().get("/").headers.getlist("X-Request-ID") == ["mine"]


def test_a_request_that_goes_well_pays_for_few_calls() -> None:
    """What the extension does for it is counted in calls, which no other work on the machine changes."""
    plain = Flask("plain")
    with receiving() as receiver, application(dsn=receiver.dsn) as app:
        for one in (plain, app):
            one.add_url_rule("/", "fine", lambda: "fine")
        assert _calls(plain) < _calls(app) < _calls(plain) + 80


def _calls(app: Flask) -> int:
    """Returns how many functions a request calls, when it is not the first one."""
    client, made = app.test_client(), 0

    def count(_frame: object, event: str, _argument: Any) -> None:
        nonlocal made
        made += event in {"call", "c_call"}

    client.get("/")
    sys.setprofile(count)
    try:
        client.get("/")
    finally:
        sys.setprofile(None)
    return made
