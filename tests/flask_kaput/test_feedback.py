"""The form in which a person says what happened, from the error page to the server."""

import html
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, abort, redirect, render_template_string
from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFProtect
from itsdangerous import URLSafeSerializer
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Response

from flask_kaput import feedback_form, reference, state_of
from flask_kaput.embedded.inlet import PROJECT
from flask_kaput.feedback import GOOD_FOR, LONGEST_MESSAGE, MOST, MOST_PER_EVENT, PATH, WINDOW, Feedback
from flask_kaput.page import templates
from kaput.installation import attach
from kaput.store.base import FeedbackRow
from kaput.store.revision import Revision, read_revision
from tests.clock import SettableClock
from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import Receiver, receiving

PAGE = {"Accept": "text/html"}
EVENT = "ab" * 16


def field(text: str, name: str) -> str:
    """Returns a value of a form."""
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', text)
    assert found is not None, text
    return html.unescape(found[1])


@contextmanager
def shop(receiver: Receiver, **options: Any) -> Iterator[tuple[Flask, FlaskClient]]:
    """Gives an application that fails."""
    with application(dsn=receiver.dsn, **options) as app:

        @app.get("/fail")
        def fail() -> str:
            raise RuntimeError("broken")

        yield app, app.test_client()


@pytest.mark.parametrize("secret", [None, "a secret of the application"])
def test_what_a_person_says_reaches_the_event(secret: str | None, receiver: Receiver) -> None:
    """The form of the page is sent without scripts, and its words arrive with the id of the event."""
    with shop(receiver) as (app, client):
        app.secret_key = secret
        page = client.get("/fail", headers=PAGE).text
        sent = {"token": field(page, "token"), "message": "  I paid,\nand nothing came. ", "email": "joe@example.org"}
        answer = client.post(PATH, data=sent, follow_redirects=True)
        [event], [said] = receiver.wait(1), receiver.wait_for_feedback(1)
    assert (answer.status_code, [past.status_code for past in answer.history]) == (200, [303])
    assert "Thank you" in answer.text
    assert said == {
        "message": "I paid,\nand nothing came.",
        "contact_email": "joe@example.org",
        "associated_event_id": event["event_id"],
    }


def test_what_a_person_says_reaches_the_event_inside_the_application() -> None:
    """With the tracker inside, the number of the page finds the event, and the words stand at it."""
    with application(embedded=True) as app:

        @app.get("/fail")
        def fail() -> str:
            raise RuntimeError("broken")

        client, tracker = app.test_client(), state_of(app).tracker
        assert tracker is not None
        page = client.get("/fail", headers=PAGE).text
        number = re.search(r"<code>([0-9a-f-]{14})</code>", page)
        assert number is not None
        sent = {"token": field(page, "token"), "message": "I paid.", "email": "joe@example.org"}
        assert client.post(PATH, data=sent, follow_redirects=True).status_code == 200
        deadline = time.monotonic() + 30
        while read_revision(tracker.home.settings.database) is not Revision.CURRENT:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with attach(tracker.home.settings) as installation:
            found: list[FeedbackRow] = []
            while not found:
                assert time.monotonic() < deadline
                time.sleep(0.02)
                events = installation.store.events.begins(number[1].replace("-", ""), [PROJECT], 2)
                found = installation.store.feedback.of_event(PROJECT, events[0].event_id) if events else []
    [said] = found
    assert (said.comments, said.email, said.short_id) == ("I paid.", "joe@example.org", "APP-1")


def test_the_hooks_of_the_application_are_not_in_the_way(receiver: Receiver) -> None:
    """A login that everything needs, a protection of forms and a broken hook do not keep the words back."""
    with shop(receiver, config={"SECRET_KEY": "secret"}) as (app, client):
        CSRFProtect(app)
        page = client.get("/fail", headers=PAGE).text
    with shop(receiver, config={"SECRET_KEY": "secret"}) as (app, client):
        CSRFProtect(app)
        app.before_request(lambda: redirect("/login"))
        app.before_request(lambda: abort(500))
        answer = client.post(PATH, data={"token": field(page, "token"), "message": "help"})
        assert (answer.status_code, answer.location) == (303, f"{PATH}?sent")
        receiver.wait_for_feedback(1)


def test_the_form_is_below_the_prefix(receiver: Receiver) -> None:
    """An application that is mounted below a path gets the form back."""
    with shop(receiver) as (_, client):
        page = client.get("/fail", headers=PAGE, environ_overrides={"SCRIPT_NAME": "/shop"}).text
        assert f'action="/shop{PATH}"' in page
        sent = {"token": field(page, "token"), "message": "help"}
        assert client.post(f"/shop{PATH}", data=sent).status_code == 303


def test_there_is_a_form_only_for_what_was_reported(receiver: Receiver) -> None:
    """A page that was not found has no form, nor has any page when forms are switched off."""
    with shop(receiver) as (_, client):
        assert "<form" not in client.get("/nowhere", headers=PAGE).text
    with shop(receiver, feedback=False) as (_, client):
        assert "<form" not in client.get("/fail", headers=PAGE).text
        assert client.post(PATH).status_code == 404
    with application(config={"PROPAGATE_EXCEPTIONS": False}) as app:
        app.add_url_rule("/fail", "fail", lambda: str(1 / 0))
        assert "<form" not in app.test_client().get("/fail", headers=PAGE).text


def test_an_own_handler_has_reference_and_form(receiver: Receiver) -> None:
    """A handler of the application shows both, for what was not handled and for what it swallows itself."""

    def own(_: Exception) -> tuple[str, int]:
        return render_template_string("{{ r }} {{ f }}", r=reference(), f=feedback_form()), 500

    with shop(receiver) as (app, client):
        app.register_error_handler(500, own)
        app.register_error_handler(LookupError, own)
        app.register_error_handler(404, own)
        app.add_url_rule("/key", "key", lambda: {"apple": "1"}["pear"])
        answers = [client.get(path).text for path in ("/fail", "/key", "/nowhere")]
        ids = [event["event_id"] for event in receiver.wait(2)]
    assert [text[:14] for text in answers] == [f"{i[:4]}-{i[4:8]}-{i[8:12]}" for i in ids] + [" "]
    assert ["<form" in text for text in answers] == [True, True, False]


def test_tests_of_the_application_send_nothing(receiver: Receiver) -> None:
    """With `TESTING` no words leave the application."""
    with shop(receiver) as (app, client):
        page = client.get("/fail", headers=PAGE).text
        receiver.wait(1)
        app.testing = True
        assert client.post(PATH, data={"token": field(page, "token"), "message": "help"}).status_code == 303
    assert receiver.feedback == []


class Booth:
    """The form alone, around an application that says nothing."""

    def __init__(self, clock: SettableClock) -> None:
        self.kept: list[tuple[str, bytes]] = []
        app = Flask("booth")
        app.wsgi_app = Response("inner")  # type: ignore[method-assign]
        self.feedback = Feedback(app, templates(), lambda *given: self.kept.append(given), lambda: "key", clock)
        self.client = Client(self.feedback)
        self.fails = False

    def token(self, event_id: str = EVENT) -> str:
        """Returns the token of a form that somebody was just shown."""
        return field(self.feedback.form(event_id, ""), "token")

    def send(self, message: str = "help", token: str | None = None, **more: str) -> TestResponse:
        """Sends the form."""
        data = {"token": self.token() if token is None else token, "message": message, "email": "joe@example.org"}
        return self.client.post(PATH, data=data, headers=more)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(1_800_000_000.0)


@pytest.fixture
def booth(clock: SettableClock) -> Booth:
    return Booth(clock)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        URLSafeSerializer("another key", salt="kaput-feedback").dumps([EVENT, 1_800_000_000]),
        URLSafeSerializer("key", salt="another").dumps([EVENT, 1_800_000_000]),
        URLSafeSerializer("key", salt="kaput-feedback").dumps(EVENT),
        URLSafeSerializer("key", salt="kaput-feedback").dumps([EVENT, "now"]),
    ],
)
def test_only_who_was_shown_the_error_may_speak_of_it(token: str, booth: Booth) -> None:
    """Without the token of the form nothing is taken; the words are given back."""
    answer = booth.send("I <b>paid</b>", token)
    assert answer.status_code == 400
    assert "I &lt;b&gt;paid&lt;/b&gt;" in answer.text
    assert booth.kept == []


def test_another_site_cannot_send_it(booth: Booth) -> None:
    """A form that a page of another site sends is refused, token or not."""
    assert booth.send(**{"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert booth.send(**{"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert len(booth.kept) == 1


def test_a_form_grows_old(booth: Booth, clock: SettableClock) -> None:
    """A form is taken for a day."""
    token = booth.token()
    clock.now += GOOD_FOR - 1
    assert booth.send(token=token).status_code == 303
    clock.now += 1
    assert booth.send(token=token).status_code == 400


def test_an_empty_form_comes_back(booth: Booth) -> None:
    """Without words the form is shown again, with what was filled in, and can be sent."""
    answer = booth.send("   ")
    assert (answer.status_code, field(answer.text, "email")) == (400, "joe@example.org")
    assert booth.send("now", field(answer.text, "token")).status_code == 303


def test_not_too_much_is_taken(booth: Booth, clock: SettableClock) -> None:
    """One event and one process take so much in a minute; then the form, with the words, asks to wait."""
    assert [booth.send().status_code for _ in range(MOST_PER_EVENT + 1)] == [303] * MOST_PER_EVENT + [429]
    statuses = [booth.send(token=booth.token(f"{number:032x}")).status_code for number in range(MOST)]
    assert statuses == [303] * (MOST - MOST_PER_EVENT) + [429] * MOST_PER_EVENT
    answer = booth.send("not lost")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert ">not lost</textarea>" in answer.text
    clock.now += WINDOW
    assert booth.send().status_code == 303
    assert len(booth.kept) == MOST + 1


def test_large_forms_are_cut_or_refused(booth: Booth) -> None:
    """Words beyond the limit of the field are cut; a body that no form has is not read."""
    assert booth.send("x" * (LONGEST_MESSAGE + 9)).status_code == 303
    assert booth.kept[0][1].count(b"x") == LONGEST_MESSAGE + 2
    assert booth.send("x" * 100_000).status_code == 413
    assert len(booth.kept) == 1


def test_everything_else_goes_to_the_application(booth: Booth) -> None:
    """Other paths are the application's; the form's own answers to other methods, and says thanks."""
    assert booth.client.get("/").text == booth.client.get(f"{PATH}/more").text == "inner"
    assert (booth.client.get(PATH).status_code, booth.client.put(PATH).headers["Allow"]) == (405, "POST")
    assert "Thank you" in booth.client.get(f"{PATH}?sent").text


def test_a_spool_that_fails_is_told(booth: Booth, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be handed on is an answer that says so, and a line in the log."""

    def fail(_event_id: str, _payload: bytes) -> None:
        raise OSError("no space")

    booth.feedback._deliver = fail
    assert booth.send().status_code == 500
    assert "could not take" in caplog.text


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes reports."""
    with receiving() as running:
        yield running


def test_the_words_wait_while_the_server_is_away(receiver: Receiver, tmp_path: Path) -> None:
    """Feedback goes through the spool like events, and arrives when the server is back."""
    receiver.status = 503
    with shop(receiver, spool=tmp_path) as (_, client):
        page = client.get("/fail", headers=PAGE).text
        assert client.post(PATH, data={"token": field(page, "token"), "message": "still here"}).status_code == 303
    receiver.status = 200
    with shop(receiver, spool=tmp_path) as (_, client):
        client.get("/nowhere")
        assert receiver.wait_for_feedback(1)[0]["message"] == "still here"
