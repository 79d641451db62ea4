"""A relay between clients and a server: it passes the bytes on as they are, and tells what was asked and answered."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h11
import msgspec

from kaput.accept.encoding import unpack
from kaput.accept.envelope import parse
from kaput.accept.limits import Limits

BLOCK = 65_536
MOST = 20_000_000


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, the bodies as they went over the wire; names of headers are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer: bytes

    @property
    def plain(self) -> bytes:
        """The body, decompressed."""
        return unpack(self.body, self.headers.get("content-encoding", ""), MOST)

    @property
    def items(self) -> list[str]:
        """The types of the items of an envelope."""
        if self.method != "POST" or "/envelope/" not in self.path:
            return []
        return [item.type for item in parse(self.plain, Limits()).items]

    @property
    def id(self) -> str:
        """The id in the answer."""
        return str(msgspec.json.decode(self.answer)["id"])


@dataclass
class Connection:
    """What came from either end of one connection."""

    asked: bytearray = field(default_factory=bytearray)
    answered: bytearray = field(default_factory=bytearray)

    def exchanges(self) -> Iterator[Exchange]:
        """Yields the exchanges that are complete."""
        server, client = h11.Connection(h11.SERVER), h11.Connection(h11.CLIENT)
        _feed(server, self.asked)
        _feed(client, self.answered)
        while (request := _message(server, client)) and (answer := _message(client, server)):
            asked, body = request
            answered, payload = answer
            assert isinstance(asked, h11.Request)
            assert isinstance(answered, h11.Response)
            headers = {name.decode(): value.decode() for name, value in asked.headers}
            yield Exchange(asked.method.decode(), asked.target.decode(), headers, body, answered.status_code, payload)
            if server.our_state is not h11.DONE or server.their_state is not h11.DONE:
                return
            server.start_next_cycle()
            client.start_next_cycle()


@dataclass
class Relay:
    """Where it listens and what went through.

    Attributes:
        dsn: the server's, with the relay's port.
    """

    dsn: str
    connections: list[Connection] = field(default_factory=list)

    @property
    def exchanges(self) -> list[Exchange]:
        """Everything that was asked and answered, connection after connection."""
        return [exchange for connection in list(self.connections) for exchange in connection.exchanges()]


@contextmanager
def relaying(dsn: str) -> Iterator[Relay]:
    """Runs a relay to the server of a DSN for as long as the block lasts."""
    parts = urlsplit(dsn)
    server = (parts.hostname or "", parts.port or 80)
    relay = Relay("")

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            connection = Connection()
            relay.connections.append(connection)
            with socket.create_connection(server) as onward:
                back = threading.Thread(target=_pass_on, args=(onward, self.request, connection.answered))
                back.start()
                _pass_on(self.request, onward, connection.asked)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        relay.dsn = dsn.replace(f":{parts.port}/", f":{listening.server_address[1]}/")
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield relay
        finally:
            listening.shutdown()
            thread.join()


def _pass_on(source: socket.socket, target: socket.socket, seen: bytearray) -> None:
    """Passes on what comes until the source ends; what goes out was noted before."""
    with suppress(OSError):
        while block := source.recv(BLOCK):
            seen += block
            target.sendall(block)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _feed(reader: h11.Connection, seen: bytearray) -> None:
    """Gives a reader what was seen so far; no bytes at all would mean the end of the connection to it."""
    if seen:
        reader.receive_data(bytes(seen))


def _message(reader: h11.Connection, writer: h11.Connection) -> tuple[h11.Request | h11.Response, bytes] | None:
    """Reads one message, and lets the other end's state follow; None when it is not whole."""
    head: h11.Request | h11.Response | None = None
    body = b""
    while isinstance(event := reader.next_event(), h11.Event):
        if isinstance(event, h11.ConnectionClosed):
            return None
        writer.send(event)
        if isinstance(event, h11.Request | h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            assert head is not None
            return head, body
    return None
