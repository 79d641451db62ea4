"""Reports: what reaches the server, and what does not."""

from importlib.metadata import version
from typing import Any

import sentry_sdk
from flask import Flask
from sentry_sdk.integrations.dedupe import DedupeIntegration

from flask_kaput import state_of
from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import receiving


def test_an_unhandled_error_is_reported_once() -> None:
    """What no handler took is an event with its exception, marked as unhandled."""
    with receiving() as receiver, application(dsn=receiver.dsn, release="1.2") as app:

        @app.get("/fail")
        def fail() -> str:
            basket = {"apples": 3}
            raise LookupError(f"no {basket}")

        assert app.test_client().get("/fail").status_code == 500
        [event] = receiver.wait(1)
    [value] = event["exception"]["values"]
    assert (value["type"], value["mechanism"]["handled"], event["release"]) == ("LookupError", False, "1.2")
    assert value["stacktrace"]["frames"][-1]["vars"]["basket"] == {"apples": "3"}
    assert event["modules"]["flask"] == version("flask")


def test_one_exception_is_one_event() -> None:
    """Whoever else reports the same exception in the same request gets the id of its event."""
    with receiving() as receiver, application(dsn=receiver.dsn) as app:
        reporter = state_of(app).reporter
        assert reporter is not None
        with app.app_context():
            error = ValueError("once")
            first = reporter.report(error, handled=True)
            assert reporter.report(error, handled=False) == first == reporter.last_event_id()
            assert reporter.report(ValueError("twice"), handled=True) != first
        assert len(receiver.wait(2)) == 2


def test_sentry_beside_it_takes_nothing_away() -> None:
    """A program that has sentry_sdk of its own reports an exception there, and here too."""
    with receiving() as theirs, receiving() as receiver, application(dsn=receiver.dsn) as app:
        reporter = state_of(app).reporter
        assert reporter is not None
        alone: dict[str, Any] = {"default_integrations": False, "auto_enabling_integrations": False}
        sentry_sdk.init(dsn=theirs.dsn, integrations=[DedupeIntegration()], **alone)
        error = LookupError("no apples")
        try:
            sentry_sdk.capture_exception(error)
            assert reporter.report(error, handled=True) is not None
        finally:
            sentry_sdk.get_client().close()
            sentry_sdk.get_global_scope().set_client(None)
        assert (len(theirs.wait(1)), len(receiver.wait(1))) == (1, 1)


def test_an_application_reports_to_its_own_server() -> None:
    """The errors of one application never reach another's server, even when both have one name."""
    with (
        receiving() as ours,
        receiving() as theirs,
        application("same", dsn=ours.dsn) as first,
        application("same", dsn=theirs.dsn) as second,
    ):
        for app in (first, second):
            app.add_url_rule("/", "fail", _fail)
        first.test_client().get("/")
        ours.wait(1)
        second.test_client().get("/")
        theirs.wait(1)
        assert (len(ours.events), len(theirs.events)) == (1, 1)


def test_an_event_can_be_changed_or_left_out_before_it_is_sent() -> None:
    """KAPUT_BEFORE_SEND sees all that is sent, and its answer is what goes."""

    def before_send(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any] | None:
        if isinstance(hint["exc_info"][1], KeyError):
            return None
        del event["modules"]["flask"]
        return event

    with receiving() as receiver, application(dsn=receiver.dsn, before_send=before_send) as app:
        reporter = state_of(app).reporter
        assert reporter is not None
        with app.app_context():
            assert reporter.report(KeyError(), handled=True) is None
            assert reporter.report(ValueError(), handled=True) is not None
        [event] = receiver.wait(1)
    assert "werkzeug" in event["modules"]
    assert "flask" not in event["modules"]


def test_the_application_answers_when_a_value_cannot_be_shown() -> None:
    """A value whose repr fails does not change the answer."""

    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    with receiving() as receiver, application(dsn=receiver.dsn) as app:

        @app.get("/")
        def fail() -> str:
            rude = Rude()
            raise ValueError(rude)

        assert app.test_client().get("/").status_code == 500
        assert len(receiver.wait(1)) == 1


def _fail() -> str:
    raise ZeroDivisionError(Flask.__name__)
