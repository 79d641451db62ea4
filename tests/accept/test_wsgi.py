"""Requests through the WSGI door, checked against the rules of WSGI by the standard library."""

import io
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from kaput.accept.auth import Keys
from kaput.accept.limits import Limits
from kaput.accept.quota import Quota
from kaput.accept.wsgi import WsgiDoor
from kaput.errors import BufferUnwritable, Refused
from tests.accept.door import (
    KEY,
    KEYS,
    NEW_ID,
    NOW,
    Captured,
    MemoryAppender,
    captured,
    envelope,
)
from tests.accept.test_corpus import REQUESTS, check

ID = "9d3b4c2a1f0e4d5c8b7a69584736251f"
EVENT = b'{"event_id":"%b","message":"a"}' % ID.encode()
SENT = envelope(("event", EVENT))
PATIENCE = 60.0


class Answered:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The answer's body, read."""
        return json.loads(self.body)


def ask(app: Any, body: bytes = SENT, path: str = "/api/7/envelope/", method: str = "POST", **more: Any) -> Answered:
    """Sends one request, with a valid key unless `HTTP_X_SENTRY_AUTH` says otherwise."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SCRIPT_NAME": "/kaput",
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": "192.0.2.7",
        "HTTP_X_SENTRY_AUTH": f"Sentry sentry_key={KEY}",
        "wsgi.input": io.BytesIO(body),
    }
    setup_testing_defaults(environ)
    environ |= more
    environ = {name: value for name, value in environ.items() if value is not None}
    answered = Answered()

    def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[[bytes], object]:
        answered.status, answered.headers = int(status[:3]), {name.lower(): value for name, value in headers}
        return lambda _data: None

    given = validator(app)(environ, start)
    try:
        answered.body = b"".join(given)
    finally:
        given.close()  # type: ignore[attr-defined]
    return answered


def door(appender: MemoryAppender, limits: Limits = Limits(), pressure: Refused | None = None) -> WsgiDoor:  # noqa: B008  # frozen
    """Makes the WSGI application over the appender."""
    return WsgiDoor(appender, lambda: KEYS, limits, lambda: NOW, lambda: pressure, lambda: NEW_ID)


def environ_of(sent: Captured) -> dict[str, str]:
    """Makes the variables that a server makes of captured headers."""
    renamed = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
    return {renamed.get(name, f"HTTP_{name.replace('-', '_').upper()}"): value for name, value in sent.headers.items()}


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_captured_requests(path: Path) -> None:
    """A request of a real client is answered and kept as through the ASGI door."""
    sent, appender = captured(path), MemoryAppender()
    given: dict[str, Any] = {"HTTP_X_SENTRY_AUTH": None} | environ_of(sent)
    check(sent, ask(door(appender), sent.body, sent.path, sent.method, **given), appender)


def test_the_answer_waits_for_the_buffer() -> None:
    """Nothing is answered before the records are durable."""
    appender = MemoryAppender(waiting=True)
    came = threading.Event()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(ask, door(appender))
        answer.add_done_callback(lambda _done: came.set())
        while not appender.futures:
            assert not came.wait(0.01)
        assert not came.is_set()
        appender.let_go()
        assert answer.result(PATIENCE).json == {"id": ID}


def test_a_disk_that_takes_nothing_is_told() -> None:
    """What is not durable is answered with a 503 and counted."""
    appender = MemoryAppender(failure=BufferUnwritable("The disk is gone."))
    answered = ask(door(appender))
    assert (answered.status, answered.json, appender.dropped) == (
        503,
        {"detail": "The disk is gone."},
        {"buffer_unwritable": 1},
    )


def test_a_fault_is_a_503_and_counted() -> None:
    """An error of our own is told to the client, which comes again, and is no 500."""
    appender = MemoryAppender(failure=RuntimeError("oops"))
    answered = ask(door(appender))
    assert (answered.status, answered.headers["retry-after"], appender.dropped) == (503, "1", {"internal_error": 1})


@pytest.mark.parametrize(
    ("more", "status", "reason"),
    [
        ({"HTTP_X_SENTRY_AUTH": "Sentry sentry_key=nobody"}, 403, "key_unknown"),
        ({"HTTP_X_SENTRY_AUTH": None}, 401, "key_missing"),
        ({"method": "PUT"}, 405, "method"),
        ({"CONTENT_LENGTH": str(len(SENT) + 1)}, 400, "client_gone"),
        ({"body": b"x" * 3000}, 413, "too_large"),
        ({"body": b"x" * 3000, "CONTENT_LENGTH": None, "wsgi.input_terminated": True}, 413, "too_large"),
        ({"body": b"nothing"}, 400, "malformed"),
    ],
)
def test_refusals(more: dict[str, Any], status: int, reason: str) -> None:
    """What cannot be taken is a clear 4xx with its reason counted, and nothing is kept."""
    appender = MemoryAppender()
    answered = ask(door(appender, Limits(max_body=2000)), **more)
    assert (answered.status, appender.dropped, appender.records) == (status, {reason: 1}, [])


def test_a_body_in_chunks_is_read_to_its_end() -> None:
    """A body without a length is taken when the server says that its end is known."""
    appender = MemoryAppender()
    chunked: dict[str, Any] = {
        "CONTENT_LENGTH": None,
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    assert ask(door(appender), **chunked).json == {"id": ID}


def test_a_body_is_not_read_past_its_length() -> None:
    """The next request of a connection is left alone by the one before."""
    stream = io.BytesIO(SENT + b"GET / HTTP/1.1")
    given: dict[str, Any] = {"wsgi.input": stream}
    ask(door(MemoryAppender()), SENT, **given)
    assert stream.read() == b"GET / HTTP/1.1"


def test_large_bodies_are_taken() -> None:
    """A body that unpacks to more than a small one is taken too."""
    appender = MemoryAppender()
    text = b'{"message":"%b"}' % (b"a" * 400_000)
    assert ask(door(appender), envelope(("event", text))).status == 200
    assert [record.body for record in appender.records] == [text]


def test_the_answer_to_everyone() -> None:
    """When there is no room, every client is told when to come again."""
    appender = MemoryAppender()
    refusal = Refused(503, "disk_full", "The disk is nearly full.", 30)
    answered = ask(door(appender, pressure=refusal))
    assert (answered.status, answered.headers["retry-after"], appender.dropped) == (503, "30", {"disk_full": 1})


def test_before_the_keys_are_known() -> None:
    """While the keys cannot be read a client is told to come again, not that its key is unknown."""

    def keys() -> Keys:
        raise Refused(503, "starting", "Kaput is starting.", 2)

    answered = ask(WsgiDoor(MemoryAppender(), keys, Limits(), lambda: NOW))
    assert (answered.status, answered.headers["retry-after"]) == (503, "2")


def test_a_browser_asks_first() -> None:
    """The preflight of a browser on another origin is answered without a key."""
    answered = ask(door(MemoryAppender()), b"", method="OPTIONS", HTTP_X_SENTRY_AUTH=None)
    assert (answered.status, answered.headers["access-control-allow-origin"]) == (200, "*")


def test_a_limit_holds_for_many_threads() -> None:
    """Of many requests at once exactly as many pass as the key may bring."""
    appender = MemoryAppender()
    keys = Keys({KEY: 7}, frozenset({7}), {KEY: Quota(20, 60)})
    app = WsgiDoor(appender, lambda: keys, Limits(), lambda: NOW)
    with ThreadPoolExecutor(8) as pool:
        statuses = [answer.status for answer in pool.map(lambda _: ask(app), range(60))]
    assert (statuses.count(200), statuses.count(429), len(appender.records)) == (20, 40, 20)


def test_those_without_a_key_do_not_keep_out_others() -> None:
    """Bodies that are read before a key is known fill a room of their own."""
    appender = MemoryAppender(waiting=True)
    sent = b'{"dsn":"https://%b@example.org/7"}' % KEY.encode() + SENT[SENT.index(b"\n") :]
    app = door(appender, Limits(max_held=0, max_body=len(sent)))
    with ThreadPoolExecutor() as pool:
        keyless = pool.submit(ask, app, sent, HTTP_X_SENTRY_AUTH=None)
        while not appender.futures:
            pass
        assert ask(app, sent, HTTP_X_SENTRY_AUTH=None).status == 503
        showing = pool.submit(ask, app)
        while len(appender.futures) < 2 and not showing.done():
            pass
        appender.let_go()
        assert (keyless.result(PATIENCE).status, showing.result(PATIENCE).status) == (200, 200)


def test_the_bytes_of_all_requests_are_bounded() -> None:
    """What is held at one moment has a limit, and is let go when the request is answered."""
    appender = MemoryAppender(waiting=True)
    limits = Limits(max_body=len(SENT) + 10, max_held=len(SENT) + 10)
    app = door(appender, limits)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(ask, app)
        while not appender.futures:
            pass
        assert ask(app).status == 503
        appender.let_go()
        assert first.result(PATIENCE).status == 200
    assert ask(app).status == 200
