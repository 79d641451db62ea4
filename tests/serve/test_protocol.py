"""The bounds on the head of a request, on a real uvicorn."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
import uvicorn

from kaput.serve.protocol import BoundedProtocol


class Hasty(BoundedProtocol):
    """The same with less time."""

    head_seconds = 0.3


PATIENCE = 60.0


async def answer(_scope: object, _receive: object, send: object) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b"ok"})  # type: ignore[operator]


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(answer, http=Hasty, lifespan="off", log_config=None, loop="asyncio"))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.getsockname()
    server.should_exit = True
    thread.join()
    listening.close()


def ended(connection: socket.socket) -> float:
    """Returns after how many seconds the server closed the connection."""
    connection.settimeout(PATIENCE)
    began = time.monotonic()
    while connection.recv(4096):
        pass
    return time.monotonic() - began


def test_a_head_that_never_ends_is_cut_off(address: tuple[str, int]) -> None:
    """A connection that sends half a head, or nothing, is closed after its time."""
    for sent in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n"):
        with socket.create_connection(address) as connection:
            connection.sendall(sent)
            assert ended(connection) < BoundedProtocol.head_seconds


def test_a_head_that_is_too_large_is_refused(address: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 64 kB of headers is a 400, before the time is over."""
    monkeypatch.setattr(Hasty, "head_seconds", PATIENCE)
    with socket.create_connection(address) as connection:
        connection.settimeout(PATIENCE)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        with suppress(OSError):  # it may be refused before its end
            connection.sendall(b"A: " + b"x" * 200_000)
        assert b"400" in connection.recv(4096)


def test_a_connection_is_used_again_and_bounded_again(address: tuple[str, int]) -> None:
    """Two requests on one connection are answered; half a head of a third is cut off."""
    with socket.create_connection(address) as connection:
        connection.settimeout(PATIENCE)
        for _ in range(2):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answered = b""
            while not answered.endswith(b"ok"):
                answered += connection.recv(4096)
            assert answered.startswith(b"HTTP/1.1 200")
            time.sleep(0.4)
        connection.sendall(b"GET / HT")
        assert ended(connection) < BoundedProtocol.head_seconds
