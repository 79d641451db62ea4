"""The answer to an error for which the application has no handler."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort, request, stream_with_context
from flask.testing import FlaskClient
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    HTTPException,
    RequestedRangeNotSatisfiable,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
)

from flask_kaput.page import POLICY
from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import Receiver, receiving

PAGE = {"Accept": "text/html"}
SECRET = "hunter2-in-the-message"


@contextmanager
def shop(**options: Any) -> Iterator[tuple[Flask, FlaskClient]]:
    """Gives an application that fails in many ways, and a client of it."""
    with application(**options) as app:

        @app.get("/fail")
        def fail() -> str:
            raise RuntimeError(SECRET)

        @app.get("/abort/<int:status>")
        def aborting(status: int) -> str:
            abort(status, description=request.args.get("say"))

        yield app, app.test_client()


def test_a_browser_gets_a_page_and_a_program_gets_problem_details() -> None:
    """The same error is a page to whoever prefers HTML, and RFC 9457's object to others, with the same status."""
    with shop() as (_, client):
        page, data = client.get("/nowhere", headers=PAGE), client.get("/nowhere", headers={"Accept": "*/*"})
    assert (page.status_code, page.content_type) == (404, "text/html; charset=utf-8")
    assert "<h1>There is nothing here</h1>" in page.text
    assert (data.status_code, data.content_type) == (404, "application/problem+json")
    assert data.get_json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "The address may be misspelt, or what was here was moved or taken away.",
    }
    assert page.headers["Vary"] == data.headers["Vary"] == "Accept, Sec-Fetch-Dest"


def test_an_error_that_was_reported_has_a_reference(receiver: Receiver) -> None:
    """Page and data name the beginning of the event's id, data the whole of it too."""
    with shop(dsn=receiver.dsn) as (_, client):
        page, data = client.get("/fail", headers=PAGE), client.get("/fail")
    first, second = (event["event_id"] for event in receiver.wait(2))
    assert f"<code>{first[:4]}-{first[4:8]}-{first[8:12]}</code>" in page.text
    assert "have been told" in page.text
    assert data.get_json()["reference"] == f"{second[:4]}-{second[4:8]}-{second[8:12]}"
    assert data.get_json()["instance"].replace("-", "") == f"urn:uuid:{second}"


def test_an_error_that_was_not_reported_promises_nothing() -> None:
    """Without an event there is no reference, and nobody is said to have been told."""
    with shop() as (_, client):
        page, data = client.get("/fail", headers=PAGE), client.get("/fail").get_json()
    assert "Reference" not in page.text
    assert "have been told" not in page.text
    assert set(data) == {"type", "title", "status", "detail"}


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("mode", [{}, {"DEBUG": True, "PROPAGATE_EXCEPTIONS": False}])
def test_nothing_of_the_exception_is_shown(accept: str, mode: dict[str, bool], receiver: Receiver) -> None:
    """Neither the message nor the traceback of an error reaches the person."""
    with shop(dsn=receiver.dsn, config=mode) as (_, client):
        answer = client.get("/fail", headers={"Accept": accept})
    assert answer.status_code == 500
    assert [word for word in (SECRET, "RuntimeError", "Traceback", "test_error_pages") if word in answer.text] == []


def test_debug_mode_keeps_its_debugger() -> None:
    """In debug mode, and in tests, the error leaves the application for the debugger, as ever."""
    for mode in ("DEBUG", "TESTING"):
        with shop(config={mode: True}) as (_, client), pytest.raises(RuntimeError, match=SECRET):
            client.get("/fail", headers=PAGE)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_what_the_application_wrote_for_the_person_is_shown(accept: str) -> None:
    """The description of an abort takes the place of our text, and cannot write into the page."""
    with shop() as (_, client):
        answer = client.get("/abort/404?say=No <b>order</b> 41", headers={"Accept": accept})
    if accept == "text/html":
        assert "No &lt;b&gt;order&lt;/b&gt; 41" in answer.text
    else:
        assert answer.get_json()["detail"] == "No <b>order</b> 41"


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(
    ("error", "name", "value"),
    [
        (ServiceUnavailable(retry_after=120), "Retry-After", "120"),
        (TooManyRequests(retry_after=7), "Retry-After", "7"),
        (
            Unauthorized(www_authenticate=WWWAuthenticate("basic", {"realm": "shop"})),
            "WWW-Authenticate",
            "Basic realm=",
        ),
        (RequestedRangeNotSatisfiable(length=10), "Content-Range", "bytes */10"),
    ],
)
def test_the_headers_of_an_error_stay(error: HTTPException, name: str, value: str, accept: str) -> None:
    """What an error says to the client beside its body is sent with the page too."""
    with shop() as (app, client):

        @app.get("/raise")
        def raising() -> str:
            raise error

        answer = client.get("/raise", headers={"Accept": accept})
    assert answer.status_code == error.code
    assert answer.headers[name].startswith(value)


def test_a_wrong_method_names_the_right_ones() -> None:
    """405 keeps its Allow header."""
    with shop() as (_, client):
        answer = client.post("/fail", headers=PAGE)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_head_has_the_headers_and_no_body() -> None:
    """HEAD is answered as GET would be, without the page."""
    with shop() as (_, client):
        head, get = (client.open("/nowhere", method=method, headers=PAGE) for method in ("HEAD", "GET"))
    assert (head.status_code, head.data) == (404, b"")
    assert head.content_length == get.content_length == len(get.data)


def test_an_error_with_its_own_page_keeps_it() -> None:
    """A response given to abort, and a class that makes its body, are the application's own."""

    class Quota(HTTPException):
        code = 402

        def get_body(self, *_environ: Any) -> str:
            return "own body"

    with shop() as (app, client):

        @app.get("/own/<kind>")
        def own(kind: str) -> str:
            raise Quota if kind == "class" else Unauthorized(response=Response("own response", 401))

        assert client.get("/own/class", headers=PAGE).text == "own body"
        assert client.get("/own/response", headers=PAGE).text == "own response"


def test_a_status_of_ones_own_has_a_page() -> None:
    """A class with a status that nobody else has is shown with its description."""

    class Full(HTTPException):
        code = 507
        description = "The shelf is full."

    with shop() as (app, client):

        @app.get("/full")
        def full() -> str:
            raise Full

        answer = client.get("/full", headers=PAGE)
    assert answer.status_code == 507
    assert "The shelf is full." in answer.text


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """A folder of templates of an application."""
    for name, text in {
        "errors/404.html": "own 404 {{ text }}",
        "errors/error.html": "own {{ status }} {{ title }} {{ reference }}",
        "shop/errors/404.html": "shop 404",
        "shop/errors/error.html": "shop {{ status }}",
        "shop/api/errors/404.html": "api 404",
        "errors/410.html": "{% extends 'kaput/error.html' %}{% block page %}<h1>gone: {{ text }}</h1>{% endblock %}",
        "errors/409.html": "{% extends 'layout-that-is-not-there.html' %}",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@contextmanager
def with_templates(folder: Path, **options: Any) -> Iterator[FlaskClient]:
    """Gives a client of an application that has templates and a blueprint `shop`, with another, `api`, inside."""
    with shop(**options) as (app, client):
        app.template_folder = str(folder)
        for blueprint in (Blueprint("shop", "shop"), Blueprint("news", "news")):
            inner = Blueprint("api", "api")
            for one in (blueprint, inner):
                one.add_url_rule("/abort/<int:code>", "abort", lambda code: abort(int(code)))
            blueprint.register_blueprint(inner, url_prefix="/api")
            app.register_blueprint(blueprint, url_prefix=f"/{blueprint.name}")
        yield client


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/nowhere", "own 404 The address"),
        ("/abort/403", "own 403 This is not allowed"),
        ("/shop/abort/404", "shop 404"),
        ("/shop/abort/403", "shop 403"),
        ("/shop/api/abort/404", "api 404"),
        ("/shop/api/abort/403", "shop 403"),
        ("/news/abort/404", "own 404"),
        ("/news/api/abort/403", "own 403"),
    ],
)
def test_the_application_brings_its_own_templates(path: str, text: str, templates: Path) -> None:
    """A template for the code comes before one for all, one of the blueprint before the application's."""
    with with_templates(templates) as client:
        assert client.get(path, headers=PAGE).text.startswith(text)


def test_a_template_can_extend_ours(templates: Path) -> None:
    """The page's frame and look serve an application's own words, which are escaped."""
    with with_templates(templates) as client:
        answer = client.get("/abort/410?say=<i>sold</i>", headers=PAGE)
    assert "<h1>gone: &lt;i&gt;sold&lt;/i&gt;</h1>" in answer.text
    assert "prefers-color-scheme" in answer.text
    assert "Content-Security-Policy" not in answer.headers


def test_a_broken_template_is_reported_and_replaced(templates: Path, receiver: Receiver) -> None:
    """The person gets our page with the right status; the mistake in the template is an event."""
    with with_templates(templates, dsn=receiver.dsn) as client:
        answer = client.get("/abort/409", headers=PAGE)
    assert answer.status_code == 409
    assert "Somebody was faster" in answer.text
    [event] = receiver.wait(1)
    assert event["exception"]["values"][-1]["type"] == "TemplateNotFound"


def test_the_page_needs_nothing_of_the_application(receiver: Receiver) -> None:
    """Context processors and templates that fail, as with a database that is gone, do not break the page."""
    with shop(dsn=receiver.dsn) as (app, client):

        @app.context_processor
        def basket() -> dict[str, Any]:
            raise ConnectionRefusedError("no database")

        answer = client.get("/fail", headers=PAGE)
    assert answer.status_code == 500
    assert "Something broke here" in answer.text


def test_the_page_may_run_nothing_and_load_nothing() -> None:
    """The page's policy allows its one style by hash; an application that sets its own is left alone."""
    with shop() as (app, client):
        answer = client.get("/nowhere", headers=PAGE)
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert [word for word in ("<script", "src=", "<link", "url(", "@import", "style=") if word in answer.text] == []
    with shop() as (app, client):

        @app.after_request
        def seal(response: Response) -> Response:
            response.headers["Content-Security-Policy"] = "default-src 'self'"
            return response

        assert client.get("/nowhere", headers=PAGE).headers["Content-Security-Policy"] == "default-src 'self'"


def test_the_pages_can_be_switched_off() -> None:
    """Without them Flask answers as ever."""
    with shop(error_pages=False) as (_, client):
        assert client.get("/nowhere", headers=PAGE).text.startswith("<!doctype html>\n<html lang=en>\n<title>404")


def test_the_start_page_is_below_the_prefix() -> None:
    """The link of the page leads to the application, wherever it is mounted."""
    with shop() as (_, client):
        answer = client.get("/nowhere", headers=PAGE, environ_overrides={"SCRIPT_NAME": '/a"b'})
    assert '<a href="/a&#34;b/">' in answer.text


def test_async_views_and_streams_work() -> None:
    """An error of an async view has its page; a stream goes out piece by piece."""
    made: list[int] = []
    with shop() as (app, client):

        @app.get("/later")
        async def later() -> str:
            abort(418)

        @app.get("/stream")
        def stream() -> Response:
            def pieces() -> Iterator[str]:
                for number in range(3):
                    made.append(number)
                    yield f"{number} {request.path}\n"

            return Response(stream_with_context(pieces()))

        assert client.get("/later", headers=PAGE).text.startswith('<!doctype html>\n<html lang="en">')
        answer = client.get("/stream", buffered=False)
        assert made == [0]
        assert answer.text == "0 /stream\n1 /stream\n2 /stream\n"
        answer.close()


def test_a_page_that_cannot_be_made_leaves_flasks(caplog: pytest.LogCaptureFixture) -> None:
    """A description that cannot be shown does not turn one error into two."""

    class Rude:
        def __str__(self) -> str:
            raise ValueError("no words")

        def __html__(self) -> str:
            return "escaped"

    with shop() as (app, client):
        app.add_url_rule("/rude", "rude", lambda: abort(403, description=Rude()))
        with caplog.at_level(logging.WARNING):
            assert client.get("/rude", headers=PAGE).status_code == 403
    assert "Flask's is sent" in caplog.text


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes reports."""
    with receiving() as running:
        yield running
