"""The gateway to the page: a WSGI application in threads, loaded when the ingest path stands already.

In: what creates it. Out: an ASGI application. `app/application.py` makes it.

Flask and what comes with it take a third of the start. An SDK must not wait for that, so the page is loaded beside, or
by the first who asks for it (design, section 6).
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from a2wsgi import WSGIMiddleware

from kaput.accept.body import Budget
from kaput.app.front import Message, Receive, Scope, Send
from kaput.errors import Refused

THREADS = 8
BODY_SECONDS = 20.0
LARGEST_BODY = 512 * 1024
MOST_HELD = 32 * 1024 * 1024
"""Bytes of bodies that are held at one moment, by all requests together: strangers can send some before they log in."""

_log = logging.getLogger(__name__)


class Gateway:
    """The page as an ASGI application."""

    def __init__(self, create: Callable[[], WSGIApplication]) -> None:
        self._create = create
        self._lock = threading.Lock()
        self._application: Any = None
        self._budget = Budget(MOST_HELD)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request for the page."""
        if self._application is None:
            await asyncio.to_thread(self.load)
        held = 0

        def hold(count: int) -> None:
            nonlocal held
            self._budget.add(count)
            held += count

        try:
            body = await _arrived(receive, send, hold)
            if body is not None:
                await self._application(scope, _replay(body, receive), send)
        finally:
            self._budget.release(held)

    def load(self) -> None:
        """Loads the page once, whoever asks for it first."""
        with self._lock:
            if self._application is None:
                self._application = WSGIMiddleware(_logging_errors(self._create()), workers=THREADS)

    def close(self) -> None:
        """Ends the threads, when nothing is asked any more."""
        with self._lock:
            if self._application is not None:
                self._application.executor.shutdown()


class _TooLargeError(Exception):
    pass


class _GoneError(Exception):
    pass


async def _arrived(receive: Receive, send: Send, hold: Callable[[int], None]) -> bytes | None:
    """Returns the body of a request; None when it was refused, or nobody is there any more."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(receive, hold)
    except TimeoutError:
        await _refuse(send, 408, "The request took too long to arrive.")
    except _TooLargeError:
        await _refuse(send, 413, "The request is too large.")
    except Refused as refusal:
        await _refuse(send, refusal.status, str(refusal))
    except _GoneError:
        pass
    return None


async def _read(receive: Receive, hold: Callable[[int], None]) -> bytes:
    """Reads the whole body before a thread is taken: a client that stalls must not hold one.

    Args:
        receive: gives its parts.
        hold: is told of the bytes before they are kept; may raise Refused.
    """
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        hold(len(message.get("body", b"")))
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > LARGEST_BODY:
            raise _TooLargeError
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Returns a channel that gives the body first, and then whatever comes."""
    waiting = [body]

    async def give() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return give


async def _refuse(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    if status == 503:
        headers.append((b"retry-after", b"2"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


class _ErrorLog:
    """What the page writes as errors goes to the log; the gateway would print it on stdout."""

    def write(self, text: str) -> int:
        if text.strip():
            _log.error("%s", text.rstrip())
        return len(text)

    def flush(self) -> None:
        return


def _logging_errors(application: WSGIApplication) -> Any:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.errors"] = _ErrorLog()
        return application(environ, start_response)

    return answer
