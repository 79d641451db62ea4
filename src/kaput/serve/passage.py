"""The passage between two processes that serve connections: messages, and connections with what was read of them.

In: one end of a pair of sockets. Out: messages and connections, in order. `serve/overflow.py` and `serve/annex.py` have
an end each.

A connection changes hands between two requests, or with all bytes of the request that it stands in. It is the same for
its client: nothing is sent, nothing ends.
"""

import socket
from typing import NamedTuple

import msgspec
from msgspec import Struct

LONGEST = 128 * 1024
"""Bytes of one message; the system takes one somewhat larger whole or not at all."""


class Opening(Struct, frozen=True, tag="opening"):
    """The first message.

    Attributes:
        orders: as `lifeline.encode` writes them.
        idle: seconds with little to do after which the annex goes.
    """

    orders: str
    idle: float


class Ready(Struct, frozen=True, tag="ready"):
    """The annex takes connections from now on."""


class Leaving(Struct, frozen=True, tag="leaving"):
    """The annex takes no more connections, and gives all back that it has; the web process says it back to it, last."""


class Opened(Struct, frozen=True, tag="keys"):
    """Some of the keys of this moment, with their projects; with the last of these messages they hold."""

    public: dict[str, int]
    last: bool


class Weather(Struct, frozen=True, tag="weather"):
    """Whether all clients are refused at this moment."""

    refuses: bool


class Connection(Struct, frozen=True, tag="connection"):
    """A connection comes with this message. `data` was read of it and not answered."""

    data: bytes


Message = Opening | Ready | Leaving | Opened | Weather | Connection

_encode = msgspec.msgpack.Encoder().encode
_decode: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


class Received(NamedTuple):
    """A message, and the descriptor of the connection that came with it, which is the receiver's own from now on.

    A process that has no descriptor left gets a message without its connection; then the client has to come again.
    """

    message: Message
    connection: int | None


class Passage:
    """One end. Used by one thread."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line

    def send(self, message: Message, connection: int | None = None) -> bool:
        """Sends a message, with a connection that stays open here too; False when there is no room for it now.

        Raises:
            OSError: the other end is gone.
        """
        data = _encode(message)
        if len(data) > LONGEST:
            return False
        try:
            if connection is None:
                self.line.send(data)
            else:
                socket.send_fds(self.line, [data], [connection])
        except (BlockingIOError, InterruptedError):
            return False
        return True

    def receive(self) -> Received | None:
        """Returns the next message; None at the end of the line.

        Raises:
            BlockingIOError: there is none now.
            OSError: the other end is gone.
        """
        data, connections, _, _ = socket.recv_fds(self.line, LONGEST, 1)
        if not data:
            return None
        return Received(_decode.decode(data), connections[0] if connections else None)

    def close(self) -> None:
        """Ends the line."""
        self.line.close()


def pair() -> tuple[socket.socket, socket.socket]:
    """Makes the two ends: messages stay whole and in order."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
