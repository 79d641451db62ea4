"""Errors of threads: each at the application it belongs to, once, and the hook before is called as ever."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import copy_current_request_context

from flask_kaput import state_of
from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import receiving


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Puts a hook of somebody else in place, and gives what it was called with."""
    seen: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    yield seen
    seen.clear()


def run(work: Callable[[], object]) -> None:
    """Runs something in a thread to its end."""
    thread = threading.Thread(target=work, name="baker")
    thread.start()
    thread.join()


def fail() -> None:
    """Fails."""
    raise LookupError("no flour")


def test_an_error_of_a_thread_is_reported_and_handed_on(calls: list[Any]) -> None:
    """The event names the thread, and the hook that was there gets the error as before."""
    with receiving() as receiver, application(dsn=receiver.dsn):
        run(fail)
        [event] = receiver.wait(1)
        assert len(calls) == 1
    assert (event["transaction"], event["exception"]["values"][0]["mechanism"]["type"]) == ("baker", "threading")
    assert {"request", "tags"}.isdisjoint(event)


def test_a_thread_that_works_for_a_request_tells_of_it(calls: list[Any]) -> None:
    """With the request's context copied into the thread, the event has the request and its id, and comes once."""
    with receiving() as receiver, application(dsn=receiver.dsn) as app:

        @app.get("/bake")
        def bake() -> str:
            run(copy_current_request_context(fail))
            return "baked"

        assert app.test_client().get("/bake", headers={"X-Request-ID": "request-7"}).text == "baked"
        receiver.wait(1)
        sender = state_of(app).sender
        assert sender is not None
        assert sender.flush(10)
        assert len(calls) == 1
    [event] = receiver.events
    assert (event["request"]["url"], event["tags"]["request_id"]) == ("http://localhost/bake", "request-7")


def test_an_error_that_leaves_a_context_in_a_thread_is_reported_once(calls: list[Any]) -> None:
    """A job with an application context is seen when it leaves the context, and not again when the thread ends."""
    with receiving() as receiver, application(dsn=receiver.dsn) as app:

        def work() -> None:
            with app.app_context():
                fail()

        run(work)
        run(work)
        receiver.wait(2)
        assert len(calls) == 2
    assert len(receiver.events) == 2


def test_of_several_applications_one_reports(calls: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The one whose files stand in the traceback reports, else the first."""
    with (
        receiving() as ours,
        receiving() as theirs,
        application("first", dsn=ours.dsn) as first,
        application("second", dsn=theirs.dsn) as second,
    ):
        run(fail)
        ours.wait(1)
        assert (first.root_path == second.root_path, len(theirs.events), len(calls)) == (True, 0, 1)
    with receiving() as ours, receiving() as theirs:
        monkeypatch.chdir("/")
        with application("flask", dsn=ours.dsn), application("tests.flask_kaput.test_threads", dsn=theirs.dsn):
            run(fail)
            theirs.wait(1)
            assert len(ours.events) == 0


def test_the_hook_is_taken_out_at_the_end(calls: list[Any]) -> None:
    """When the last application is closed the hook is the one that was there; SystemExit is nobody's error."""
    before = threading.excepthook
    with receiving() as receiver:
        with application(dsn=receiver.dsn), application(dsn=receiver.dsn):
            threading.excepthook(threading.ExceptHookArgs((SystemExit, SystemExit(), None, None)))
        assert threading.excepthook is before
    assert (receiver.requests, len(calls)) == (0, 1)
