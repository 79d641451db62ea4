"""The ASGI door of accept: receives, hands to the core, waits until the records are durable, answers.

In: ASGI messages of the paths for which `route.is_ingest` is true. Out: records and drops, to the buffer; answers.
The roots import it. The 2xx leaves after the buffer's future is done, never before.
"""

import asyncio
import dataclasses
import logging
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Future
from typing import Any

import msgspec

from kaput.accept import intake, quota, reply, route
from kaput.accept.auth import Keys
from kaput.accept.body import Body, Budget, Receive
from kaput.accept.intake import Admission, NewId, Taken
from kaput.accept.limits import Limits
from kaput.accept.request import Answer, Request
from kaput.buffer.base import Appender
from kaput.errors import BufferUnwritable, Refused
from kaput.model import Clock, Drop

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Pressure = Callable[[], Refused | None]
"""Answers the refusal that everyone gets at this moment (backlog, disk), or nothing."""

BESIDE = 256 * 1024  # bytes of an unpacked body above which the event loop does not wait for it
BESIDE_AT_ONCE = 2  # such bodies until they are durable: each may take several times its limit of memory

_log = logging.getLogger(__name__)


def create(
    appender: Appender,
    keys: Callable[[], Keys],
    limits: Limits,
    clock: Clock,
    pressure: Pressure = lambda: None,
    new_id: NewId = lambda: uuid.uuid4().hex,
) -> Application:
    """Makes the ASGI application of the ingest paths; it answers scopes of type `http` alone.

    Args:
        appender: where records and drops go.
        keys: answers the keys of this moment.
        limits: what one request may cost.
        clock: the time of receiving.
        pressure: asked before each body is read.
        new_id: makes the id of an event that came without one.
    """
    return Door(appender, keys, limits, clock, pressure, new_id)


class Door:
    """One ASGI application; its state is how many bytes it holds."""

    def __init__(
        self,
        appender: Appender,
        keys: Callable[[], Keys],
        limits: Limits,
        clock: Clock,
        pressure: Pressure,
        new_id: NewId,
    ) -> None:
        self._appender = appender
        self._keys = keys
        self._limits = limits
        self._small = dataclasses.replace(limits, max_unpacked=min(limits.max_unpacked, BESIDE))
        self._clock = clock
        self._pressure = pressure
        self._new_id = new_id
        # One body of any allowed size has room in each. Bodies that hold their key themselves have one of their own:
        # whoever has no key at all can fill it, and must not keep out those who show theirs.
        self._budget = Budget(max(limits.max_held, limits.max_body))
        self._keyless = Budget(max(limits.max_held // 4, limits.max_body))
        self._beside = asyncio.Semaphore(BESIDE_AT_ONCE)
        self._meter = quota.Meter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        request = _request(scope)
        body = Body(receive, self._limits, expected=_has_body(request))
        try:
            answer = await self._answer(request, body)
        except Exception:  # noqa: BLE001  whatever it is, the client is told and it is counted
            _log.exception("A request to %.100r failed.", request.path)
            self._note("internal_error", 0)
            # One second: what failed here need not fail for the client's next event.
            failure = Refused(503, "internal_error", "The server failed at this request; its log says why.", 1)
            answer = reply.refused(failure, request.path)
        finally:
            body.release()
        if answer is not None:
            await _send(answer, request, body, send)

    async def _answer(self, request: Request, body: Body) -> Answer | None:
        """Returns the answer; `None` when nobody is there to hear it."""
        if request.method == "OPTIONS":
            return reply.PREFLIGHT
        keys = self._keys()
        project_id = 0
        try:
            admission = intake.admit(request, keys, self._limits)
            project_id = admission.project_id
            refusal = self._pressure()
            if refusal is not None:
                raise refusal
            content = await body.read(self._budget if admission.key else self._keyless)
            if content is None:
                self._note("client_gone", project_id or _named_project(request.path, keys))
                return None
            request = msgspec.structs.replace(request, body=content, received=self._clock())
            return await self._take(request, admission, keys)
        except Refused as refusal:
            self._note(refusal.reason, project_id or _named_project(request.path, keys))
            return reply.refused(refusal, request.path)

    async def _take(self, request: Request, admission: Admission, keys: Keys) -> Answer:
        """Takes the body apart and keeps it; nobody knows how large it is before it is unpacked."""
        try:
            taken = intake.unpack(request, admission, keys, self._small, self._new_id)
        except Refused as refusal:
            if refusal.status != 413:
                raise
        else:
            return await self._keep(taken, request)
        async with self._beside:
            taken = await asyncio.to_thread(intake.unpack, request, admission, keys, self._limits, self._new_id)
            return await self._keep(taken, request)

    async def _keep(self, taken: Taken, request: Request) -> Answer:
        """Answers once everything is durable."""
        if taken.drops:
            self._appender.note(taken.drops)
        quotas, count = self._keys().quotas, taken.counted
        wait = self._meter.spend(taken.key, quotas, count, self._clock()) if count else 0
        if wait:
            self._note(quota.REASON, taken.records[0].project_id, count)
            return reply.refused(quota.refusal(quotas[taken.key], wait), request.path)
        try:
            if taken.records:
                await _done(self._appender.append(taken.records))
        except BufferUnwritable as error:
            self._note("buffer_unwritable", taken.records[0].project_id, len(taken.records))
            return reply.refused(Refused(503, "buffer_unwritable", str(error)), request.path)
        if taken.answer is not None:
            return taken.answer
        return reply.PIXEL if request.method == "GET" else reply.kept(taken.answer_id)

    def _note(self, reason: str, project_id: int, count: int = 1) -> None:
        try:
            self._appender.note([Drop(reason, count, self._clock(), project_id)])
        except Exception:  # noqa: BLE001  the answer matters more than the count
            _log.exception("%d dropped for %s could not be counted.", count, reason)


def _request(scope: Scope) -> Request:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=_path(scope["path"], scope.get("root_path", "")),
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
        address=client[0] if client else "",
    )


def _path(path: str, prefix: str) -> str:
    """Takes the prefix off, unless a root did so already: the prefix may itself be `/api`."""
    if prefix and not route.is_ingest(path) and path.startswith(f"{prefix}/"):
        return path[len(prefix) :]
    return path


def _has_body(request: Request) -> bool:
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"


def _named_project(path: str, keys: Keys) -> int:
    """Returns the project that the path names, if there is one."""
    try:
        named = route.find(path).project_id
    except Refused:
        return 0
    return named if named in keys.projects else 0


async def _done(written: Future[None]) -> None:
    """Waits for a future of another thread, and raises what it raises.

    Unlike asyncio.wrap_future it leaves the write alone when the request is cancelled: others wait for it too.
    """
    loop = asyncio.get_running_loop()
    waiter = loop.create_future()

    def wake(_: Future[None]) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, waiter)

    written.add_done_callback(wake)
    await waiter
    written.result()


def _settle(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


async def _send(answer: Answer, request: Request, body: Body, send: Send) -> None:
    """Sends the answer; when the body was not read to its end the connection ends with it.

    A client that is still sending would be cut off before it reads the answer, so the answer goes out whole, the rest
    of the body is thrown away, and only then is the answer ended.
    """
    headers = [(name.encode(), value.encode()) for name, value in answer.headers]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    early = not body.finished
    if early:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": early})
    if early:
        # A client that waits for `100 Continue` has sent nothing; to receive would ask it to go on.
        if body.started or "expect" not in request.headers:
            await body.drain()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
