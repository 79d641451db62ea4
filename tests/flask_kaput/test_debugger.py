"""The guard against Werkzeug's debugger."""

from contextlib import closing
from multiprocessing import Value
from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import FlaskGroup
from werkzeug.debug import DebuggedApplication
from werkzeug.test import Client, TestResponse

from flask_kaput import Kaput, state_of
from tests.flask_kaput.applications import application

SHARED = Value("B")
"""Opens the memory that the debuggers of a process share, and that stays open as long as it does."""

LOCAL = {"SERVER_NAME": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1"}


def debugged(app: Flask, **options: Any) -> Client:
    """Returns a client of an application with Werkzeug's debugger around it, as the development server puts it."""

    @app.get("/")
    def index() -> str:
        return "fine"

    @app.get("/fail")
    def fail() -> str:
        password = "geheim"
        raise ZeroDivisionError(password)

    app.config["PROPAGATE_EXCEPTIONS"] = True
    return Client(DebuggedApplication(app, pin_security=False, **options))


def get(client: Client, path: str, **environ: str) -> TestResponse:
    """Asks for a path as the server on this machine is asked, but for what is said."""
    return client.get(path, environ_overrides={**LOCAL, **environ})


def test_the_debugger_works_where_it_is_meant_to() -> None:
    """In debug mode, on this machine, nothing is in its way."""
    with application() as app:
        app.debug = True
        client = debugged(app, evalex=True)
        assert get(client, "/").status_code == 200
        assert "ZeroDivisionError" in get(client, "/fail").text
        assert get(client, "/console").status_code == 200


@pytest.mark.parametrize(
    ("debug", "environ"),
    [
        (False, {}),
        (True, {"SERVER_NAME": "0.0.0.0"}),
        (True, {"REMOTE_ADDR": "192.0.2.7"}),
        (True, {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}),
        (True, {"SERVER_NAME": "shop.example.org"}),
    ],
)
def test_it_is_switched_off_anywhere_else(
    debug: bool,
    environ: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The first request is refused; after it there is no console, no page of an error, and the application answers."""
    with application() as app:
        app.debug = debug
        client = debugged(app, evalex=True)
        first = get(client, "/fail", **environ)
        assert (first.status_code, "geheim" in first.text) == (503, False)
        assert [record.levelname for record in caplog.records] == ["CRITICAL"]
        assert get(client, "/", **environ).text == "fine"
        assert get(client, "/console", **environ).status_code == 404
        with pytest.raises(ZeroDivisionError):
            get(client, "/fail", **environ)


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        (["--debugger"], "not started outside of debug mode. Leave out --debugger."),
        (["--debug", "--host", "0.0.0.0"], "not started on 0.0.0.0, where others can reach it. Add --no-debugger"),
        (["--debug", "--host", "shop.example.org", "--debugger"], "not started on shop.example.org"),
        (["--debug", "--host", "0.0.0.0", "--no-debugger"], ""),
        (["--debug"], ""),
        (["--debug", "--host", "unix:///tmp/shop.sock"], ""),
        (["--host", "0.0.0.0"], ""),
    ],
)
def test_flask_run_does_not_start_it_anywhere_else(
    arguments: list[str],
    refused: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ends with a sentence before anything listens; the application is loaded where nothing is wrong."""
    monkeypatch.setenv("FLASK_DEBUG", "0")  # `--debug` sets it for the process

    def create() -> Flask:
        with application() as app:
            raise click.ClickException(f"{app.name} was loaded.")

    command = [*(["--debug"] if "--debug" in arguments else []), "run"]
    command += [argument for argument in arguments if argument != "--debug"]
    done = CliRunner().invoke(FlaskGroup(create_app=create), command)
    assert done.exit_code == (2 if refused else 1)
    assert (refused or "shop was loaded.") in done.output


def test_a_debugger_inside_of_the_guard_is_passed_by() -> None:
    """One that was put around the application before Kaput was is not asked."""
    app = Flask("inside")
    app.wsgi_app = DebuggedApplication(app.wsgi_app, evalex=True, pin_security=False)  # type: ignore[method-assign]
    app.add_url_rule("/", "index", lambda: "fine")
    Kaput(app, embedded=False)
    with closing(state_of(app)):
        client = Client(app)
        assert get(client, "/", REMOTE_ADDR="192.0.2.7").text == "fine"
        assert get(client, "/console", REMOTE_ADDR="192.0.2.7").status_code == 404
        app.debug = True
        assert get(client, "/console").status_code == 200


def test_the_guard_can_be_switched_off() -> None:
    """Where only friends can reach the server, a setting lets the debugger be."""
    with application(debugger_guard=False) as app:
        app.debug = True
        client = debugged(app, evalex=True)
        assert get(client, "/", SERVER_NAME="0.0.0.0").status_code == 200
        assert get(client, "/console", SERVER_NAME="0.0.0.0").status_code == 200


def test_a_test_client_that_keeps_its_contexts_is_no_debugger() -> None:
    """The client of Flask in a `with` asks for contexts as the debugger does, and is answered."""
    with application() as app:
        app.add_url_rule("/", "index", lambda: "fine")
        with app.test_client() as client:
            assert client.get("/").text == "fine"
