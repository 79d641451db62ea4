"""What an event says of the request, and what it does not."""

from types import SimpleNamespace
from typing import Any

from flask import Request, g, request

from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import receiving

SECRETS = ("hunter2", "tok-123", "s3ss10n", "k3y")


def reported(path: str = "/shop/7", options: dict[str, Any] | None = None, **asked: Any) -> dict[str, Any]:
    """Returns the event of a request that fails after it read the body."""
    with receiving() as receiver, application(dsn=receiver.dsn, **(options or {})) as app:

        @app.route("/shop/<int:number>", methods=["GET", "POST"])
        def shop(number: int) -> str:
            account = {"owner": {"password": "hunter2"}, "number": number}
            _ = request.form, request.get_json(silent=True)
            raise LookupError(sorted(account))

        with app.test_client(use_cookies=False) as client:
            client.open(path, **asked)
        [event] = receiver.wait(1)
    return event


def test_the_request_is_told_without_its_secrets() -> None:
    """Address, routing, headers, cookies and fields stand on the event; what is secret by its name does not."""
    event = reported(
        "/shop/7?token=tok-123&colour=red",
        method="POST",
        data={"api_key": "k3y", "size": "L"},
        headers={
            "Cookie": "session=s3ss10n; colour=red",
            "Authorization": "Bearer tok-123",
            "Referer": "http://localhost/?password=hunter2",
        },
    )
    asked = event["request"]
    assert (asked["method"], asked["url"]) == ("POST", "http://localhost/shop/7")
    assert asked["query_string"] == "token=[Filtered]&colour=red"
    assert asked["cookies"] == {"session": "[Filtered]", "colour": "red"}
    assert asked["data"] == {"api_key": "[Filtered]", "size": "L"}
    assert (event["transaction"], event["contexts"]["flask"]["rule"]) == ("shop", "/shop/<int:number>")
    frame = event["exception"]["values"][0]["stacktrace"]["frames"][-1]
    assert frame["vars"]["account"] == {"owner": {"password": "[Filtered]"}, "number": "7"}
    told = str({**event, "exception": frame["vars"]})
    assert [secret for secret in SECRETS if secret in told] == []


def test_a_body_of_json_is_told_as_far_as_the_application_read_it() -> None:
    """What the application parsed is shown; a long body only by its length; an unread one not at all."""
    asked = reported(method="POST", json={"apples": 3, "pin": {"secret": "k3y"}})["request"]
    assert asked["data"] == {"apples": 3, "pin": {"secret": "[Filtered]"}}
    assert reported(method="POST", json={"text": "x" * 20_000})["request"]["data"].endswith("bytes>")

    with receiving() as receiver, application(dsn=receiver.dsn) as app:
        app.add_url_rule("/", "unread", _fail, methods=["POST"])
        app.test_client().post("/", json={"apples": 3})
        assert "data" not in receiver.wait(1)[0]["request"]


def test_the_visitor_is_told_only_if_wanted() -> None:
    """The address and the login that is loaded already are told, unless KAPUT_PERSONAL is off."""
    for personal in (True, False):
        with receiving() as receiver, application(dsn=receiver.dsn, personal=personal) as app:

            @app.before_request
            def login() -> None:
                g._login_user = SimpleNamespace(is_authenticated=True, get_id=lambda: 42)

            app.add_url_rule("/", "fail", _fail)
            app.test_client().get("/", headers={"Cookie": "colour=red", "X-Forwarded-For": "10.1.2.3"})
            [event] = receiver.wait(1)
        if personal:
            assert event["user"] == {"ip_address": "127.0.0.1", "id": "42"}
        else:
            assert "user" not in event
            assert "10.1.2.3" not in str(event["request"])
            assert "REMOTE_ADDR" not in event["request"]["env"]


def test_the_application_says_who_it_was() -> None:
    """A function of the application's own names the user; when it fails the event comes all the same."""
    assert reported(options={"user": lambda: {"id": 7, "email": "a@example.org"}})["user"]["email"] == "a@example.org"
    event = reported(options={"user": lambda: 1 // 0})
    assert "ZeroDivisionError" in event["extra"]["kaput"]
    assert event["request"]["method"] == "GET"


def test_the_application_changes_and_leaves_out_events() -> None:
    """`before_send` has the last word."""

    def change(event: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any] | None:
        if event["transaction"] == "fail":
            return None
        return {**event, "tags": {"shop": "7"}}

    assert reported(options={"before_send": change})["tags"] == {"shop": "7"}
    with receiving() as receiver, application(dsn=receiver.dsn, before_send=change) as app:
        app.add_url_rule("/", "fail", _fail)
        assert app.test_client().get("/").status_code == 500
    assert receiver.requests == 0


def test_the_trace_of_the_caller_goes_on() -> None:
    """An event of a request with a traceparent is of that trace."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    event = reported(headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert (event["contexts"]["trace"]["trace_id"], event["tags"]["request_id"]) == (trace, trace)


def test_a_command_that_fails_is_reported() -> None:
    """An error of a `flask` command is an event that names the command; a wrong option is none."""
    with receiving() as receiver, application(dsn=receiver.dsn) as app:

        @app.cli.command("bake")
        def bake() -> None:
            raise OSError("no flour")

        runner = app.test_cli_runner()
        runner.invoke(args=["bake", "--cold"])
        assert isinstance(runner.invoke(args=["bake"]).exception, OSError)
        [event] = receiver.wait(1)
    assert event["exception"]["values"][0]["mechanism"] == {"type": "flask.context", "handled": False}
    assert "bake" in event["transaction"]
    assert {"request", "tags"}.isdisjoint(event)


def test_a_broken_request_costs_only_itself() -> None:
    """When the request cannot be told of, the error still is."""

    class Broken(Request):
        @property
        def base_url(self) -> str:
            raise ValueError("broken")

    with receiving() as receiver, application(dsn=receiver.dsn) as app:
        app.request_class = Broken
        app.add_url_rule("/", "fail", _fail)
        app.test_client().get("/")
        [event] = receiver.wait(1)
    assert event["exception"]["values"][0]["type"] == "LookupError"
    assert "request" not in event


def _fail() -> str:
    raise LookupError("no apples")
