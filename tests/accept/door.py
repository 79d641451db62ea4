"""A buffer in memory and a client that speaks ASGI, for the tests of accept."""

import asyncio
import json
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from kaput.accept import asgi
from kaput.accept.auth import Keys
from kaput.accept.door import Door
from kaput.accept.limits import Limits
from kaput.accept.request import Request
from kaput.errors import Refused
from kaput.model import Drop, Record

KEY = "b0ba5e0f1e2d4c3b8a79685746352413"
OTHER_KEY = "00000000000000000000000000000008"
NEW_ID = "f" * 32
NOW = 1_795_000_000.5
KEYS = Keys({KEY: 7, OTHER_KEY: 8}, frozenset({7, 8, 9}))
CORPUS = Path(__file__).parent.parent / "corpus" / "wire"

Message = MutableMapping[str, Any]
T = TypeVar("T")


class MemoryAppender:
    """Keeps what is appended; each future is done at once, unless `waiting` is set."""

    def __init__(self, *, waiting: bool = False, failure: Exception | None = None) -> None:
        self.records: list[Record] = []
        self.drops: list[Drop] = []
        self.futures: list[Future[None]] = []
        self._waiting = waiting
        self._failure = failure

    def append(self, records: Sequence[Record]) -> Future[None]:
        """Appends all; raises nothing, its future may."""
        future: Future[None] = Future()
        self.futures.append(future)
        if self._failure is not None:
            future.set_exception(self._failure)
            return future
        self.records += records
        if not self._waiting:
            future.set_result(None)
        return future

    def lane(self, _records: Sequence[Record]) -> "MemoryAppender":
        """Returns itself: it is one lane."""
        return self

    def hold(self) -> None:
        """Leaves the futures open from now on."""
        self._waiting = True

    def let_go(self) -> None:
        """Ends all futures, and leaves none open from now on."""
        self._waiting = False
        for future in self.futures:
            if not future.done():
                future.set_result(None)

    def note(self, drops: Sequence[Drop]) -> None:
        """Keeps the drops."""
        self.drops += drops

    def failure(self) -> str:
        """Returns nothing: memory takes everything."""
        return ""

    def close(self) -> None:
        """Does nothing: memory needs no end."""

    @property
    def dropped(self) -> dict[str, int]:
        """Counts by reason."""
        counts: dict[str, int] = {}
        for drop in self.drops:
            counts[drop.reason] = counts.get(drop.reason, 0) + drop.count
        return counts


@dataclass
class Client:
    """Sends the messages of one request and keeps what comes back; behind the last message the client is gone."""

    messages: list[Message]
    sent: list[Message] = field(default_factory=list)
    received: int = 0

    async def receive(self) -> Message:
        """Hands out the next message."""
        self.received += 1
        return self.messages.pop(0) if self.messages else {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Keeps a message of the answer."""
        self.sent.append(message)

    @property
    def status(self) -> int:
        """The answer's status."""
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        """The answer's headers."""
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        """The answer's body."""
        return b"".join(message["body"] for message in self.sent[1:])

    @property
    def json(self) -> Any:
        """The answer's body, read."""
        return json.loads(self.body)


def pieces(body: bytes, cuts: Iterable[int] = ()) -> list[Message]:
    """Cuts a body at the given places into messages."""
    edges = [0, *sorted(cuts), len(body)]
    parts = [body[start:end] for start, end in pairwise(edges)]
    last = len(parts) - 1
    return [{"type": "http.request", "body": part, "more_body": i < last} for i, part in enumerate(parts)]


def scope(
    path: str = "/api/7/envelope/", method: str = "POST", query: str = "", **headers: str
) -> MutableMapping[str, Any]:
    """Makes the scope of a request; underscores in the names of headers are dashes."""
    given = {"x_sentry_auth": f"Sentry sentry_key={KEY}, sentry_version=7", **headers}
    lines = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in given.items() if value]
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": lines,
        "client": ("192.0.2.7", 4711),
    }


def door(appender: MemoryAppender, limits: Limits = Limits(), pressure: Refused | None = None) -> asgi.Application:  # noqa: B008  # frozen
    """Makes the ASGI application over the appender."""
    return asgi.create(Door(appender, lambda: KEYS, limits, lambda: NOW, lambda: pressure, lambda: NEW_ID))


def ask(app: asgi.Application, asked: MutableMapping[str, Any], messages: list[Message]) -> Client:
    """Sends one request and returns the client with its answer."""
    client = Client(messages)
    body = sum(len(message.get("body", b"")) for message in messages)
    if body and not any(name in {b"content-length", b"transfer-encoding"} for name, _ in asked["headers"]):
        asked["headers"].append((b"content-length", str(body).encode()))

    async def run() -> None:
        await app(asked, client.receive, client.send)

    asyncio.run(run())
    return client


def request(body: bytes = b"", path: str = "/api/7/envelope/", method: str = "POST", **headers: str) -> Request:
    """Makes a request for the core, with a valid key unless `x_sentry_auth` says otherwise."""
    given = {"x_sentry_auth": f"Sentry sentry_key={KEY}, sentry_version=7", **headers}
    named = {name.replace("_", "-"): value for name, value in given.items() if value}
    path, _, query = path.partition("?")
    return Request(method, path, query, named, body, "192.0.2.7", NOW)


def envelope(*items: tuple[str, bytes], header: str = "{}") -> bytes:
    """Makes an envelope of types and payloads."""
    lines = [header.encode()]
    for kind, payload in items:
        lines += [json.dumps({"type": kind, "length": len(payload)}).encode(), payload]
    return b"\n".join(lines) + b"\n"


@dataclass(frozen=True)
class Captured:
    """A request as a client sent it, and what must come of it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    expected: dict[str, Any]


def captured(path: Path) -> Captured:
    """Reads `NNN-name.http` and the expectation beside it."""
    head, _, body = path.read_bytes().partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(": ") for line in lines)
    headers = {name.lower(): value for name, _, value in pairs}
    return Captured(method, target, headers, body, json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))


def outcome(call: Callable[[], T]) -> T | Refused:
    """Returns what a call returns, or the refusal that it raises; any other error is the test's failure."""
    try:
        return call()
    except Refused as refusal:
        return refusal
