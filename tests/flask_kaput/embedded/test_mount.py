"""The tracker before an application: its page, its door, and nothing of it anywhere else."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, abort, request, session
from werkzeug.test import Client, TestResponse

from flask_kaput.embedded import mount
from flask_kaput.embedded.home import enter_token
from flask_kaput.embedded.tracker import Tracker
from kaput.config import load
from kaput.installation import Installation, attach
from kaput.view.secret import setup_token
from tests.accept.door import envelope
from tests.flask_kaput.embedded.home import home

PATIENCE = 60.0
ID = "9d3b4c2a1f0e4d5c8b7a69584736251f"
PASSWORD = "correct horse battery"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
LOCAL = {"REMOTE_ADDR": "127.0.0.1", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000"}


def shop() -> Flask:
    """Makes an application that is as much in the way as one can be."""
    app = Flask("shop")
    app.secret_key = "the shop's own"
    app.config.update(SESSION_COOKIE_NAME="kaput", SERVER_NAME="shop.example.org", MAX_CONTENT_LENGTH=10)

    @app.before_request
    def refuse() -> None:
        if request.path != "/":
            abort(403)

    @app.errorhandler(Exception)
    def swallow(error: Exception) -> tuple[str, int]:
        return f"the shop's own page for {error}", 418

    @app.after_request
    def mark(response: Any) -> Any:
        response.headers["X-Shop"] = "1"
        return response

    @app.get("/")
    def index() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return f"visit {session['visits']}"

    return app


@pytest.fixture
def tracker(tmp_path: Path) -> Iterator[Tracker]:
    made = Tracker(home(tmp_path), lambda: False)
    yield made
    made.close()


@pytest.fixture
def client(tracker: Tracker) -> Client:
    app = shop()
    mount.attach(app, tracker)
    return Client(app.wsgi_app)


def ask(client: Client, path: str, **more: Any) -> TestResponse:
    """Sends one request from this machine."""
    more.setdefault("base_url", "http://shop.example.org")
    return client.open(path, environ_overrides=LOCAL, **more)


def opened(client: Client, path: str = "/kaput/login") -> TestResponse:
    """Asks for a page until the tracker has started."""
    deadline = time.monotonic() + PATIENCE
    while (answer := ask(client, path)).status_code == 503:
        assert answer.headers["Retry-After"] == "1"
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)
    return answer


def installation(tracker: Tracker) -> Installation:
    """Opens what the tracker keeps, as the command line does."""
    return attach(load({"KAPUT_DATA": str(tracker.home.settings.data)}, {}).settings)


def test_the_page_is_an_application_of_its_own(client: Client) -> None:
    """Neither the host's hooks nor its handlers, limits, cookie or server name touch the page, and it not the host."""
    answer = opened(client)
    assert (answer.status_code, "X-Shop" in answer.headers) == (200, False)
    assert "<title>" in answer.text
    assert 'href="/kaput/static/' in answer.text
    assert [ask(client, "/").text for _ in range(2)] == ["visit 1", "visit 2"]
    assert ask(client, "/kaputt").text.startswith("the shop's own page for 403")
    lost = ask(client, "/kaput/no/such/page")
    assert (lost.status_code, "X-Shop" in lost.headers) == (404, False)


def test_the_path_without_its_slash_leads_to_the_page(client: Client) -> None:
    """The address that people type leads on, under the prefix of the host too."""
    answer = ask(client, "/kaput", base_url="http://shop.example.org/under")
    assert (answer.status_code, answer.headers["Location"]) == (308, "/under/kaput/")


def test_set_up_and_login(client: Client, tracker: Tracker) -> None:
    """The set-up link makes the first account; its cookie stays below the page's path, beside the host's own."""
    opened(client)
    ask(client, "/")
    with installation(tracker) as installed:
        token = setup_token(installed.secret)
    form = ask(client, f"/kaput/setup?token={token}").text
    found = TOKEN.search(form)
    assert found is not None
    given = {"csrf_token": found[1], "token": token, "email": "ada@example.org", "password": PASSWORD}
    made = ask(client, "/kaput/setup", method="POST", data=given)
    assert (made.status_code, made.headers["Location"]) == (302, "/kaput/")
    (cookie,) = [line for line in made.headers.getlist("Set-Cookie") if line.startswith("kaput_session=")]
    assert "Path=/kaput" in cookie
    assert ask(client, "/kaput/account").status_code == 200
    assert ask(client, "/").text == "visit 2"
    without = ask(client, "/kaput/logout", method="POST", data={})
    assert without.status_code == 400  # a form of another page


def test_events_of_the_process_and_of_a_browser(client: Client, tracker: Tracker) -> None:
    """What the process delivers and what comes in over HTTP is stored, each once, and shown."""
    opened(client)
    tracker.deliver(ID, json.dumps({"event_id": ID, "message": "from inside"}).encode())
    with installation(tracker) as installed:
        key = installed.store.projects.keys(1)[0].public
        body = envelope(("event", b'{"event_id":"%b","message":"from a browser"}' % (b"a" * 32)))
        for _ in range(2):  # the second one is a duplicate
            answer = ask(client, f"/kaput/api/1/envelope/?sentry_key={key}", method="POST", data=body)
            assert answer.json == {"id": "a" * 32}
        deadline = time.monotonic() + PATIENCE
        while installed.read_stats().digested < 3:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        stats = installed.read_stats()
        assert (stats.accepted, stats.pending, stats.dead, stats.events) == (3, 0, 0, 2)
        entry = installed.store.events.get(ID).event.logentry
        assert entry is not None
        assert entry.formatted == "from inside"
        assert installed.store.projects.get(1).name == "shop"
        assert installed.base_url() == "http://127.0.0.1:8000/kaput"


def test_nothing_starts_while_the_application_is_tested(tmp_path: Path) -> None:
    """With `app.testing` there is no page, no event is kept and nothing is written."""
    app = shop()
    app.testing = True
    tracker = Tracker(home(tmp_path / "data"), lambda: app.testing)
    mount.attach(app, tracker)
    assert ask(Client(app.wsgi_app), "/kaput/login").status_code == 418
    tracker.deliver(ID, b"{}")
    assert not (tmp_path / "data").exists()


def test_a_view_that_is_hidden_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A view of the application below the page's path is warned of once, others are not."""
    app = shop()
    app.add_url_rule("/kaput/prices", "prices", lambda: "")
    app.add_url_rule("/kaputt", "broken", lambda: "")
    tracker = Tracker(home(tmp_path), lambda: False)
    mount.attach(app, tracker)
    client = Client(app.wsgi_app)
    for _ in range(2):
        ask(client, "/")
    tracker.close()
    told = [record.getMessage() for record in caplog.records if "hides" in record.getMessage()]
    assert told == ["Kaput's page hides the view prices at /kaput/prices. Set KAPUT_PATH."]


def test_a_directory_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """The application answers as ever; the page says what is wrong."""
    (tmp_path / "data").write_text("")
    tracker = Tracker(home(tmp_path / "data"), lambda: False)
    app = shop()
    mount.attach(app, tracker)
    client = Client(app.wsgi_app)
    tracker.deliver(ID, b"{}")
    assert ask(client, "/").text == "visit 1"
    deadline = time.monotonic() + PATIENCE
    while "cannot be used" not in (answer := ask(client, "/kaput/")).text:
        assert (answer.status_code, time.monotonic() < deadline) == (503, True)
    tracker.close()


@pytest.mark.parametrize(("debug", "status"), [(True, 302), (False, 404)])
def test_the_link_in_the_console(tmp_path: Path, debug: bool, status: int, capfd: pytest.CaptureFixture[str]) -> None:
    """In debug mode on loopback the console has a link that lets in; otherwise it has the set-up link."""
    tracker = Tracker(home(tmp_path, debug=debug), lambda: False)
    app = shop()
    mount.attach(app, tracker)
    client = Client(app.wsgi_app)
    opened(client)
    told = ""
    deadline = time.monotonic() + PATIENCE
    while "\n" not in told:
        assert time.monotonic() < deadline
        told += capfd.readouterr().err
    with installation(tracker) as installed:
        enter = f"http://127.0.0.1:8000/kaput/enter?token={enter_token(installed.secret)}"
        setup = f"http://127.0.0.1:8000/kaput/setup?token={setup_token(installed.secret)}"
        path = enter.partition(":8000")[2]
        answer = ask(client, path)
        assert answer.status_code == status
        assert not debug or answer.headers["Location"].startswith("/kaput/setup?token=")
        installed.store.accounts.add_first("ada@example.org", PASSWORD)
        assert ask(client, path).status_code == status
        assert ask(client, "/kaput/account").status_code == (200 if debug else 302)
    tracker.close()
    assert capfd.readouterr().err == ""
    way = f"On this machine you get in by {enter}" if debug else f"Make your account at {setup}"
    assert told == f"Kaput shows what fails in shop. {way}\n"
