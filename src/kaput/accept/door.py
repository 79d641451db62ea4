"""The door of accept: hands a request to the core, waits until its records are durable, answers.

In: a request with its body still to come (`answer`) or with it (`take`). Out: records and drops, to the buffer; the
answer, after the buffer said that they are durable, never before. `asgi.py` and the roots import it.
"""

import asyncio
import dataclasses
import uuid
from collections.abc import Callable
from functools import partial

import msgspec

from kaput.accept import intake, outcome, quota, reply
from kaput.accept.auth import Keys
from kaput.accept.body import Body, Receive, budgets
from kaput.accept.gathering import MANY, Crowd, Gathering
from kaput.accept.intake import Admission, NewId, Taken
from kaput.accept.limits import LARGE, LARGE_AT_ONCE, Limits
from kaput.accept.outcome import Tally
from kaput.accept.request import Answer, Caller, Request
from kaput.buffer.base import Appender, Lanes
from kaput.errors import BufferUnwritable, Refused
from kaput.model import Clock

Pressure = Callable[[], Refused | None]
"""Answers the refusal that everyone gets at this moment (backlog, disk), or nothing."""

Done = Callable[[Answer], None]
"""Takes the answer; raises nothing."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Admitted:
    """What was decided about a head, and by which keys."""

    keys: Keys
    admission: Admission


class Door:
    """One door; its state is how many bytes it holds. Used by one thread, inside its event loop."""

    def __init__(
        self,
        lanes: Lanes,
        keys: Callable[[], Keys],
        limits: Limits,
        clock: Clock,
        pressure: Pressure = lambda: None,
        new_id: NewId = lambda: uuid.uuid4().hex,
        crowd: Crowd = lambda: MANY,
    ) -> None:
        """Makes a door.

        Args:
            lanes: where records and drops go.
            keys: answers the keys of this moment.
            limits: what one request may cost.
            clock: the time of receiving.
            pressure: asked before each body is read.
            new_id: makes the id of an event that came without one.
            crowd: answers how many clients are connected.
        """
        self._lanes = lanes
        self._crowd = crowd
        self._gatherings: dict[Appender, Gathering] = {}
        self._tally = Tally(lanes, clock)
        self._keys = keys
        self._limits = limits
        self._small = dataclasses.replace(limits, max_unpacked=min(limits.max_unpacked, LARGE))
        self._clock = clock
        self._pressure = pressure
        self._new_id = new_id
        self._budget, self._keyless = budgets(limits)
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._meter = quota.Meter()

    def body(self, receive: Receive, request: Request) -> Body:
        """Returns the body of a request, waiting to be read within the limits."""
        return Body(receive, self._limits, expected=_has_body(request))

    async def answer(self, request: Request, body: Body) -> Answer | None:
        """Returns the answer once everything is durable; `None` when nobody is there to hear it."""
        try:
            return await self._answer(request, body)
        except Exception as error:  # noqa: BLE001  whatever it is, the client is told and it is counted
            return self._tally.failed(request, error)
        finally:
            body.release()

    def take(self, caller: Caller, body: bytes, done: Done) -> bool:
        """Answers an ordinary request that is here with its body, through `done`, now or once everything is durable.

        Args:
            caller: the head; its request is a POST.
            body: as it was sent.
            done: takes the answer.

        Returns:
            Whether it does. Otherwise nothing was done, and the request has to go the long way, through `answer`:
            whatever is refused before its body is read, shows no key in its head, or is large.
        """
        try:
            admitted = self._admitted(caller)
            if not admitted.admission.project_id or self._pressure() is not None:
                return False
            request = msgspec.structs.replace(caller.request, body=body, received=self._clock())
            taken = intake.unpack(request, admitted.admission, admitted.keys, self._small, self._new_id)
            self._keep(taken, request, done)
        except Refused:
            return False
        except Exception as error:  # noqa: BLE001  as in `answer`
            done(self._tally.failed(caller.request, error))
        return True

    def _admitted(self, caller: Caller) -> _Admitted:
        """Returns what was decided about a head; raises Refused."""
        keys = self._keys()
        found = caller.found
        if not isinstance(found, _Admitted) or found.keys is not keys:
            caller.found = found = _Admitted(keys, intake.admit(caller.request, keys, self._limits))
        return found

    async def _answer(self, request: Request, body: Body) -> Answer | None:
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
                self._tally.note("client_gone", project_id or outcome.named_project(request.path, keys))
                return None
            request = msgspec.structs.replace(request, body=content, received=self._clock())
            return await self._take(request, admission, keys)
        except Refused as refusal:
            self._tally.note(refusal.reason, project_id or outcome.named_project(request.path, keys))
            return reply.refused(refusal, request.path)

    async def _take(self, request: Request, admission: Admission, keys: Keys) -> Answer:
        """Takes the body apart and keeps it; nobody knows how large it is before it is unpacked."""
        try:
            taken = intake.unpack(request, admission, keys, self._small, self._new_id)
        except Refused as refusal:
            if refusal.status != 413:
                raise
        else:
            return await self._kept(taken, request)
        async with self._large:
            taken = await asyncio.to_thread(intake.unpack, request, admission, keys, self._limits, self._new_id)
            return await self._kept(taken, request)

    async def _kept(self, taken: Taken, request: Request) -> Answer:
        """Keeps what was taken; a request that is cancelled leaves the write alone, since others wait for it too."""
        waiter: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._keep(taken, request, partial(_settle, waiter))
        return await waiter

    def _keep(self, taken: Taken, request: Request, done: Done) -> None:
        """Answers through `done` once everything is durable."""
        if taken.drops:
            self._lanes.note(taken.drops)
        quotas = self._keys().quotas
        count = taken.counted if quotas else 0
        wait = self._meter.spend(taken.key, quotas, count, self._clock()) if count else 0
        if wait:
            self._tally.note(quota.REASON, taken.records[0].project_id, count)
            done(reply.refused(quota.refusal(quotas[taken.key], wait), request.path))
        elif taken.records:
            self._gathering(self._lanes.lane(taken.records)).add(
                taken.records, partial(self._told, taken, request, done)
            )
        else:
            done(outcome.kept(taken, request))

    def _gathering(self, lane: Appender) -> Gathering:
        """Returns what waits for a lane; there are as many as lanes."""
        if lane not in self._gatherings:
            self._gatherings[lane] = Gathering(lane, self._crowd)
        return self._gatherings[lane]

    def _told(self, taken: Taken, request: Request, done: Done, failure: BaseException | None) -> None:
        """Answers when the buffer has spoken."""
        if failure is None:
            done(outcome.kept(taken, request))
            return
        if not isinstance(failure, BufferUnwritable):
            done(self._tally.failed(request, failure))
            return
        done(self._tally.unwritten(taken, request, failure))


def _has_body(request: Request) -> bool:
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"


def _settle(waiter: asyncio.Future[Answer], answer: Answer) -> None:
    if not waiter.done():
        waiter.set_result(answer)
