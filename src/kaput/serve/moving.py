"""Connections that change their process between two requests, or with all that was read of one.

In: connections of this process, or of the other one. Out: the same through the passage. `serve/overflow.py` and
`serve/annex.py` import it.
"""

import asyncio
import socket
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from kaput.serve.passage import Connection, Passage
from kaput.serve.shortcut import ShortcutProtocol


class MovingProtocol(ShortcutProtocol):
    """One connection; it may have come from the other process, with bytes that were read there."""

    _first = b""

    def begin_with(self, data: bytes) -> None:
        """Is told what was read of the connection before it came here."""
        self._first = data

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # it is one of streams
        """Begins where the other process stopped, before anything else is read."""
        super().connection_made(transport)
        data, self._first = self._first, b""
        if data:
            self.data_received(data)

    def at_rest(self) -> bool:
        """Answers whether every request that was read of came whole and has its answer."""
        return self._between and not self.owes() and not self.transport.is_closing()

    def owes(self) -> bool:
        """Answers whether a request waits for its answer."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def move(self, passage: Passage, data: bytes) -> bool:
        """Gives the connection away with what was read and is not answered; False when there is no room for it now.

        Raises:
            OSError: the other process is gone.
        """
        descriptor = self.transport.get_extra_info("socket").fileno()
        if not passage.send(Connection(data), descriptor):
            return False
        self._stop_waiting()
        self._parts = None
        self._between = True
        self._unset_keepalive_if_required()
        self.transport.close()  # this end of it: the connection lives on in the other process
        return True


async def adopt(server: uvicorn.Server, connection: int, data: bytes) -> None:
    """Serves a connection that came through the passage."""

    def protocol() -> asyncio.Protocol:
        kind: Any = server.config.http_protocol_class  # a `MovingProtocol`
        made = kind(config=server.config, server_state=server.server_state, app_state=server.lifespan.state)
        made.begin_with(data)
        return cast("asyncio.Protocol", made)

    accepted = socket.socket(fileno=connection)
    accepted.setblocking(False)  # noqa: FBT003 - positional only
    try:
        await asyncio.get_running_loop().connect_accepted_socket(protocol, accepted)
    except OSError:  # the client is gone
        accepted.close()
