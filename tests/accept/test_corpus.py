"""Requests of real clients, replayed through the ASGI door whole and in pieces."""

import json
import random
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from kaput.buffer.packing import unpacked
from kaput.digest.attachment import attachment
from kaput.model import ATTACHMENT, EVENT, SESSIONS
from tests.accept.door import CORPUS, Captured, MemoryAppender, ask, captured, door, pieces


class Answer(Protocol):
    """What came back through a door."""

    @property
    def status(self) -> int:
        """The answer's status."""

    @property
    def body(self) -> bytes:
        """The answer's body."""

    @property
    def json(self) -> Any:
        """The answer's body, read."""


REQUESTS = sorted(CORPUS.glob("*.http"))


def scope_of(sent: Captured) -> MutableMapping[str, Any]:
    """Makes the scope that a server makes of a captured request."""
    return {
        "type": "http",
        "method": sent.method,
        "path": sent.path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in sent.headers.items()],
        "client": ("192.0.2.7", 4711),
    }


def check(sent: Captured, client: Answer, appender: MemoryAppender) -> None:
    """Compares what was answered and kept with the expectation."""
    expected = sent.expected
    assert client.status == 200, client.body
    assert client.json == ({"id": expected["answer_id"]} if expected["answer_id"] else {})
    assert appender.dropped == expected["dropped"]
    others = [record.kind for record in appender.records if record.kind not in {EVENT, SESSIONS}]
    assert others == expected.get("asides", [])
    events = [unpacked(record) for record in appender.records if record.kind == EVENT]
    assert [{"event_id": record.event_id, "client": record.client, "bytes": len(record.body)} for record in events] == [
        {name: event[name] for name in ("event_id", "client", "bytes")} for event in expected["events"]
    ]
    for record, event in zip(events, expected["events"], strict=True):
        for text in (event["exception"] or "", event["message"]):
            assert text.encode() in record.body or text.encode("ascii", "backslashreplace") in record.body
    told = [json.loads(record.body) for record in appender.records if record.kind == SESSIONS]
    assert told == expected.get("sessions", [])
    files = [attachment(record) for record in appender.records if record.kind == ATTACHMENT]
    assert [{"name": file.name, "bytes": len(file.content)} for file in files] == expected.get("attachments", [])
    assert {file.event_id for file in files} <= {expected["answer_id"]}


def test_the_corpus_is_there() -> None:
    """The replays have something to replay: raven, the old store endpoint and the current SDK."""
    names = " ".join(path.name for path in REQUESTS)
    assert len(REQUESTS) >= 13
    assert [client for client in ("raven-6.10.0", "sentry-1.45.1", "sentry-2.75.0") if client not in names] == []


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_whole(path: Path) -> None:
    """A captured request is answered and kept as expected."""
    sent, appender = captured(path), MemoryAppender()
    check(sent, ask(door(appender), scope_of(sent), pieces(sent.body)), appender)


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_byte_by_byte(path: Path) -> None:
    """The same, when the body comes one byte at a time."""
    sent, appender = captured(path), MemoryAppender()
    check(sent, ask(door(appender), scope_of(sent), pieces(sent.body, range(1, len(sent.body)))), appender)


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_random_cuts(path: Path) -> None:
    """The same, when the body is cut at random places, some of them twice."""
    sent = captured(path)
    chance = random.Random(path.name)
    for _ in range(20):
        appender = MemoryAppender()
        cuts = [chance.randrange(len(sent.body) + 1) for _ in range(chance.randrange(1, 8))]
        check(sent, ask(door(appender), scope_of(sent), pieces(sent.body, cuts)), appender)


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_cut_short(path: Path) -> None:
    """A compressed body of which the end is missing is a 400, and nothing of it is kept."""
    sent, appender = captured(path), MemoryAppender()
    client = ask(door(appender), scope_of(sent), pieces(sent.body[: len(sent.body) * 2 // 3]))
    assert (client.status, appender.records) == (400, [])
    assert appender.dropped == {"malformed": 1}


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_client_gone(path: Path) -> None:
    """A client that goes in mid-body leaves nothing behind but a count."""
    sent, appender = captured(path), MemoryAppender()
    half = pieces(sent.body, [len(sent.body) // 2])[:1]
    client = ask(door(appender), scope_of(sent), half)
    assert (client.sent, appender.records, appender.dropped) == ([], [], {"client_gone": 1})
