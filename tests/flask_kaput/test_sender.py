"""The sender: a server that is away, slow, full or choosy loses no event and delays no request."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_kaput import state_of
from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import receiving


def test_what_fails_while_the_server_is_away_arrives_when_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    """Events wait on the disk, the log says once that the server is away, and all arrive in order."""
    with receiving() as receiver:
        port = receiver.port
    with application(dsn=f"http://key@127.0.0.1:{port}/1") as app:
        client = failing(app)
        for number in range(5):
            assert client.get(f"/fail/{number}").status_code == 500
        sender = state_of(app).sender
        assert sender is not None
        until(lambda: sender.away_seconds() > 0)
        with receiving(port) as back:
            assert [event["transaction"] for event in back.wait(5)] == ["fail"] * 5
            values = [event["exception"]["values"][0]["value"] for event in back.events]
            assert values == [f"no {number}" for number in range(5)]
            until(lambda: sender.away_seconds() == 0)
    assert caplog.text.count("is away") == 1


def test_a_restarted_application_sends_what_was_kept_at_its_first_request() -> None:
    """Nobody waits for a new error: any request starts the sender."""
    with receiving() as receiver:
        port = receiver.port
    with application(dsn=f"http://key@127.0.0.1:{port}/1") as first:
        failing(first).get("/fail/1")
        kept = spool_names(first)
        folder = Path(first.instance_path)
        state_of(first).close()
        with receiving(port) as receiver, application(dsn=receiver.dsn, spool=folder) as second:
            assert len(kept) == 1
            failing(second).get("/fine")
            receiver.wait(1)


@pytest.mark.parametrize(
    ("status", "headers"), [(429, {"Retry-After": "1"}), (503, {}), (429, {"X-Sentry-Rate-Limits": "1:error:key"})]
)
def test_a_server_that_wants_a_pause_gets_one(status: int, headers: dict[str, str]) -> None:
    """While the server asks to wait nothing is sent, and nothing is lost."""
    with receiving() as receiver, application(dsn=receiver.dsn) as app:
        receiver.status, receiver.headers = status, headers
        client = failing(app)
        began = time.monotonic()
        client.get("/fail/1")
        until(lambda: receiver.requests == 1)
        receiver.status, receiver.headers = 200, {}
        client.get("/fail/2")
        assert len(receiver.wait(2)) == 2
        assert time.monotonic() - began > 0.9


def test_an_event_that_the_server_refuses_holds_up_no_other() -> None:
    """What is too large for the server is left out and counted; the next one arrives."""
    with receiving() as receiver, application(dsn=receiver.dsn) as app:
        receiver.status = 413
        client = failing(app)
        client.get("/fail/1")
        until(lambda: receiver.requests == 1 and not spool_names(app))
        receiver.status = 200
        client.get("/fail/2")
        [event] = receiver.wait(1)
        assert event["exception"]["values"][0]["value"] == "no 2"
        assert receiver.reports[0]["discarded_events"][0]["reason"] == "send_error"


def test_a_request_waits_for_no_slow_server() -> None:
    """A server that does not answer keeps nobody waiting who asked the application."""
    with receiving() as receiver, application(dsn=receiver.dsn) as app:
        receiver.gate.clear()
        client = failing(app)
        for number in range(6):
            assert client.get(f"/fail/{number}").status_code == 500
        assert receiver.requests == 0
        receiver.gate.set()
        receiver.wait(6)


def test_events_go_out_without_a_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where no folder can be written events are sent from memory, and the log says what to set."""
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with receiving() as receiver, application(dsn=receiver.dsn, spool=blocked) as app:
        assert failing(app).get("/fail/1").status_code == 500
        receiver.wait(1)
    assert "set KAPUT_SPOOL" in caplog.text


def test_a_forked_process_sends_for_itself() -> None:
    """A child that was forked from a process with a sender has one of its own, and the parent keeps its lock."""
    with receiving() as receiver, application(dsn=receiver.dsn) as app:
        client = failing(app)
        client.get("/fail/1")
        receiver.wait(1)
        child = os.fork()
        if child == 0:
            client.get("/fail/2")
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert len(receiver.wait(2)) == 2


def test_a_forked_process_keeps_nobody_from_sending(tmp_path: Path) -> None:
    """While a child lives that never fails, as one that works for the application may, another process takes over."""
    reading, writing = os.pipe()
    with receiving() as receiver:
        with application(dsn=receiver.dsn, spool=tmp_path) as first:
            failing(first).get("/fail/1")
            receiver.wait(1)
            child = os.fork()
            if child == 0:
                os.close(writing)
                os.read(reading, 1)
                os._exit(0)
        try:
            with application(dsn=receiver.dsn, spool=tmp_path) as second:
                failing(second).get("/fail/2")
                assert len(receiver.wait(2)) == 2
        finally:
            os.close(writing)
            os.close(reading)
            assert os.waitpid(child, 0)[1] == 0


def test_nothing_starts_and_nothing_leaves_while_testing() -> None:
    """With `app.testing` there is no thread, no file and no request."""
    with receiving() as receiver, application(dsn=receiver.dsn) as app:
        app.testing = True
        app.config["PROPAGATE_EXCEPTIONS"] = False
        client = failing(app)
        assert [client.get(path).status_code for path in ("/fine", "/fail/1")] == [200, 500]
        assert not any(Path(app.instance_path).iterdir())
    assert receiver.requests == 0


def failing(app: Flask) -> FlaskClient:
    """Adds views, one of which fails, and returns a client."""

    @app.get("/fail/<number>")
    def fail(number: str) -> str:
        raise LookupError(f"no {number}")

    @app.get("/fine")
    def fine() -> str:
        return "fine"

    return app.test_client()


def spool_names(app: Flask) -> list[Path]:
    """Returns the events in the spool of an application."""
    return list(Path(app.instance_path).glob("kaput-spool/*/*.json"))


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Waits until something is true; raises AssertionError when it is not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.005)
