"""Events by the thousand, written past the worker: what retention looks at, with payloads of a size."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import zstandard

from kaput.model import Event

NOW = 1_800_000_000.0
DAY = 86400.0
PAYLOAD = zstandard.compress(msgspec.json.encode(Event(event_id="ab" * 16, timestamp=NOW, received=NOW)))
_ISSUE = (
    "INSERT INTO issue (id, project_id, number, type, value, culprit, status, status_since, regressed, level, platform,"
    ' "release", environment, grouped_by, count, users, kept, kept_bytes, first_seen, last_seen)'
    " VALUES (?, 1, ?, 'KeyError', '', '', 'unresolved', 0, 0, 'error', '', '', '', '', ?, 0, ?, ?, ?, ?)"
)
_EVENT = (
    "INSERT INTO event (event_id, project_id, issue_id, timestamp, received, level, release, environment, payload)"
    " VALUES (randomblob(16), 1, ?, ?, ?, 'error', '', '', ?)"
)


def fill(path: Path, issue_id: int, times: Iterable[float], payload: bytes = PAYLOAD) -> None:
    """Stores one issue with an event for each time of arrival, in this order."""
    times = list(times)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(_EVENT, [(issue_id, time, time, payload) for time in times])
        counts = (len(times), len(times), len(times) * len(payload))
        connection.execute(_ISSUE, (issue_id, issue_id, *counts, min(times), max(times)))


def every(seconds: float, count: int, end: float = NOW) -> Iterator[float]:
    """Yields times in equal steps, the last one at `end`."""
    return (end - seconds * (count - 1 - number) for number in range(count))


def ask(path: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """Returns what the database answers."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query, values).fetchall()
