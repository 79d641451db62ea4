"""Exact counters that outlive the events: per issue by hour, by tag value and by user.

In: the events of a batch with their issues. Out: rows added to the counters within the batch's transaction. The sums
are made in memory first, so that the cost grows with what differs, not with the number of events.
`store/batches.py` imports it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select, tuple_
from sqlalchemy.dialects.sqlite import insert

from kaput.model import HOUR, Event
from kaput.store import schema
from kaput.store.engine import CHUNK

LONGEST_VALUE = 200
CONTEXT_TAGS = ("browser", "os", "runtime", "device")


def write_hours(connection: Connection, events: Sequence[tuple[int, Event]]) -> None:
    """Adds the events, each with its issue, to the counts by hour."""
    counts = Counter((issue_id, int(event.timestamp // HOUR)) for issue_id, event in events)
    _add(connection, schema.issue_hour, ("issue_id", "hour"), counts)


def write_tags(connection: Connection, events: Sequence[tuple[int, Event]]) -> None:
    """Adds the tag values of the events to the counts by issue."""
    counts = Counter((issue_id, key, value) for issue_id, event in events for key, value in tag_values(event).items())
    _add(connection, schema.issue_tag, ("issue_id", "key", "value"), counts)


def write_users(connection: Connection, events: Sequence[tuple[int, Event]]) -> Counter[int]:
    """Adds the users of the events, and returns by issue how many had not been seen in it before."""
    counts = Counter((issue_id, user) for issue_id, event in events if (user := user_name(event)))
    known = _known_users(connection, list(counts))
    _add(connection, schema.issue_user, ("issue_id", "user"), counts)
    return Counter(issue_id for issue_id, user in counts if (issue_id, user) not in known)


def tag_values(event: Event) -> dict[str, str]:
    """Returns the tags of an event, those that its fields stand for first: level, environment, browser and so on."""
    derived = {
        "level": event.level,
        "environment": event.environment,
        "release": event.release,
        "server_name": event.server_name,
        "transaction": event.transaction,
        "logger": event.logger,
    }
    for name in CONTEXT_TAGS:
        context = event.contexts.get(name)
        if isinstance(context, dict) and isinstance(context.get("name"), str):
            derived[name] = context["name"]
    return {key: value[:LONGEST_VALUE] for key, value in (derived | event.tags).items() if value}


def user_name(event: Event) -> str:
    """Returns what tells the user from others (id, else mail address, name, IP address), or an empty text."""
    user = event.user
    if user is None:
        return ""
    named = {"id": user.id, "email": user.email, "username": user.username, "ip": user.ip_address}
    return next((f"{key}:{value}"[:LONGEST_VALUE] for key, value in named.items() if value), "")


def _known_users(connection: Connection, pairs: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    table = schema.issue_user.c
    known: set[tuple[int, str]] = set()
    for start in range(0, len(pairs), CHUNK):
        wanted = tuple_(table.issue_id, table.user).in_(pairs[start : start + CHUNK])
        rows = connection.execute(select(table.issue_id, table.user).where(wanted))
        known |= {(row.issue_id, row.user) for row in rows}
    return known


def _add(connection: Connection, table: Table, names: tuple[str, ...], counts: Mapping[Any, int]) -> None:
    if not counts:
        return
    statement = insert(table)
    grown = table.c.count + statement.excluded.count
    rows = [dict(zip(names, key, strict=True)) | {"count": count} for key, count in counts.items()]
    connection.execute(statement.on_conflict_do_update(set_={"count": grown}), rows)
