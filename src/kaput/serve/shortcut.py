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
from kaput.accept.request import Answer, Caller
from kaput.serve.head import Head, learned
from kaput.serve.protocol import BoundedProtocol

LONGEST_BODY = 64 * 1024
MOST_WAITING = 64  # requests, so 4 MiB at most
REST_SECONDS = 1.0


class Taker(Protocol):
    """What the short way leads to; see `kaput.app.front.Front`."""

    def caller(
        self, target: bytes, headers: list[tuple[bytes, bytes]], client: tuple[str, int] | None
    ) -> Caller | None:
        """Returns what is known of the head of a POST; None when the request is not ordinary."""

    def take(self, caller: Caller, body: bytes, done: Done) -> bool:
        """Answers an ordinary request through `done`, or returns False and has done nothing."""


class _Owed:
    """An answer that is owed; stands where uvicorn keeps its request, so that it makes the next one wait."""

    __slots__ = ("disconnected", "keep_alive", "response_complete")

    def __init__(self, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.response_complete = False
        self.disconnected = False

    @property
    def message_event(self) -> "_Owed":
        """What is told of more of the body."""
        return self

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
    _met: Caller | None = None  # who sent what is being read
    _head: Head | None = None  # of the last request that came whole at once
    _answered = 0.0  # when, on the clock of the loop
    _resting: asyncio.TimerHandle | None = None  # ends a connection that rests too long

    def data_received(self, data: bytes) -> None:
        """Reads; a request that is not here whole by now may wait a little for its rest."""
        begins = self._between and self._free()
        if begins and self._head is not None:
            body = self._head.body(data)
            if body is not None:
                self._unset_keepalive_if_required()
                if self._take(self._head.caller, body, keep_alive=True):
                    return
        super().data_received(data)
        met, self._met = self._met, None
        if begins and met is not None:
            self._head = learned(data, met)
        if self._parts is not None and self._rest is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Lets the long way count a client that is gone."""
        if self._parts is not None:
            self._go_long_way()
        if self._resting is not None:
            self._resting.cancel()
        super().connection_lost(exc)

    def begin_request(self) -> None:
        """Waits for the body before anything is made of the head, unless the request is not ordinary."""
        if self._free() and self.parser.get_method() == b"POST" and not self.expect_100_continue:
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
        self._stop_waiting()
        keep_alive = self.parser.get_http_version() == "1.1" and self.parser.should_keep_alive()
        caller = self.taker.caller(self.url, self.headers, self.client)
        if caller is not None and self._take(caller, b"".join(self._parts), keep_alive=keep_alive):
            self._parts = None
            self._met = caller if keep_alive and not self.parser.should_upgrade() else None
            return
        self._go_long_way()
        self._end_long_way()

    def on_response_complete(self) -> None:
        """Bounds the rest of the connection as uvicorn does, with one timer for many answers."""
        if self.pipeline or self.flow.read_paused or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self._answered = self.loop.time()
        if self._resting is None:
            self._resting = self.loop.call_later(self.timeout_keep_alive, self._look_at_rest)

    def _free(self) -> bool:
        """Answers whether no answer is owed."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _take(self, caller: Caller, body: bytes, *, keep_alive: bool) -> bool:
        """Answers a request, or returns False and has done nothing."""
        owed = _Owed(keep_alive=keep_alive)
        before, self.cycle = self.cycle, owed  # type: ignore[assignment]  # it has all that uvicorn asks of one
        if self.taker.take(caller, body, partial(self._answer, owed)):
            return True
        self.cycle = before
        return False

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
        head = _head(answer.status, answer.headers, tuple(self.server_state.default_headers))
        last = b"" if owed.keep_alive else b"connection: close\r\n"
        length = len(answer.body)
        self.transport.write(b"%b%bcontent-length: %d\r\n\r\n%b" % (head, last, length, answer.body))
        if not owed.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _look_at_rest(self) -> None:
        rests = self._between and self._free()
        left = self._answered + self.timeout_keep_alive - self.loop.time() if rests else self.timeout_keep_alive
        if left > 0:
            self._resting = self.loop.call_later(left, self._look_at_rest)
        else:
            self._resting = None
            self.timeout_keep_alive_handler()


@lru_cache(64)
def _head(status: int, headers: tuple[tuple[str, str], ...], dated: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """Returns what an answer begins with, the same for all answers of a second."""
    own = ((name.encode(), value.encode()) for name, value in headers)
    return STATUS_LINE[status] + b"".join(b"%b: %b\r\n" % pair for pair in (*own, *dated))
