"""Exact counters that outlive the events: per issue by hour, by tag value and by user.

In: the events of a batch with their issues. Out: rows added to the counters within the batch's transaction. The sums
are made in memory first, so that the cost grows with what differs, not with the number of events.
This stage's files import it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from kaput.model import HOUR, Event
from kaput.store.engine import look_up

LONGEST_VALUE = 200
OF_USER = "user."
"""What keys begin with that are no tags, but names of users."""
CONTEXT_TAGS = ("browser", "os", "runtime", "device")


_ADD_HOURS = (
    "INSERT INTO issue_hour (issue_id, hour, count) VALUES (?, ?, ?)"
    " ON CONFLICT (issue_id, hour) DO UPDATE SET count = count + excluded.count"
)
_ADD_TAGS = (
    "INSERT INTO issue_tag (issue_id, key, value, count) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (issue_id, key, value) DO UPDATE SET count = count + excluded.count"
)
_ADD_USERS = (
    "INSERT INTO issue_user (issue_id, user, count) VALUES (?, ?, ?)"
    " ON CONFLICT (issue_id, user) DO UPDATE SET count = count + excluded.count"
)
_KNOWN_USER = "SELECT 1 FROM issue_user WHERE issue_id = ? AND user = ?"


def write_hours(connection: Connection, events: Sequence[tuple[int, Event]]) -> None:
    """Adds the events, each with its issue, to the counts by hour."""
    counts = Counter((issue_id, int(event.timestamp // HOUR)) for issue_id, event in events)
    _add(connection, _ADD_HOURS, counts)


def write_tags(connection: Connection, events: Sequence[tuple[int, Event]]) -> None:
    """Adds the tag values of the events to the counts by issue."""
    counts = Counter(
        (issue_id, key, value)
        for issue_id, event in events
        for key, value in (tag_values(event) | _other_names(event)).items()
    )
    _add(connection, _ADD_TAGS, counts)


def write_users(connection: Connection, events: Sequence[tuple[int, Event]]) -> Counter[int]:
    """Adds the users of the events, and returns by issue how many had not been seen in it before."""
    counts = Counter((issue_id, user) for issue_id, event in events if (user := user_name(event)))
    known = look_up(connection, _KNOWN_USER, counts)
    _add(connection, _ADD_USERS, counts)
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
    named = _names(event)
    return ":".join(named[0])[:LONGEST_VALUE] if named else ""


def _other_names(event: Event) -> dict[str, str]:
    """Returns by `user.email` and so on what else names the user: a search finds him by each of his names."""
    named = _names(event)
    return {f"{OF_USER}{key}": value[:LONGEST_VALUE] for key, value in named[1:]}


def _names(event: Event) -> list[tuple[str, str]]:
    user = event.user
    if user is None:
        return []
    named = {"id": user.id, "email": user.email, "username": user.username, "ip": user.ip_address}
    return [(key, value) for key, value in named.items() if value]


def _add(connection: Connection, statement: str, counts: Mapping[Any, int]) -> None:
    if counts:
        connection.exec_driver_sql(statement, [(*key, count) for key, count in counts.items()])
