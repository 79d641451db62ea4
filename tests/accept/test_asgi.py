import asyncio
import gzip
import http.client
import logging
import socket
import threading
from collections.abc import Callable, MutableMapping
from typing import Any

import msgspec
import pytest
import uvicorn

from kaput.accept import asgi
from kaput.accept.door import Door
from kaput.accept.limits import LARGE, LARGE_AT_ONCE, Limits
from kaput.accept.quota import Quota
from kaput.errors import BufferUnwritable, Refused
from kaput.model import Drop
from tests.accept.door import (
    KEY,
    KEYS,
    NEW_ID,
    NOW,
    OTHER_KEY,
    Client,
    MemoryAppender,
    Message,
    ask,
    door,
    envelope,
    pieces,
    scope,
)

ID = "9d3b4c2a1f0e4d5c8b7a69584736251f"
EVENT = b'{"event_id":"%b","message":"a"}' % ID.encode()
SENT = envelope(("event", EVENT))
PATIENCE = 60.0


async def _until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Lets others run until something is true; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0)


def test_the_answer_waits_for_the_buffer() -> None:
    """Nothing is sent before the records are durable, and the id follows when they are."""
    appender, client = MemoryAppender(waiting=True), Client(pieces(SENT))

    async def run() -> None:
        task = asyncio.ensure_future(door(appender)(scope(content_length="9"), client.receive, client.send))
        async with asyncio.timeout(PATIENCE):
            while not appender.futures:
                await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)
        assert client.sent == []
        appender.futures[0].set_result(None)
        await task

    asyncio.run(run())
    assert (client.status, client.json) == (200, {"id": ID})


def test_a_cancelled_request_leaves_the_write_alone() -> None:
    """A request that is cancelled while it waits does not cancel what the buffer is writing."""
    appender, client = MemoryAppender(waiting=True), Client(pieces(SENT))

    async def run() -> None:
        task = asyncio.ensure_future(door(appender)(scope(content_length="9"), client.receive, client.send))
        async with asyncio.timeout(PATIENCE):
            while not appender.futures:
                await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert not appender.futures[0].cancelled()
    appender.futures[0].set_result(None)


def test_a_record_says_who_and_when() -> None:
    """Peer, client and time of receiving stand in the record."""
    appender = MemoryAppender()
    ask(door(appender), scope(user_agent="sdk/2"), pieces(SENT))
    assert [(record.address, record.client, record.received) for record in appender.records] == [
        ("192.0.2.7", "sdk/2", NOW)
    ]


def test_other_items_are_noted() -> None:
    """What was left out of an envelope is counted, and the answer is a 200."""
    appender = MemoryAppender()
    client = ask(door(appender), scope(), pieces(envelope(("span", b"{}"))))
    assert (client.status, client.json) == (200, {})
    assert (appender.futures, appender.drops) == ([], [Drop("unsupported:span", 1, NOW, 7)])


@pytest.mark.parametrize(
    ("asked", "status", "drop"),
    [
        ({"x_sentry_auth": ""}, 401, Drop("key_missing", 1, NOW, 7)),
        ({"x_sentry_auth": "Sentry sentry_key=x"}, 403, Drop("key_unknown", 1, NOW, 7)),
        ({"path": "/api/9/envelope/"}, 403, Drop("key_wrong_project", 1, NOW, 9)),
        ({"path": "/api/99/envelope/"}, 403, Drop("key_wrong_project", 1, NOW, 0)),
        ({"path": "/api/7/minidump/"}, 404, Drop("unsupported:minidump", 1, NOW, 7)),
        ({"path": "/api/embed/error-page/"}, 400, Drop("malformed", 1, NOW, 7)),
        ({"path": "/api/7/nothing/"}, 404, Drop("unknown_path", 1, NOW, 0)),
        ({"method": "HEAD"}, 405, Drop("method", 1, NOW, 7)),
        ({"content_encoding": "gzip"}, 400, Drop("malformed", 1, NOW, 7)),
        ({"content_encoding": "lzma"}, 415, Drop("encoding", 1, NOW, 7)),
    ],
)
def test_refusals_are_answered_and_counted(asked: dict[str, str], status: int, drop: Drop) -> None:
    """Every refusal has its status, a reason for people, a header for SDKs, CORS, and its count."""
    appender = MemoryAppender()
    client = ask(door(appender), scope(**asked), pieces(SENT))
    assert (client.status, appender.drops, appender.records) == (status, [drop], [])
    assert client.json["detail"] == client.headers["x-sentry-error"]
    assert client.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/api/7/envelope/", "/api/7/store/", "/api/7/security", "/api/embed/error-page/"])
def test_preflight(path: str) -> None:
    """A browser may ask for every path, without a key, and may send what its SDK sends."""
    appender = MemoryAppender()
    client = ask(door(appender), scope(path, "OPTIONS", x_sentry_auth="", origin="https://shop.example"), pieces(b""))
    assert (client.status, client.body, appender.drops) == (200, b"", [])
    assert client.headers["access-control-allow-origin"] == "*"
    assert "POST" in client.headers["access-control-allow-methods"]
    assert "x-sentry-auth" in client.headers["access-control-allow-headers"].lower()


def test_a_browsers_request() -> None:
    """What a page sends without a preflight, text/plain with the key in the query, is taken."""
    appender = MemoryAppender()
    asked = scope(query=f"sentry_version=7&sentry_key={KEY}", x_sentry_auth="", content_type="text/plain;charset=UTF-8")
    assert ask(door(appender), asked, pieces(SENT)).json == {"id": ID}


def test_report_by_get() -> None:
    """An event in the query is kept and answered with an image."""
    appender = MemoryAppender()
    asked = scope("/api/7/store/", "GET", f"sentry_key={KEY}&sentry_data=%7B%22a%22%3A1%7D", x_sentry_auth="")
    client = ask(door(appender), asked, pieces(b""))
    assert (client.status, client.headers["content-type"]) == (200, "image/gif")
    assert [record.event_id for record in appender.records] == [NEW_ID]


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("/errors/api/7/envelope/", "/errors"),
        ("/api/7/envelope/", "/errors"),
        ("/api/api/7/envelope/", "/api"),
        ("/api/7/envelope/", "/api"),
    ],
)
def test_path_prefix(path: str, prefix: str) -> None:
    """Under a prefix the same paths are found, whether or not it was taken off before."""
    asked = scope(path)
    asked["root_path"] = prefix
    assert ask(door(MemoryAppender()), asked, pieces(SENT)).status == 200


def test_pressure_comes_before_the_body() -> None:
    """While the backlog is too large nobody's body is read, and clients hear for how long."""
    appender = MemoryAppender()
    app = door(appender, pressure=Refused(429, "backlog", "The backlog is full.", 60))
    client = ask(app, scope(expect="100-continue"), pieces(SENT))
    assert (client.status, client.headers["retry-after"], client.received) == (429, "60", 0)
    assert appender.dropped == {"backlog": 1}


def test_a_stranger_is_told_first() -> None:
    """A wrong key is a 403 even while the backlog is full."""
    app = door(MemoryAppender(), pressure=Refused(429, "backlog", "The backlog is full.", 60))
    assert ask(app, scope(x_sentry_auth="Sentry sentry_key=x"), pieces(SENT)).status == 403


def test_a_disk_that_takes_nothing_is_a_503() -> None:
    """When the buffer cannot be written all events of the request are counted as lost, and the client backs off."""
    appender = MemoryAppender(failure=BufferUnwritable("The disk is full; free some space."))
    client = ask(door(appender), scope(), pieces(envelope(("event", EVENT), ("event", b"{}"))))
    assert (client.status, client.json) == (503, {"detail": "The disk is full; free some space."})
    assert int(client.headers["retry-after"]) > 0
    assert client.headers["x-sentry-rate-limits"].split(":")[1:3] == ["", "organization"]
    assert appender.dropped == {"buffer_unwritable": 2}


def test_a_fault_of_our_own_is_logged_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong, the client gets a 503, the log the trace, the counters a count."""
    appender = MemoryAppender(failure=ZeroDivisionError("a bug"))
    with caplog.at_level(logging.ERROR):
        client = ask(door(appender), scope(), pieces(SENT))
    assert (client.status, appender.dropped) == (503, {"internal_error": 1})
    assert client.headers["retry-after"] == "1"
    assert "ZeroDivisionError" in caplog.text
    assert KEY not in caplog.text


def test_a_client_that_goes_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """A client that goes in mid-body gets no answer and makes no line in the log."""
    appender = MemoryAppender()
    client = ask(door(appender), scope(), pieces(SENT, [9])[:1])
    assert (client.sent, appender.records, caplog.text) == ([], [], "")
    assert appender.drops == [Drop("client_gone", 1, NOW, 7)]


@pytest.mark.parametrize("announced", [True, False])
def test_too_large_is_a_413(announced: bool) -> None:
    """The limit holds for the announced length before anything is read, and for the real one."""
    appender = MemoryAppender()
    asked = scope(**({"content_length": "101"} if announced else {"transfer_encoding": "chunked"}))
    client = ask(door(appender, Limits(max_body=100)), asked, pieces(b"x" * 5000, range(50, 5000, 50)))
    assert (client.status, client.headers["connection"]) == (413, "close")
    assert (appender.records, appender.dropped) == ([], {"too_large": 1})
    # The answer went out before the rest was thrown away, and was ended after it.
    assert [message.get("more_body") for message in client.sent] == [None, True, False]
    assert client.received == 100


@pytest.mark.parametrize(("size", "beside"), [(1000, False), (300_000, True)])
def test_large_bodies_are_taken_apart_beside_the_loop(size: int, beside: bool) -> None:
    """Only a large body is worth a thread; the loop answers others meanwhile."""
    threads: list[int] = []

    def new_id() -> str:
        threads.append(threading.get_ident())
        return NEW_ID

    app = asgi.create(Door(MemoryAppender(), lambda: KEYS, Limits(), lambda: NOW, new_id=new_id))
    body = envelope(("event", b'{"message":"' + b"x" * size + b'"}'))
    assert ask(app, scope(), pieces(body)).json == {"id": NEW_ID}
    assert [thread != threading.get_ident() for thread in threads] == [beside]


def test_a_small_body_that_grows_is_taken_apart_beside_the_loop() -> None:
    """What counts is how large a body is when it is unpacked; few such bodies are held until they are durable."""
    appender = MemoryAppender(waiting=True)
    app = door(appender)
    body = gzip.compress(envelope(("event", b'{"message":"' + b"x" * 10 * LARGE + b'"}')))
    asked = [scope(content_length="9", content_encoding="gzip") for _ in range(2 * LARGE_AT_ONCE)]
    clients = [Client(pieces(body)) for _ in asked]

    async def run() -> None:
        tasks = [asyncio.ensure_future(app(one, c.receive, c.send)) for one, c in zip(asked, clients, strict=True)]
        await _until(lambda: len(appender.records) == LARGE_AT_ONCE)
        with pytest.raises(TimeoutError):
            await _until(lambda: len(appender.records) > LARGE_AT_ONCE, seconds=0.1)
        first = list(appender.futures)
        for future in first:
            future.set_result(None)
        await _until(lambda: len(appender.records) == len(clients))
        for future in appender.futures[len(first) :]:
            future.set_result(None)
        await asyncio.gather(*tasks)

    asyncio.run(run())
    assert {client.status for client in clients} == {200}


def test_few_large_bodies_are_taken_apart_at_once() -> None:
    """Each may take several times its limit of memory, so the others wait for their turn."""
    meeting = threading.Barrier(LARGE_AT_ONCE + 1)
    met: list[bool] = []

    def new_id() -> str:
        try:
            meeting.wait(timeout=0.5)
        except threading.BrokenBarrierError:
            return NEW_ID
        met.append(True)
        return NEW_ID

    app = asgi.create(Door(MemoryAppender(), lambda: KEYS, Limits(), lambda: NOW, new_id=new_id))
    body = envelope(("event", b'{"message":"' + b"x" * LARGE + b'"}'))
    clients = [Client(pieces(body)) for _ in range(2 * LARGE_AT_ONCE)]

    async def run() -> None:
        await asyncio.gather(*(app(scope(content_length="9"), client.receive, client.send) for client in clients))

    asyncio.run(run())
    assert met == []
    assert {client.status for client in clients} == {200}


def test_bytes_held_are_let_go() -> None:
    """Requests one after the other never fill the budget, refused ones neither."""
    app = door(MemoryAppender(), Limits(max_held=len(SENT), max_body=len(SENT)))
    for body, status in [(SENT, 200), (b"[" + SENT[1:], 400), (SENT, 200)]:
        assert ask(app, scope(), pieces(body)).status == status


def test_requests_share_the_bytes_they_may_hold() -> None:
    """A second large body beside the first is a 503 that asks to come again; alone it is taken."""
    appender = MemoryAppender(waiting=True)
    app = door(appender, Limits(max_held=0, max_body=len(SENT) + 10))
    first, second = Client(pieces(SENT)), Client(pieces(SENT))

    async def run() -> None:
        task = asyncio.ensure_future(app(scope(content_length="9"), first.receive, first.send))
        async with asyncio.timeout(PATIENCE):
            while not appender.futures:
                await asyncio.sleep(0)
        await app(scope(content_length="9"), second.receive, second.send)
        appender.futures[0].set_result(None)
        await task

    asyncio.run(run())
    assert (first.status, second.status, appender.dropped) == (200, 503, {"overload": 1})
    assert int(second.headers["retry-after"]) > 0


def test_those_without_a_key_do_not_keep_out_others() -> None:
    """Bodies that are read before a key is known fill a room of their own."""
    appender = MemoryAppender(waiting=True)
    sent = b'{"dsn":"https://%b@example.org/7"}' % KEY.encode() + SENT[SENT.index(b"\n") :]
    app = door(appender, Limits(max_held=0, max_body=len(sent)))
    clients = [Client(pieces(sent)) for _ in range(3)]
    scopes = [
        scope(x_sentry_auth="", content_length="9"),
        scope(content_length="9"),
        scope(x_sentry_auth="", content_length="9"),
    ]

    async def run() -> None:
        tasks = []
        for number, (client, asked) in enumerate(zip(clients[:2], scopes[:2], strict=True), start=1):
            tasks.append(asyncio.ensure_future(app(asked, client.receive, client.send)))
            async with asyncio.timeout(PATIENCE):
                while len(appender.futures) < number:
                    await asyncio.sleep(0)
        await app(scopes[2], clients[2].receive, clients[2].send)
        for future in appender.futures:
            future.set_result(None)
        await asyncio.gather(*tasks)

    asyncio.run(run())
    assert [client.status for client in clients] == [200, 200, 503]


def post(port: int, body: bytes) -> tuple[int, bytes]:
    """Sends one request over a real socket, the whole body first, as most clients do."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST", "/api/7/envelope/", body, {"X-Sentry-Auth": f"Sentry sentry_key={KEY}"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_client_with_too_large_a_body_hears_the_answer() -> None:
    """Over a real socket a client that is still sending is not cut off before it reads its 413."""
    app = door(MemoryAppender(), Limits(max_body=1000))

    async def run() -> list[tuple[int, bytes]]:
        with socket.create_server(("127.0.0.1", 0)) as sock:
            server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, http="httptools"))
            running = asyncio.create_task(server.serve(sockets=[sock]))
            async with asyncio.timeout(PATIENCE):
                while not server.started:
                    await asyncio.sleep(0.01)
            port = sock.getsockname()[1]
            found = [await asyncio.to_thread(post, port, b"x" * size) for size in (8_000_000, 10)]
            server.should_exit = True
            await running
        return found

    found = asyncio.run(run())
    assert [status for status, _ in found] == [413, 400]
    assert b"1000 bytes" in found[0][1]


def test_a_header_that_comes_twice_is_one() -> None:
    """Two keys in two headers of the same name are seen, and refused."""
    asked: MutableMapping[str, Any] = scope()
    asked["headers"].append((b"X-Sentry-Auth", b"Sentry sentry_key=other"))
    assert ask(door(MemoryAppender()), asked, pieces(SENT)).status == 400


def test_a_request_without_a_body_is_a_400() -> None:
    """An empty request is malformed; no connection is closed for it."""
    empty: list[Message] = pieces(b"")
    client = ask(door(MemoryAppender()), scope(), empty)
    assert client.status == 400
    assert "connection" not in client.headers


def _limited(appender: MemoryAppender, events: int, clock: Callable[[], float] = lambda: NOW) -> asgi.Application:
    keys = msgspec.structs.replace(KEYS, quotas={KEY: Quota(events, 60)})
    return asgi.create(Door(appender, lambda: keys, Limits(), clock, lambda: None, lambda: NEW_ID))


def test_a_key_above_its_limit_is_told_to_wait() -> None:
    """The answer names the seconds and the categories; the events are counted, one by one, and not kept."""
    appender = MemoryAppender()
    app = _limited(appender, 3)
    two = envelope(("event", b"{}"), ("event", b"{}"))
    assert ask(app, scope(), pieces(two)).status == 200
    refused = ask(app, scope(), pieces(two))
    assert refused.status == 429
    assert refused.headers["retry-after"] == "60"
    assert refused.headers["x-sentry-rate-limits"] == "60:error;default;security;feedback:key:key_quota"
    assert (len(appender.records), appender.dropped) == (2, {"rate_limited": 2})
    assert {drop.project_id for drop in appender.drops} == {7}
    assert ask(app, scope(), pieces(envelope(("event", b"{}")))).status == 200


def test_a_limit_holds_for_the_key_wherever_it_stands() -> None:
    """A key in the envelope's own header spends the same window as one in a header of the request."""
    appender = MemoryAppender()
    app = _limited(appender, 1)
    assert ask(app, scope(), pieces(envelope(("event", b"{}")))).status == 200
    inside = envelope(("event", b"{}"), header=f'{{"dsn":"http://{KEY}@127.0.0.1/7"}}')
    assert ask(app, scope(x_sentry_auth=""), pieces(inside)).status == 429
    assert ask(app, scope("/api/7/store/"), pieces(b"{}")).status == 429
    other = scope("/api/8/store/", x_sentry_auth=f"Sentry sentry_key={OTHER_KEY}")
    assert ask(app, other, pieces(b"{}")).status == 200


def test_a_request_without_events_is_never_limited() -> None:
    """Sessions and reports of losses go on when the window is full."""
    appender = MemoryAppender()
    app = _limited(appender, 1)
    for body, status in ((b"{}", 200), (b"{}", 429)):
        assert ask(app, scope("/api/7/store/"), pieces(body)).status == status
    told = b'{"init":true,"started":%d,"attrs":{"release":"1"}}' % NOW
    assert ask(app, scope(), pieces(envelope(("session", told), ("span", b"{}")))).status == 200
    assert appender.dropped == {"rate_limited": 1, "unsupported:span": 1}
    assert [record.kind for record in appender.records] == ["event", "sessions"]
