"""The WSGI door: reads a request in its own thread, lets the core answer it, and waits until it is durable.

In: WSGI requests of the paths for which `route.is_ingest` is true, with the prefix in SCRIPT_NAME. Out: answers. The
roots import it. It is for a tracker inside another application, whose server has threads or processes and no event
loop; `door.py` is the same for a server that is Kaput's own.
"""

import dataclasses
import http
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import msgspec

from kaput.accept import intake, outcome, quota, reply
from kaput.accept.auth import Keys
from kaput.accept.body import Budget, budgets
from kaput.accept.intake import Admission, NewId, Taken, body_too_large
from kaput.accept.limits import LARGE, LARGE_AT_ONCE, Limits
from kaput.accept.outcome import Tally
from kaput.accept.request import Answer, Request
from kaput.buffer.base import Lanes
from kaput.errors import BufferUnwritable, Refused
from kaput.model import Clock

PIECE = 64 * 1024
DRAIN_BYTES = 1024 * 1024
"""Bytes of a body that are thrown away, at most, so that a client which still sends comes to read the answer."""

_NO_HEADERS = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}


class WsgiDoor:
    """One door, a WSGI application; safe to be used by any number of threads."""

    def __init__(
        self,
        lanes: Lanes,
        keys: Callable[[], Keys],
        limits: Limits,
        clock: Clock,
        pressure: Callable[[], Refused | None] = lambda: None,
        new_id: NewId = lambda: uuid.uuid4().hex,
    ) -> None:
        """Makes a door.

        The arguments are those of `door.Door`; here `keys` may raise Refused while they are not known yet.
        """
        self._lanes = lanes
        self._tally = Tally(lanes, clock)
        self._keys = keys
        self._limits = limits
        self._small = dataclasses.replace(limits, max_unpacked=min(limits.max_unpacked, LARGE))
        self._clock = clock
        self._pressure = pressure
        self._new_id = new_id
        self._lock = threading.Lock()
        self._budget, self._keyless = budgets(limits)
        self._meter = quota.Meter()
        self._large = threading.BoundedSemaphore(LARGE_AT_ONCE)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Answers one request."""
        request, body = _request(environ), _Input(environ, self._limits)
        try:
            answer = self._answer(request, body)
        except Exception as error:  # noqa: BLE001  whatever it is, the client is told and it is counted
            answer = self._tally.failed(request, error)
        body.drain()
        headers = [*answer.headers, ("content-length", str(len(answer.body)))]
        if "content-type" not in dict(headers):  # an empty answer has none; some of what wraps WSGI wants one
            headers.append(("content-type", "text/plain; charset=utf-8"))
        start_response(f"{answer.status} {http.HTTPStatus(answer.status).phrase}", headers)
        return [answer.body]

    def _answer(self, request: Request, body: "_Input") -> Answer:
        if request.method == "OPTIONS":
            return reply.PREFLIGHT
        try:
            keys = self._keys()
        except Refused as unknown:
            return reply.refused(unknown, request.path)
        project_id = 0
        try:
            admission = intake.admit(request, keys, self._limits)
            project_id = admission.project_id
            refusal = self._pressure()
            if refusal is not None:
                raise refusal
            with self._held(body, self._budget if admission.key else self._keyless) as content:
                request = msgspec.structs.replace(request, body=content, received=self._clock())
                return self._take(request, admission, keys)
        except Refused as refusal:
            self._tally.note(refusal.reason, project_id or outcome.named_project(request.path, keys))
            return reply.refused(refusal, request.path)

    @contextmanager
    def _held(self, body: "_Input", budget: Budget) -> Iterator[bytes]:
        """Reads the body, and holds its bytes in a budget as long as they are used."""
        held = 0

        def hold(count: int) -> None:
            nonlocal held
            with self._lock:
                budget.add(count)
            held += count

        try:
            yield body.read(hold)
        finally:
            with self._lock:
                budget.release(held)

    def _take(self, request: Request, admission: Admission, keys: Keys) -> Answer:
        """Takes the body apart and keeps it; nobody knows how large it is before it is unpacked."""
        try:
            taken = intake.unpack(request, admission, keys, self._small, self._new_id)
        except Refused as refusal:
            if refusal.status != 413:
                raise
        else:
            return self._keep(taken, request, keys)
        with self._large:
            return self._keep(intake.unpack(request, admission, keys, self._limits, self._new_id), request, keys)

    def _keep(self, taken: Taken, request: Request, keys: Keys) -> Answer:
        if taken.drops:
            self._lanes.note(taken.drops)
        wait = self._wait(taken, keys)
        if wait:
            self._tally.note(quota.REASON, taken.records[0].project_id, taken.counted)
            return reply.refused(quota.refusal(keys.quotas[taken.key], wait), request.path)
        if taken.records:
            try:
                self._lanes.append(taken.records).result()
            except BufferUnwritable as failure:
                return self._tally.unwritten(taken, request, failure)
        return outcome.kept(taken, request)

    def _wait(self, taken: Taken, keys: Keys) -> int:
        """Returns the seconds to wait until the key may bring as much, 0 when it may now."""
        if not (taken.counted and keys.quotas):
            return 0
        with self._lock:
            return self._meter.spend(taken.key, keys.quotas, taken.counted, self._clock())


class _Input:
    """The body of one request, as the server hands it out: never past its end, which some servers do not guard."""

    def __init__(self, environ: WSGIEnvironment, limits: Limits) -> None:
        self._stream: Any = environ["wsgi.input"]
        length = environ.get("CONTENT_LENGTH") or ""
        self._whole = bool(length) or not environ.get("wsgi.input_terminated")
        self._left = int(length[:20]) if length.isdecimal() else 0 if self._whole else limits.max_body + 1
        self._limits = limits

    def read(self, hold: Callable[[int], None]) -> bytes:
        """Returns the whole body.

        Args:
            hold: is told of the bytes before they are kept; may raise Refused.

        Raises:
            Refused: 413 as soon as it is too large, 408 when it takes too long, 400 when the client went before its
                end.
        """
        parts: list[bytes] = []
        size, deadline = 0, time.monotonic() + self._limits.body_seconds
        while self._left > 0:
            part = self._next()
            if not part:
                if self._whole:
                    raise Refused(400, "client_gone", "The body ended before its announced length; send it again.")
                break
            size += len(part)
            if size > self._limits.max_body:
                raise body_too_large(self._limits)
            if time.monotonic() > deadline:
                seconds = self._limits.body_seconds
                raise Refused(408, "too_slow", f"The body took longer than {seconds:g} seconds; send it faster.")
            hold(len(part))
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def drain(self) -> None:
        """Throws away a moderate rest; a larger one the client may lose its connection over."""
        if 0 < self._left <= DRAIN_BYTES and self._whole:
            while self._left > 0 and self._next():
                pass

    def _next(self) -> bytes:
        """Returns the next bytes; none when there will be no more."""
        try:
            part: bytes = self._stream.read(min(self._left, PIECE))
        except (OSError, ValueError):  # the client is gone, or what it sends is no chunk
            part = b""
        self._left = self._left - len(part) if part else 0
        return part


def _request(environ: WSGIEnvironment) -> Request:
    """Reads the head of a request (PEP 3333: texts are bytes in disguise)."""
    headers = {
        _NO_HEADERS.get(name, name[5:].replace("_", "-").lower()): value
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name in _NO_HEADERS and value)
    }
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace"),
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        address=environ.get("REMOTE_ADDR") or "",
    )
