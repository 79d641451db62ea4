import json
from typing import Any

import pytest

from kaput.accept import sessions as accepted
from kaput.digest.record import read
from kaput.errors import Undigestible
from kaput.model import SESSIONS, Health, Record, SessionCounts, Sessions, SessionUpdate

NOW = 1_795_000_000.5
HOUR = int(NOW // 3600)


def digested(kind: str, release: str = "2.4.1", environment: str = "production", **fields: Any) -> Sessions:
    """Takes an item in as accept does, and digests the record."""
    item = {"started": NOW, "attrs": {"release": release, "environment": environment}, **fields}
    body, _ = accepted.of_item(kind, json.dumps(item).encode(), NOW)
    made = read(Record(7, "cd" * 16, NOW, body, kind=SESSIONS))
    assert isinstance(made, Sessions)
    return made


def test_what_accept_wrote_is_read() -> None:
    """Counts and updates arrive as they were, with project and time of the record."""
    aggregates = [{"started": NOW, "exited": 8, "crashed": 2}]
    assert digested("sessions", aggregates=aggregates) == Sessions(
        "2.4.1",
        "production",
        hours={HOUR: SessionCounts(10, 0, 0, 0, 2)},
        project_id=7,
        received=NOW,
    )
    update = digested("session", sid="ab" * 16, status="crashed").updates
    assert update == [SessionUpdate("ab" * 16, HOUR, begun=False, health=Health.CRASHED)]


def test_names_are_those_of_events() -> None:
    """Release and environment are cut and cleaned as an event's are, so that they are the same release."""
    event = read(
        Record(7, "ef" * 16, NOW, json.dumps({"release": " r\x00" + "x" * 300, "environment": "e" * 70}).encode())
    )
    told = digested("session", " r\x00" + "x" * 300, "e" * 70, init=True)
    assert (told.release, told.environment) == (event.event.release, event.event.environment)  # type: ignore[union-attr]


def test_what_is_no_object_is_refused() -> None:
    """A body that accept never wrote raises what the worker knows."""
    with pytest.raises(Undigestible):
        read(Record(7, "cd" * 16, NOW, b"[]", kind=SESSIONS))
