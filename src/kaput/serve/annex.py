"""The annex: a process that takes ordinary events beside the web process, while there are more than one can take.

In: connections, keys and the weather, through the passage. Out: durable records in segments of its own, answers, and
connections that stand before a request of any other kind. `serve/overflow.py` starts it as
`python -m kaput.serve.annex`.

It answers what takes the short way (`shortcut.py`) and nothing else: no page, no key that has a limit, nothing that is
refused, nothing large. So it needs no store. It goes when there was little to do for a while, or with the web process.
"""

import asyncio
import json
import logging
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import ClassVar

import uvicorn

from kaput.accept.auth import Keys
from kaput.accept.door import Door
from kaput.accept.limits import Limits
from kaput.app.front import Receive, Scope, Send, create_front
from kaput.buffer.lanes import SegmentLanes, segment_lanes
from kaput.config import Settings
from kaput.errors import Refused
from kaput.serve import lifeline
from kaput.serve.collector import spare_the_collector
from kaput.serve.moving import MovingProtocol, adopt
from kaput.serve.passage import Connection, Leaving, Opened, Opening, Passage, Ready, Weather
from kaput.serve.shortcut import Room, Taker

COLLECT_AFTER = 20_000
STOP_SECONDS = 5
AGAIN_SECONDS = 0.01
LOOK_SECONDS = 1.0
IDLE_SHARE = 0.3  # of a core: the other process has as much to do, and one can do both

_REFUSED = Refused(503, "elsewhere", "The other process says what is wrong.")


class AnnexProtocol(MovingProtocol):
    """One connection that the web process gave away; it goes back there for whatever is not ordinary."""

    passage: ClassVar[Passage]

    _leaves = False
    _deaf = False

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]  # uvicorn's own
        self._read: list[bytes] = []  # of the request that is not answered

    def data_received(self, data: bytes) -> None:
        """Reads, and keeps what it read until there is an answer."""
        self._read.append(data)
        if not self._leaves:
            super().data_received(data)

    def eof_received(self) -> None:
        """Lets the web process count a client that is gone in the middle of a request."""
        if not self._between:
            self._go_long_way()
            self._give_back()

    def begin_request(self) -> None:
        """Waits for the body of an ordinary request."""
        if self.owes():
            # Sent before the answer to the last one: where it begins is not known. The end of the connection behind
            # that answer tells the client that this one was not taken (RFC 9112, section 9.3.2).
            self._deaf = True
            self.cycle.keep_alive = False
        elif self.parser.get_method() == b"POST" and not self.expect_100_continue:
            self._parts = []
        else:
            self._go_long_way()

    def on_body(self, body: bytes) -> None:
        """Keeps a part of a body."""
        if self._parts is not None:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """Answers an ordinary request."""
        if self._parts is not None and not self._deaf:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Forgets what was answered."""
        self._read.clear()
        super().on_response_complete()

    def retire(self) -> None:
        """Goes back when it is at rest."""
        if self.at_rest():
            self._go_long_way()

    def connection_lost(self, exc: Exception | None) -> None:
        """Lets go."""
        self._stop_waiting()
        self._parts = None
        super().connection_lost(exc)

    def _end_long_way(self) -> None:
        """The web process reads the request again."""

    def _go_long_way(self) -> None:
        """Goes back to the web process with all that was read."""
        if not self._leaves and not self._deaf:
            self._leaves = True
            self._stop_waiting()
            self._parts = None
            self.loop.call_soon(self._give_back)

    def _give_back(self) -> None:
        if self.transport.is_closing():
            return
        try:
            if not self.move(self.passage, b"".join(self._read)):
                self.loop.call_later(AGAIN_SECONDS, self._give_back)
        except OSError:
            self.transport.close()


class Annex(uvicorn.Server):
    """The server; its connections come through the passage."""

    def __init__(self, passage: Passage, settings: Settings, lanes: SegmentLanes, idle: float) -> None:
        self._passage = passage
        self._idle = idle
        self._keys = Keys({}, frozenset())
        self._coming: dict[str, int] = {}
        self._refuses = True
        self._alone = asyncio.Event()  # no more connections will come
        self._adopting: set[asyncio.Task[None]] = set()
        limits = Limits(
            max_body=settings.max_body, max_unpacked=settings.max_unpacked, max_attachment=settings.max_attachment
        )
        door = Door(
            lanes,
            lambda: self._keys,
            limits,
            time.time,
            lambda: _REFUSED if self._refuses else None,
            crowd=lambda: len(self.server_state.connections),
        )
        front = create_front(settings, door.take, _nothing, _nothing, list)
        super().__init__(
            uvicorn.Config(
                _nothing,
                http=annexed(front, passage),
                log_config=None,
                access_log=False,
                lifespan="off",
                interface="asgi3",
                proxy_headers=False,
                server_header=False,
                date_header=True,
                timeout_graceful_shutdown=STOP_SECONDS,
                ws="none",
                log_level=logging.ERROR,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to take connections."""
        await super().startup(sockets)
        self._passage.line.setblocking(False)  # noqa: FBT003 - positional only
        asyncio.get_running_loop().add_reader(self._passage.line.fileno(), self._hear)
        with suppress(OSError):  # its end is heard
            self._passage.send(Ready())

    async def main_loop(self) -> None:
        """Runs until the line ends, or until there is nothing to do."""
        looking = asyncio.get_running_loop().create_task(self._look())
        await super().main_loop()
        looking.cancel()

    async def _look(self) -> None:
        """Leaves when it had little to do for a while, and ends when all connections are gone."""
        quiet = 0.0
        while quiet < self._idle:
            before = time.process_time()
            await asyncio.sleep(LOOK_SECONDS)
            busy = time.process_time() - before > IDLE_SHARE * LOOK_SECONDS
            quiet = 0.0 if busy else quiet + LOOK_SECONDS
        while not self._passage.send(Leaving()):
            await asyncio.sleep(AGAIN_SECONDS)
        await self._alone.wait()
        while self.server_state.connections or self._adopting:
            for connection in list(self.server_state.connections):
                connection.retire()  # type: ignore[union-attr]  # all are ours
            await asyncio.sleep(AGAIN_SECONDS)
        self.should_exit = True

    def _hear(self) -> None:
        """Takes one message."""
        try:
            received = self._passage.receive()
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            received = None
        if received is None:
            asyncio.get_running_loop().remove_reader(self._passage.line.fileno())
            self.should_exit = True
            return
        message = received.message
        if isinstance(message, Opened):
            self._learn(message)
        elif isinstance(message, Weather):
            self._refuses = message.refuses
        elif isinstance(message, Leaving):
            self._alone.set()
        elif isinstance(message, Connection) and received.connection is not None:
            task = asyncio.get_running_loop().create_task(adopt(self, received.connection, message.data))
            self._adopting.add(task)
            task.add_done_callback(self._adopting.discard)

    def _learn(self, message: Opened) -> None:
        self._coming |= message.public
        if message.last:
            self._keys = Keys(self._coming, frozenset(self._coming.values()))
            self._coming = {}


def annexed(taker: Taker, passage: Passage) -> type[AnnexProtocol]:
    """Makes the class of the connections of an annex."""
    return type("Annexed", (AnnexProtocol,), {"taker": taker, "room": Room(), "passage": passage})


def main() -> int:
    """Serves until the web process is gone, or nothing is to be done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the supervisor
    logging.basicConfig(stream=sys.stderr, format="kaput annex: %(levelname)s %(message)s", level=logging.WARNING)
    passage = Passage(socket.socket(fileno=sys.stdin.fileno()))
    opening = passage.receive()
    if opening is None or not isinstance(opening.message, Opening):
        return 1
    settings = lifeline.decode(json.loads(opening.message.orders)).settings
    lanes = segment_lanes(settings.spool, settings.segment_size, time.time)
    spare_the_collector(COLLECT_AFTER)
    try:
        Annex(passage, settings, lanes, opening.message.idle).run(sockets=[])
    finally:
        lanes.close()
    return 0


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Stands where an application would: no request comes to one here."""


if __name__ == "__main__":
    sys.exit(main())
