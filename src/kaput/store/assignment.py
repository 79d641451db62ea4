"""Which issue an event belongs to, and what the events of a batch change about their issues.

In: digested records within the batch's transaction. Out: issue ids, changes. `store/batches.py` imports it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects.sqlite import insert

from kaput.errors import NotFound
from kaput.model import Digested, Kind
from kaput.store import schema
from kaput.store.base import Status
from kaput.store.engine import CHUNK
from kaput.store.issues import write_activity

_issue = schema.issue.c
_hash = schema.issue_hash.c


_UPDATE = (
    update(schema.issue)
    .where(_issue.id == bindparam("issue"))
    .values(
        count=schema.issue.c["count"] + bindparam("n"),
        users=_issue.users + bindparam("new_users"),
        first_seen=func.min(_issue.first_seen, bindparam("first")),
        last_seen=func.max(_issue.last_seen, bindparam("last")),
        **{name: bindparam(name) for name in ("type", "value", "culprit", "level", "release", "environment")},
        grouped_by=bindparam("grouped_by"),
    )
)


class Assigned(Struct, frozen=True):
    """A digested record and its issue. `kind` says what it means for the issue, if anything."""

    digested: Digested
    issue_id: int
    kind: Kind | None


def assign(connection: Connection, digested: Sequence[Digested], now: float) -> list[Assigned]:
    """Finds the issue of each event by its first hash, and makes those that are new."""
    known = _known(connection, digested)
    resolved = _resolved(connection, set(known.values()))
    assigned = []
    for item in digested:
        key = (item.project_id, bytes.fromhex(item.grouping.hashes[0]))
        kind: Kind | None = None
        if key not in known:
            known[key] = _insert(connection, item, key[1], now)
            kind = Kind.NEW
        elif known[key] in resolved and item.event.received > resolved[known[key]]:
            del resolved[known[key]]
            _regress(connection, known[key], item, now)
            kind = Kind.REGRESSED
        assigned.append(Assigned(item, known[key], kind))
    return assigned


def update_issues(connection: Connection, assigned: Sequence[Assigned], new_users: Mapping[int, int]) -> None:
    """Adds the events to the counts of their issues; the newest event gives the words the issue is shown with."""
    rows: dict[int, dict[str, Any]] = {}
    for item in assigned:
        event, title = item.digested.event, item.digested.title
        row = rows.setdefault(item.issue_id, {"n": 0, "first": event.timestamp, "last": event.timestamp})
        row["n"] += 1
        row["first"] = min(row["first"], event.timestamp)
        row["last"] = max(row["last"], event.timestamp)
        row |= {
            "issue": item.issue_id,
            "new_users": new_users.get(item.issue_id, 0),
            "type": title.type,
            "value": title.value,
            "culprit": title.culprit,
            "level": event.level,
            "release": event.release,
            "environment": event.environment,
            "grouped_by": item.digested.grouping.reason,
        }
    if rows:
        connection.execute(_UPDATE, list(rows.values()))


def _known(connection: Connection, digested: Sequence[Digested]) -> dict[tuple[int, bytes], int]:
    hashes = list({bytes.fromhex(item.grouping.hashes[0]) for item in digested})
    known: dict[tuple[int, bytes], int] = {}
    for start in range(0, len(hashes), CHUNK):
        query = select(_hash.project_id, _hash.hash, _hash.issue_id).where(
            _hash.hash.in_(hashes[start : start + CHUNK])
        )
        for project_id, raw, issue_id in connection.execute(query):
            known[project_id, raw] = issue_id
    return known


def _resolved(connection: Connection, issue_ids: set[int]) -> dict[int, float]:
    """Returns by issue since when it is resolved, for those that are.

    An event that was accepted before a person resolved the issue does not reopen it, however late it is digested.
    """
    query = select(_issue.id, _issue.status_since).where(
        _issue.id.in_(issue_ids), _issue.status == Status.RESOLVED.value
    )
    return {row.id: row.status_since for row in connection.execute(query)}


def _insert(connection: Connection, item: Digested, raw_hash: bytes, now: float) -> int:
    number = connection.execute(
        update(schema.project)
        .where(schema.project.c.id == item.project_id)
        .values(last_number=schema.project.c.last_number + 1)
        .returning(schema.project.c.last_number)
    ).scalar()
    if number is None:
        raise NotFound(f"There is no project {item.project_id}.")
    event = item.event
    issue_id: int = connection.execute(
        insert(schema.issue)
        .values(
            project_id=item.project_id,
            number=number,
            type=item.title.type,
            value=item.title.value,
            culprit=item.title.culprit,
            status=Status.UNRESOLVED.value,
            status_since=now,
            regressed=False,
            level=event.level,
            platform=event.platform,
            release=event.release,
            environment=event.environment,
            grouped_by=item.grouping.reason,
            count=0,
            users=0,
            first_seen=event.timestamp,
            last_seen=event.timestamp,
        )
        .returning(_issue.id)
    ).scalar_one()
    connection.execute(
        insert(schema.issue_hash).values(
            project_id=item.project_id, hash=raw_hash, issue_id=issue_id, version=item.grouping.version
        )
    )
    return issue_id


def _regress(connection: Connection, issue_id: int, item: Digested, now: float) -> None:
    values = {"status": Status.UNRESOLVED.value, "status_since": now, "regressed": True}
    connection.execute(update(schema.issue).where(_issue.id == issue_id).values(values))
    write_activity(connection, [(issue_id, None, Kind.REGRESSED.value, item.event.release, now)])
