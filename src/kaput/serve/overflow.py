"""The overflow: while the web process has more to do than one core can, half of its connections are served by another.

In: how busy this process is, keys and refusals. Out: a second process (`annex.py`) and what it has to know.
`serve/web.py` makes it.

One process is enough nearly always, and two would take more memory than an idle server may. What a limit counts, and
whatever needs the store, stays here.
"""

import asyncio
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import ClassVar

import uvicorn

from kaput.accept.auth import Keys
from kaput.serve.moving import MovingProtocol, adopt
from kaput.serve.passage import Connection, Leaving, Message, Opened, Opening, Passage, Ready, Weather, pair
from kaput.serve.shortcut import Room, Taker

MODULE = "kaput.serve.annex"
LOOK_SECONDS = 0.1
BUSY_LOOKS = 3
BUSY_SHARE = 0.7  # of a core
LEAST_REQUESTS = 20
IDLE_SECONDS = 5.0
KEYS_AT_ONCE = 1000
END_SECONDS = 6.0
REST_SECONDS = 20.0  # before there is another one after one that went: to start one costs a third of a second
PAUSE_SECONDS = 60.0  # and after one that failed

_log = logging.getLogger(__name__)


class Overflow:
    """The second process, if there is one now. Used by one thread, inside its event loop.

    Attributes:
        number: of the annex that takes connections now, counted from 1; 0 when there is none.
    """

    def __init__(
        self,
        orders: str,
        keys: Callable[[], Keys],
        refuses: Callable[[], bool],
        most: int,
        *,
        busy: float = BUSY_SHARE,
        least: int = LEAST_REQUESTS,
        idle: float = IDLE_SECONDS,
    ) -> None:
        """Makes an overflow.

        Args:
            orders: for the annex; see `lifeline.encode`.
            keys: the keys of this moment.
            refuses: whether all clients are refused at this moment.
            most: processes that take events, this one among them.
            busy: share of a core above which this process is busy.
            least: requests between two looks below which it is busy with something else, as at its start.
            idle: seconds with little to do after which the other process goes.
        """
        self.number = 0
        self._orders = orders
        self._keys = keys
        self._refuses = refuses
        self._allowed = most > 1
        self._count = 0
        self._given = 0
        self._limit = busy
        self._least = least
        self._idle = idle
        self._busy = 0
        self._not_before = 0.0
        self._told: tuple[Mapping[str, int], bool] | None = None
        self._passage: Passage | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._server: uvicorn.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, server: uvicorn.Server) -> None:
        """Begins to look how busy this process is; `server` takes connections back."""
        self._server = server
        if self._allowed:
            self._start(self._look(server))

    def end(self) -> None:
        """Ends the other process; what it has taken it keeps and answers."""
        for task in self._tasks:
            task.cancel()
        self._close()

    def wait(self) -> None:
        """Waits for the end of the other process."""
        if self._process is None:
            return
        process, self._process = self._process, None
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def give(self, connection: MovingProtocol, data: bytes) -> bool:
        """Gives every second connection away, with what was read of it; answers whether it is gone."""
        self._given += 1
        if self._passage is None or self._given % 2:
            return False
        try:
            return connection.move(self._passage, data)
        except OSError:
            return False

    async def _look(self, server: uvicorn.Server) -> None:
        while True:
            answered = server.server_state.total_requests
            began, spent = time.monotonic(), time.process_time()
            await asyncio.sleep(LOOK_SECONDS)
            share = (time.process_time() - spent) / (time.monotonic() - began)
            asked = server.server_state.total_requests - answered >= self._least
            self._busy = self._busy + 1 if asked and share > self._limit else 0
            if self._passage is not None:
                self._tell()
            elif self._busy >= BUSY_LOOKS and time.monotonic() >= self._not_before:
                self._open()

    def _open(self) -> None:
        """Starts the other process."""
        own, other = pair()
        with other:
            arguments = [sys.executable, "-m", MODULE]
            self._process = subprocess.Popen(arguments, stdin=other.fileno())
        own.setblocking(False)  # noqa: FBT003 - positional only
        self._passage, self._told = Passage(own), None
        self._passage.send(Opening(self._orders, self._idle))
        asyncio.get_running_loop().add_reader(own.fileno(), self._hear)

    def _tell(self) -> None:
        """Tells the other process what it has to know, when that has changed."""
        keys = self._keys()
        unlimited = {key: project_id for key, project_id in keys.public.items() if key not in keys.quotas}
        now = (unlimited, self._refuses())
        if now == self._told or self._passage is None:
            return
        self._told = now
        messages: list[Message] = [*_opened(unlimited), Weather(now[1])]
        with suppress(OSError):  # its end is heard
            if sum(map(self._passage.send, messages)) < len(messages):
                self._told = None

    def _hear(self) -> None:
        """Takes one message."""
        if self._passage is None:
            return
        try:
            received = self._passage.receive()
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            received = None
        if received is None:
            self._gone()
        elif isinstance(received.message, Connection):
            if received.connection is not None and self._server is not None:
                self._start(adopt(self._server, received.connection, received.message.data))
        elif isinstance(received.message, Ready):
            self._count += 1
            self.number = self._count
        elif isinstance(received.message, Leaving):
            self.number = 0
            with suppress(OSError):
                self._passage.send(Leaving())

    def _gone(self) -> None:
        """The other process has ended: as it said, or it was killed."""
        said = self._count > 0 and self.number == 0
        if not said:
            _log.error("The second process that takes events is gone; this one goes on alone.")
        self._not_before = time.monotonic() + (REST_SECONDS if said else PAUSE_SECONDS)
        self._close()
        self.wait()

    def _close(self) -> None:
        self.number = 0
        if self._passage is not None:
            asyncio.get_running_loop().remove_reader(self._passage.line.fileno())
            self._passage.close()
            self._passage = None

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class OverflowingProtocol(MovingProtocol):
    """One connection; between two requests it may be given away, once to each annex."""

    overflow: ClassVar[Overflow]

    _asked = 0

    def begin_with(self, data: bytes) -> None:
        """Stays here: the other process gave it back."""
        super().begin_with(data)
        self._asked = self.overflow.number

    def data_received(self, data: bytes) -> None:
        """Reads, unless the connection goes to the other process with what came."""
        number = self.overflow.number
        if number and number != self._asked and self.at_rest():
            self._asked = number
            if self.overflow.give(self, data):
                return
        super().data_received(data)


def overflowing(taker: Taker, overflow: Overflow) -> type[OverflowingProtocol]:
    """Makes the class of the connections of a server whose ordinary requests go to `taker`."""
    return type("Overflowing", (OverflowingProtocol,), {"taker": taker, "room": Room(), "overflow": overflow})


def _opened(public: Mapping[str, int]) -> Iterator[Opened]:
    """Yields the messages that tell the keys."""
    left = iter(public.items())
    for start in range(0, max(1, len(public)), KEYS_AT_ONCE):
        yield Opened(dict(islice(left, KEYS_AT_ONCE)), last=start + KEYS_AT_ONCE >= len(public))
