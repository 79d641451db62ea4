"""The server's HTTP protocol with bounds on the head of a request: its size, and the time it may take.

In: bytes of a connection. Out: as uvicorn's own protocol, or the end of the connection. `serve/web.py` hands it to
uvicorn, which bounds neither: a connection whose head never ends would stay open, and hold a descriptor, for good.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class BoundedProtocol(HttpToolsProtocol):
    """One connection.

    Attributes:
        head_seconds: from the first byte of a head, or from the connection's beginning, to the end of the head.
        head_bytes: of request line and headers together, to the size of one read.
    """

    head_seconds: ClassVar[float] = 20.0
    head_bytes: ClassVar[int] = 64 * 1024

    _timer: asyncio.TimerHandle | None = None
    _received = 0
    _in_head = False
    _between = True  # two requests, or before the first: not a byte of one was read that did not come whole

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # it is one of streams
        """Starts the time of the first head."""
        super().connection_made(transport)
        self._begin()

    def data_received(self, data: bytes) -> None:
        """Reads; a connection whose head has become too large is closed."""
        super().data_received(data)
        if not self._in_head:
            return
        # Most heads come whole and need no timer.
        if self._timer is None:
            self._begin()
        self._received += len(data)
        if self._received > self.head_bytes:
            self._end()
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """Begins a head."""
        self._in_head = True
        self._between = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Ends the time of the head."""
        self._in_head = False
        self._end()
        self.begin_request()

    def on_message_complete(self) -> None:
        """Ends a request."""
        self._between = True
        super().on_message_complete()

    def begin_request(self) -> None:
        """Begins to answer the request whose head is here."""
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Lets go of the timer."""
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        self._received = 0
        self._timer = self.loop.call_later(self.head_seconds, self.transport.close)

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
