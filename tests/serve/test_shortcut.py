"""The short way of an ordinary event, on a real uvicorn: the same answers as the long way, in the right order."""

import asyncio
import gzip
import http.client
import json
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import uvicorn

from kaput.accept import asgi
from kaput.accept.auth import Keys
from kaput.accept.door import Done, Door
from kaput.accept.limits import Limits
from kaput.accept.request import Caller
from kaput.app.front import create_front
from kaput.buffer.packing import unpacked
from kaput.config import Settings
from kaput.serve import shortcut
from kaput.serve.shortcut import Room, ShortcutProtocol
from tests.accept.door import KEY, KEYS, NEW_ID, NOW, MemoryAppender, envelope

BODY = envelope(("event", b'{"message":"a"}'))
PATH = "/api/7/envelope/"
HEADERS = {"X-Sentry-Auth": f"Sentry sentry_key={KEY}"}
PATIENCE = 60.0


def wait_for(condition: Callable[[], bool]) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@dataclass
class Site:
    """A server, what it appended, and for each request that was offered to the short way whether it went there."""

    appender: MemoryAppender = field(default_factory=MemoryAppender)
    keys: Keys = KEYS
    short: list[bool] = field(default_factory=list)
    address: tuple[str, int] = ("", 0)
    reads: int = 0
    parsed: int = 0
    rest: int = 5

    def serve(self) -> uvicorn.Server:
        """Makes the server."""
        site = self
        door = Door(self.appender, lambda: self.keys, Limits(), lambda: NOW, new_id=lambda: NEW_ID)

        def take(caller: Caller, body: bytes, done: Done) -> bool:
            self.short.append(door.take(caller, body, done))
            return self.short[-1]

        ingest = asgi.create(door)
        front = create_front(Settings(), take, ingest, ingest, list)

        class Short(ShortcutProtocol):
            taker, room = front, Room()

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
                super().connection_made(transport)
                self.timeout_keep_alive = site.rest

            def data_received(self, data: bytes) -> None:
                super().data_received(data)
                site.reads += 1

            def on_headers_complete(self) -> None:
                site.parsed += 1
                super().on_headers_complete()

        return uvicorn.Server(uvicorn.Config(front, http=Short, lifespan="off", log_config=None, loop="asyncio"))

    def post(self, body: bytes, **headers: str) -> tuple[int, object]:
        """Posts a body on a connection of its own."""
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        connection.request("POST", PATH, body, HEADERS | headers)
        answer = connection.getresponse()
        found = (answer.status, json.loads(answer.read()))
        connection.close()
        return found

    def speak(self, *parts: bytes, until: int = 1) -> bytes:
        """Sends bytes in parts, and returns what comes back, to the end of so many answers."""
        with socket.create_connection(self.address, timeout=PATIENCE) as connection:
            for part in parts:
                before = self.reads
                connection.sendall(part)
                wait_for(lambda before=before: self.reads > before)  # type: ignore[misc]
                time.sleep(0.05)  # longer than the body may rest where that is bounded
            heard = b""
            while heard.count(b"\r\n\r\n") < until or not heard.endswith(b"}"):
                piece = connection.recv(4096)
                if not piece:
                    break
                heard += piece
        return heard


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    listening = socket.create_server(("127.0.0.1", 0))
    site.address = listening.getsockname()
    server = site.serve()
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield site
    server.should_exit = True
    thread.join()
    listening.close()


def raw(body: bytes = BODY, *lines: str, version: str = "1.1", target: str = PATH) -> bytes:
    """Writes a request."""
    head = [f"POST {target} HTTP/{version}", "Host: kaput.test", f"Content-Length: {len(body)}", *lines]
    head += [f"{name}: {value}" for name, value in HEADERS.items()]
    return "\r\n".join([*head, "", ""]).encode() + body


def test_an_event_that_comes_whole_takes_the_short_way(site: Site) -> None:
    """It is kept and answered, with the headers that browsers need, and the connection serves the next one."""
    heard = site.speak(raw(), raw(), until=2)
    assert site.short == [True, True]
    assert heard.count(b"HTTP/1.1 200 OK\r\n") == heard.count(b'{"id":"%b"}' % NEW_ID.encode()) == 2
    assert b"access-control-allow-origin: *\r\n" in heard
    assert [record.body for record in site.appender.records] == [b'{"message":"a"}'] * 2


def test_a_head_that_comes_again_is_not_parsed_again(site: Site) -> None:
    """Every event is kept and answered, whatever its length; another head is parsed, and what is refused."""
    bodies = [envelope(("event", b'{"message":"%b"}' % (b"a" * length))) for length in (1, 2000, 30)]
    requests = [*map(raw, bodies), raw(b"nonsense"), raw(BODY), raw(BODY, "X-Other: 1"), raw(BODY, "X-Other: 1")]
    heard = site.speak(*requests, until=7)
    assert re.findall(rb"HTTP/1.1 (\d+)", heard) == [b"200"] * 3 + [b"400"] + [b"200"] * 3
    assert [len(record.body) for record in site.appender.records] == [15, 2014, 44, 15, 15, 15]
    assert (site.parsed, site.appender.dropped) == (3, {"malformed": 1})


def test_a_head_is_known_for_its_own_connection_alone(site: Site) -> None:
    """Another client may be behind another address."""
    for _ in range(2):
        assert site.speak(raw()).startswith(b"HTTP/1.1 200 OK\r\n")
    assert site.parsed == 2


def test_a_body_in_pieces_takes_the_short_way_too(site: Site) -> None:
    """A request that is cut anywhere is kept as well."""
    whole = raw()
    heard = site.speak(whole[:40], whole[40:-5], whole[-5:], raw(), until=2)
    assert site.short == [True, True]
    assert heard.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert [record.body for record in site.appender.records] == [b'{"message":"a"}'] * 2


@pytest.mark.parametrize(("name", "value"), [("REST_SECONDS", 0.01), ("LONGEST_BODY", 20), ("MOST_WAITING", 0)])
def test_a_body_that_is_slow_or_large_takes_the_long_way(
    site: Site, name: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where others bound its time and its bytes; it is kept all the same, and what follows is short again."""
    monkeypatch.setattr(shortcut, name, value)
    whole = raw()
    heard = site.speak(whole[:-9], whole[-9:-5], whole[-5:], raw(), until=2)
    assert site.short == [True]
    assert heard.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert len(site.appender.records) == 2


def test_a_client_that_is_gone_before_its_end_is_counted(site: Site) -> None:
    """Half a body is no event, and the drop has its reason."""
    with socket.create_connection(site.address, timeout=PATIENCE) as connection:
        connection.sendall(raw()[:-5])
    wait_for(lambda: bool(site.appender.drops))
    assert (site.appender.dropped, site.appender.records) == ({"client_gone": 1}, [])


def test_requests_that_come_together_are_answered_in_order(site: Site) -> None:
    """Pipelined requests wait for each other, whichever way each takes."""
    heard = site.speak(raw() + raw(b"nonsense") + raw(), until=3)
    assert re.findall(rb"HTTP/1.1 (\d+)", heard) == [b"200", b"400", b"200"]


def test_the_connection_ends_when_the_client_says_so(site: Site) -> None:
    """`Connection: close`, which old clients send, and HTTP/1.0 end with the answer."""
    for request in (raw(BODY, "Connection: close"), raw(version="1.0")):
        with socket.create_connection(site.address, timeout=PATIENCE) as connection:
            connection.sendall(request)
            heard = b""
            while piece := connection.recv(4096):
                heard += piece
        assert heard.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"connection: close\r\n" in heard


@pytest.mark.parametrize("body", [BODY, b"nonsense"])
def test_a_connection_that_rests_is_ended(site: Site, body: bytes) -> None:
    """After an answer of either way."""
    site.rest = 1
    with socket.create_connection(site.address, timeout=PATIENCE) as connection:
        connection.sendall(raw(body))
        heard = b""
        while piece := connection.recv(4096):
            heard += piece
    assert heard.startswith(b"HTTP/1.1 ")
    assert b"connection: close" not in heard


def test_a_connection_rests_since_its_last_answer(site: Site) -> None:
    """Each answer begins the time anew."""
    site.rest = 3
    with socket.create_connection(site.address, timeout=PATIENCE) as connection:
        connection.sendall(raw())
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
        time.sleep(0.5)  # a sixth of the rest
        began = time.monotonic()
        connection.sendall(raw())
        while connection.recv(4096):
            pass
        assert time.monotonic() - began >= 3


def test_what_is_refused_is_refused_the_long_way(site: Site) -> None:
    """The answer and the count are those of any other refusal, and each is counted once."""
    assert [site.post(b"nonsense")[0], site.post(BODY, **{"X-Sentry-Auth": "Sentry sentry_key=x"})[0]] == [400, 403]
    assert site.post(BODY)[0] == 200
    assert site.short == [False, False, True]
    assert site.appender.dropped == {"malformed": 1, "key_unknown": 1}


def test_a_key_that_is_disabled_is_refused_at_once(site: Site) -> None:
    """What was decided about a head holds as long as the keys that it was decided by."""
    assert site.post(BODY)[0] == 200
    site.keys = Keys({}, frozenset({7}))
    assert site.post(BODY)[0] == 403


def test_a_fault_of_our_own_is_a_503(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """An event whose keeping fails is refused and counted, and the connection goes on."""
    site.keys = Keys(KEYS.public, KEYS.projects, {KEY: "none"})  # type: ignore[dict-item]  # the fault
    with caplog.at_level(logging.CRITICAL):
        heard = site.speak(raw())
    site.keys = KEYS
    assert heard.startswith(b"HTTP/1.1 503 ")
    assert site.appender.dropped == {"internal_error": 1}
    assert site.post(BODY)[0] == 200


def test_an_answer_for_a_client_that_is_gone_is_thrown_away(site: Site) -> None:
    """A client that hangs up while its event is written costs nobody anything."""
    site.appender.hold()
    with socket.create_connection(site.address, timeout=PATIENCE) as connection:
        connection.sendall(raw())
        wait_for(lambda: bool(site.appender.futures))
    site.appender.let_go()
    assert site.post(BODY)[0] == 200


def test_a_compressed_body_is_kept_as_it_came(site: Site) -> None:
    """The record holds the compressed envelope, and the reader makes the event's text of it."""
    text = b'{"message":"%b"}' % (b"a" * 5000)
    body = gzip.compress(envelope(("event", text)))
    assert site.post(body, **{"Content-Encoding": "gzip"})[0] == 200
    (record,) = site.appender.records
    assert record.body == body
    assert (unpacked(record).body, unpacked(record).packed) == (text, None)


def test_other_paths_and_methods_take_the_long_way(site: Site) -> None:
    """A path with escapes, a preflight and a page are none of the short way."""
    escaped = site.speak(raw(target="/api/7/envelop%65/"))
    assert escaped.startswith(b"HTTP/1.1 200 OK\r\n")
    preflight = site.speak(b"OPTIONS /api/7/envelope/ HTTP/1.1\r\nHost: kaput.test\r\n\r\n" + raw())
    assert preflight.startswith(b"HTTP/1.1 200 OK\r\n")
    assert site.short == []
