"""The short way of an ordinary event: a request that came whole is answered without a task and without ASGI messages.

In: bytes of a connection. Out: the answer of `app/front.py`, in one write; every other request takes uvicorn's own way.
`serve/moving.py` builds on it.

An ordinary request is a POST of moderate length that comes without delay, while the connection owes no other answer.
"""

import asyncio
from functools import lru_cache, partial
from typing import ClassVar, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from kaput.accept.door import Done
from kaput.accept.request import Answer
from kaput.serve.protocol import BoundedProtocol

LONGEST_BODY = 64 * 1024
MOST_WAITING = 64  # requests, so 4 MiB at most
REST_SECONDS = 1.0


class Taker(Protocol):
    """What the short way leads to; see `kaput.app.front.Front.take`."""

    def take(
        self,
        target: bytes,
        headers: list[tuple[bytes, bytes]],
        client: tuple[str, int] | None,
        body: bytes,
        done: Done,
    ) -> bool:
        """Answers an ordinary request through `done`, or returns False and has done nothing."""


class _Owed:
    """An answer that is owed; stands where uvicorn keeps its request, so that it makes the next one wait."""

    def __init__(self, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.response_complete = False
        self.disconnected = False
        self.message_event = self

    def set(self) -> None:
        """Nobody waits for more of the body."""


class Room:
    """How many requests of a server wait for the rest of their body, of which nobody else counts the bytes."""

    def __init__(self) -> None:
        self.taken = 0


class ShortcutProtocol(BoundedProtocol):
    """One connection.

    Attributes:
        taker: where ordinary requests go.
        room: shared by all connections.
    """

    taker: ClassVar[Taker]
    room: ClassVar[Room]

    _parts: list[bytes] | None = None  # of the body, while the request may still turn out to be an ordinary one
    _rest: asyncio.TimerHandle | None = None  # ends the wait for the rest of the body

    def data_received(self, data: bytes) -> None:
        """Reads; a request that is not here whole by now may wait a little for its rest."""
        super().data_received(data)
        if self._parts is not None and self._rest is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Lets the long way count a client that is gone."""
        if self._parts is not None:
            self._go_long_way()
        super().connection_lost(exc)

    def begin_request(self) -> None:
        """Waits for the body before anything is made of the head, unless the request is not ordinary."""
        cycle: RequestResponseCycle | None = self.cycle
        free = cycle is None or cycle.response_complete
        if free and self.parser.get_method() == b"POST" and not self.expect_100_continue:
            self._parts = []
        else:
            super().begin_request()

    def on_body(self, body: bytes) -> None:
        """Keeps a part of a body."""
        if self._parts is None:
            super().on_body(body)
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """Answers a request that came whole."""
        if self._parts is None:
            super().on_message_complete()
            return
        self._between = True
        owed = _Owed(keep_alive=self.parser.get_http_version() == "1.1" and self.parser.should_keep_alive())
        before, self.cycle = self.cycle, owed  # type: ignore[assignment]  # it has all that uvicorn asks of one
        done = partial(self._answer, owed)
        self._stop_waiting()
        if self.taker.take(self.url, self.headers, self.client, b"".join(self._parts), done):
            self._parts = None
            return
        self.cycle = before
        self._go_long_way()
        self._end_long_way()

    def _wait(self) -> None:
        length = next((value for name, value in self.headers if name == b"content-length"), b"")
        if not length.isdigit() or int(length[:10]) > LONGEST_BODY or self.room.taken >= MOST_WAITING:
            self._go_long_way()
            return
        self.room.taken += 1
        self._rest = self.loop.call_later(REST_SECONDS, self._go_long_way)

    def _stop_waiting(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
            self.room.taken -= 1

    def _go_long_way(self) -> None:
        self._stop_waiting()
        parts, self._parts = self._parts, None
        super().begin_request()
        for part in parts or ():
            super().on_body(part)

    def _end_long_way(self) -> None:
        """Tells the long way that the request came whole."""
        super().on_message_complete()

    def _answer(self, owed: _Owed, answer: Answer) -> None:
        owed.response_complete = True
        if owed.disconnected or self.transport.is_closing():
            return
        lines = [b"%b: %b\r\n" % pair for pair in self.server_state.default_headers]
        if not owed.keep_alive:
            lines.append(b"connection: close\r\n")
        lines.append(b"content-length: %d\r\n\r\n" % len(answer.body))
        self.transport.write(b"".join([_head(answer.status, answer.headers), *lines, answer.body]))
        if not owed.keep_alive:
            self.transport.close()
        self.on_response_complete()


@lru_cache(64)
def _head(status: int, headers: tuple[tuple[str, str], ...]) -> bytes:
    return STATUS_LINE[status] + b"".join(f"{name}: {value}\r\n".encode() for name, value in headers)
