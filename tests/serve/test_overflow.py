"""Two processes that take events, on a real server: whoever serves a connection, its client sees no difference."""

import gzip
import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
import uvloop

from kaput.accept import asgi
from kaput.accept.auth import Keys
from kaput.accept.door import Door
from kaput.accept.limits import Limits
from kaput.accept.quota import Quota
from kaput.app.front import create_front
from kaput.buffer.reader import SegmentReader
from kaput.config import Settings
from kaput.model import Record
from kaput.serve.lifeline import Orders, encode
from kaput.serve.overflow import Overflow, overflowing
from tests.accept.door import KEY, NEW_ID, MemoryAppender, envelope
from tests.processes import tree

PATIENCE = 60.0
LIMITED = "cd" * 16
PATH = "/api/7/envelope/"


@dataclass
class Site:
    """A server with its overflow; what it takes itself is in the memory, what the other process takes in segments."""

    data: Path
    idle: float = 60.0
    appender: MemoryAppender = field(default_factory=MemoryAppender)
    keys: Keys = field(default_factory=lambda: Keys({KEY: 7, LIMITED: 7}, frozenset({7}), {LIMITED: Quota(1, 60)}))
    refuses: bool = False
    address: tuple[str, int] = ("", 0)

    @contextmanager
    def serving(self) -> Iterator["Site"]:
        """Runs the server, with the other process ready."""
        listening = socket.create_server(("127.0.0.1", 0))
        self.address = listening.getsockname()
        settings = Settings(data=self.data)
        orders = encode(Orders(settings, 0, "", announce=False))
        self.overflow = Overflow(orders, lambda: self.keys, lambda: self.refuses, 2, busy=-1.0, least=0, idle=self.idle)
        self.server = self._server(settings)
        thread = threading.Thread(target=self.server.run, args=([listening],))
        thread.start()
        self.wait_for(lambda: self.overflow.number == 1)
        try:
            yield self
        finally:
            self.server.should_exit = True
            thread.join()
            self.overflow.wait()

    def _server(self, settings: Settings) -> uvicorn.Server:
        site = self
        door = Door(self.appender, lambda: self.keys, Limits(), time.time, new_id=lambda: NEW_ID)
        ingest = asgi.create(door)
        front = create_front(settings, door.take, ingest, ingest, list)

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                site.overflow.begin(self)

            async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
                site.overflow.end()
                await super().shutdown(sockets)

        kind = overflowing(front, self.overflow)
        return Server(uvicorn.Config(front, http=kind, lifespan="off", log_config=None))

    @property
    def pid(self) -> int:
        """The id of the other process."""
        return next(pid for pid, command in tree(os.getpid()).items() if "kaput.serve.annex" in command)

    def elsewhere(self) -> list[Record]:
        """Returns what the other process took."""
        reader = SegmentReader(self.data / "spool", [])
        with closing(reader):
            return [entry.content for entry in reader.read(10_000) if isinstance(entry.content, Record)]

    def connect(self) -> http.client.HTTPConnection:
        """Opens a connection."""
        return http.client.HTTPConnection(*self.address, timeout=PATIENCE)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Waits until something is so."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.01)


def body(number: int, size: int = 0) -> bytes:
    text = json.dumps({"event_id": f"{number:032x}", "message": "x" * size})
    return envelope(("event", text.encode()))


def post(connection: http.client.HTTPConnection, data: bytes, key: str = KEY, **headers: str) -> tuple[int, bytes]:
    connection.request("POST", PATH, data, {"X-Sentry-Auth": f"Sentry sentry_key={key}"} | headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.fixture(scope="module", autouse=True)
def first_loop() -> None:
    """Makes a loop before anything is counted: libuv keeps a pipe from its first one to the end of the process."""
    uvloop.new_event_loop().close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path).serving() as served:
        yield served


def test_connections_are_shared(site: Site) -> None:
    """Half of the connections go to the other process, with what they sent; all events are kept, each once."""
    connections = [site.connect() for _ in range(8)]
    for turn in range(5):
        for index, connection in enumerate(connections):
            data = gzip.compress(body(turn * 8 + index + 1, 3000))
            status, answer = post(connection, data, **{"Content-Encoding": "gzip"})
            assert (status, json.loads(answer)) == (200, {"id": f"{turn * 8 + index + 1:032x}"})
    for connection in connections:
        connection.close()
    own = [record.event_id for record in site.appender.records]
    other = [record.event_id for record in site.elsewhere()]
    assert (len(own), len(other)) == (20, 20)
    assert sorted(own + other) == [f"{number:032x}" for number in range(1, 41)]


def moved(site: Site) -> http.client.HTTPConnection:
    """Returns a connection that the other process serves now."""
    for number in range(1000, 1004):
        connection = site.connect()
        before = len(site.elsewhere())
        assert post(connection, body(number))[0] == 200
        if len(site.elsewhere()) > before:
            return connection
        connection.close()
    raise AssertionError("No connection was given away.")


def test_what_is_not_ordinary_is_answered_as_ever(site: Site) -> None:
    """A connection of the other process goes back for other paths, other methods, limits, refusals and large bodies."""
    asked = [
        ("GET", "/health/live", b"", {}, 200),
        ("OPTIONS", PATH, b"", {}, 200),
        ("POST", PATH, body(1), {"X-Sentry-Auth": f"Sentry sentry_key={'0' * 32}"}, 403),
        ("POST", PATH, b"no envelope", {"X-Sentry-Auth": f"Sentry sentry_key={KEY}"}, 400),
        ("POST", PATH, body(2, 300_000), {"X-Sentry-Auth": f"Sentry sentry_key={KEY}"}, 200),
        ("POST", PATH, body(3), {"X-Sentry-Auth": f"Sentry sentry_key={LIMITED}"}, 200),
        ("POST", PATH, body(4), {"X-Sentry-Auth": f"Sentry sentry_key={LIMITED}"}, 429),
    ]
    for method, path, data, headers, status in asked:
        with closing(moved(site)) as connection:
            before = len(site.elsewhere())
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read()) or method == "OPTIONS") == (status, True)
            assert post(connection, body(5))[0] == 200  # and it serves on
            assert len(site.elsewhere()) == before
    ids = [record.event_id for record in site.appender.records]
    assert {f"{2:032x}", f"{3:032x}"} <= set(ids)


def test_refusals_and_new_keys_reach_the_other_process(site: Site) -> None:
    """When all are refused, or a key is taken away, it takes nothing more within a moment."""
    with closing(moved(site)) as first, closing(moved(site)) as second:
        own = len(site.appender.records)
        site.refuses = True
        site.wait_for(lambda: post(first, body(6))[0] == 200 and len(site.appender.records) > own)
        site.refuses = False
        site.keys = Keys({}, frozenset({7}))
        site.wait_for(lambda: post(second, body(7))[0] == 403)


def raw(number: int, version: str = "1.1") -> bytes:
    data = body(number)
    head = [f"POST {PATH} HTTP/{version}", "Host: kaput.test", f"X-Sentry-Auth: Sentry sentry_key={KEY}"]
    return "\r\n".join([*head, f"Content-Length: {len(data)}", "", ""]).encode() + data


def test_requests_in_pieces_and_before_the_answer(site: Site) -> None:
    """A request may come in pieces; one that does not wait for the answer to the last ends the connection behind it."""
    with closing(moved(site)) as connection:
        line = connection.sock
        for piece in (raw(8)[:30], raw(8)[30:-4], raw(8)[-4:]):
            line.sendall(piece)
            time.sleep(0.05)  # so that each piece is a read of its own; nothing is asserted of the time
        assert b"200 OK" in line.recv(4096)
        line.sendall(raw(9) + raw(10))
        heard = b""
        while piece := line.recv(4096):
            heard += piece
    assert heard.count(b"HTTP/1.1 200 OK") == 1
    ids = [record.event_id for record in site.elsewhere()]
    assert ids[-2:] == [f"{8:032x}", f"{9:032x}"]


def test_a_client_that_goes_in_mid_request_is_counted(site: Site) -> None:
    """The other process leaves the count to this one."""
    with closing(moved(site)) as connection:
        connection.sock.sendall(raw(11)[:-3])
        time.sleep(0.05)  # the first part is read before the end is
        connection.sock.shutdown(socket.SHUT_WR)
        site.wait_for(lambda: any(drop.reason == "client_gone" for drop in site.appender.drops))


def test_a_killed_process_loses_nothing_that_it_answered(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Its connections end; what it acknowledged is there, and this process serves all that come again."""
    with closing(moved(site)) as connection:
        assert post(connection, body(12))[0] == 200
        os.kill(site.pid, signal.SIGKILL)
        site.wait_for(lambda: site.overflow.number == 0)
        with pytest.raises((http.client.HTTPException, OSError)):
            post(connection, body(13))
    assert f"{12:032x}" in [record.event_id for record in site.elsewhere()]
    for number in range(20, 24):
        with closing(site.connect()) as connection:
            assert post(connection, body(number))[0] == 200
    assert "goes on alone" in caplog.text


def test_a_process_with_little_to_do_goes(tmp_path: Path) -> None:
    """It gives its connections back, which their clients do not notice, and ends; nor does another one come soon."""
    with Site(tmp_path, idle=3.0).serving() as site, closing(moved(site)) as connection:
        pid = site.pid
        site.wait_for(lambda: not Path(f"/proc/{pid}").exists())
        own = len(site.appender.records)
        assert post(connection, body(14))[0] == 200
        assert len(site.appender.records) + len(site.elsewhere()) > own
        time.sleep(1.0)  # ten looks, and this server is always busy enough
        assert not any("kaput.serve.annex" in command for command in tree(os.getpid()).values())


def test_the_end_of_the_server_is_the_end_of_both(tmp_path: Path) -> None:
    """What the other process took before is in ended segments, and nobody is left behind."""
    with Site(tmp_path).serving() as site:
        with closing(moved(site)) as connection:
            assert post(connection, body(15))[0] == 200
        pid = site.pid
    assert not Path(f"/proc/{pid}").exists()
    assert f"{15:032x}" in [record.event_id for record in site.elsewhere()]
