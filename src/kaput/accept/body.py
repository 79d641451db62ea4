"""The body of a request as it comes in: bounded in bytes, in time, and together with all others.

In: an ASGI `receive`. Out: bytes. The doors import it; `wsgi.py`, which reads by itself, for the budgets alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from kaput.accept.intake import body_too_large
from kaput.accept.limits import Limits
from kaput.errors import Refused

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

RETRY_SECONDS = 2
DRAIN_BYTES = 64 * 1024 * 1024
DRAIN_SECONDS = 5.0


class Budget:
    """How many bytes of bodies are held at this moment, by all requests of one event loop that share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    @property
    def held(self) -> int:
        """Bytes held now."""
        return self._held

    def add(self, count: int) -> None:
        """Holds more bytes.

        Raises:
            Refused: 503, together it would be too much; nothing was added.
        """
        if self._held + count > self._most:
            raise Refused(503, "overload", "The server holds as many requests as it can; send again.", RETRY_SECONDS)
        self._held += count

    def release(self, count: int) -> None:
        """Lets bytes go that were added."""
        self._held -= count


def budgets(limits: Limits) -> tuple[Budget, Budget]:
    """Makes the budget of those whose key stands in the head, and that of those who show theirs in the body at best.

    One body of any allowed size has room in each. Whoever has no key at all can fill the second, and must not keep out
    those who show theirs.
    """
    return Budget(max(limits.max_held, limits.max_body)), Budget(max(limits.max_held // 4, limits.max_body))


class Body:
    """One body. `finished`: nothing of it is left to be received, or the client is gone."""

    def __init__(self, receive: Receive, limits: Limits, *, expected: bool) -> None:
        """Waits to be read; `expected` says whether the request announced a body at all."""
        self._receive = receive
        self._limits = limits
        self._budget: Budget | None = None
        self._size = 0
        self.started = False
        self.finished = not expected

    async def read(self, budget: Budget) -> bytes | None:
        """Returns the whole body, held in the budget until `release`; `None` when the client goes before its end.

        Raises:
            Refused: 413 as soon as it is too large, 408 when it takes too long, 503 when all bodies together are too
                many bytes.
        """
        self.started, self._budget = True, budget
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                return await self._read(budget)
        except TimeoutError:
            seconds = self._limits.body_seconds
            raise Refused(408, "too_slow", f"The body took longer than {seconds:g} seconds; send it faster.") from None

    async def _read(self, budget: Budget) -> bytes | None:
        parts: list[bytes] = []
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.finished = True
                return None
            part = message.get("body", b"")
            self.finished = not message.get("more_body", False)
            if self._size + len(part) > self._limits.max_body:
                raise body_too_large(self._limits)
            budget.add(len(part))
            self._size += len(part)
            parts.append(part)
            if self.finished:
                return parts[0] if len(parts) == 1 else b"".join(parts)

    async def drain(self) -> None:
        """Throws away what the client still sends, within bounds, so that it comes to read the answer."""
        left = DRAIN_BYTES
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while not self.finished and left > 0:
                    message = await self._receive()
                    left -= len(message.get("body", b""))
                    self.finished = not message.get("more_body", False)
        except TimeoutError:
            return

    def release(self) -> None:
        """Lets the bytes go from the budget; the body must not be used any more."""
        if self._budget is not None:
            self._budget.release(self._size)
        self._size = 0
