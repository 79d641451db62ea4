"""Which issue an event belongs to, and what the events of a batch change about their issues.

In: digested records within the batch's transaction. Out: issue ids, changes. This stage's files import it.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from kaput.errors import NotFound
from kaput.model import Digested, Kind
from kaput.store import schema
from kaput.store.base import Status
from kaput.store.comebacks import Comebacks
from kaput.store.engine import look_up, look_up_rows

_issue = schema.issue.c

_KNOWN = "SELECT issue_id, origin_id FROM issue_hash WHERE project_id = ? AND hash = ?"
_IGNORED = (
    "SELECT issue_id FROM issue_hash JOIN issue ON issue.id = issue_id"
    " WHERE issue_hash.project_id = ? AND hash = ? AND removed = 'ignored'"
)
_LEARN = (
    "INSERT INTO issue_hash (project_id, hash, issue_id, version, by_person) VALUES (?, ?, ?, ?, 1)"
    " ON CONFLICT DO NOTHING"
)
_LOOSE = (
    "SELECT id FROM issue WHERE project_id = ? AND loose = ? AND removed IS NULL"
    " ORDER BY last_seen DESC, id DESC LIMIT 1"
)
_NEXT_NUMBER = "UPDATE project SET last_number = last_number + 1 WHERE id = ? RETURNING last_number"
_INSERT_ISSUE = insert(schema.issue).returning(_issue.id)
_INSERT_HASH = "INSERT INTO issue_hash (project_id, hash, issue_id, version) VALUES (?, ?, ?, ?)"
_UPDATE = (
    "UPDATE issue SET count = count + ?, kept = kept + ?, kept_bytes = kept_bytes + ?, users = users + ?,"
    " first_seen = min(first_seen, ?), last_seen = max(last_seen, ?), type = ?, value = ?, culprit = ?, level = ?,"
    " release = ?, environment = ?, grouped_by = ? WHERE id = ?"
)


class Assigned(Struct, frozen=True):
    """A digested record and its issue.

    Attributes:
        kind: what it means for the issue, if anything.
        origin_id: the issue that was merged into this one and is counted too.
    """

    digested: Digested
    issue_id: int
    kind: Kind | None
    origin_id: int | None = None


def assign(connection: Connection, digested: Sequence[Digested], now: float) -> list[Assigned]:
    """Finds the issue of each event by its first hash, and makes those that are new; leaves out those to be ignored.

    A looser hash decides only about events that have no source line, and so nothing stricter. What a person ignores
    stays so when a rule of the project groups it otherwise, or does no more: the hash without rules is looked at too.
    """
    keys = {_key(item) for item in digested}
    found = look_up_rows(connection, _KNOWN, keys)
    known = {key: (row[0], row[1]) for key, row in found.items()}
    known |= _loosely_known(connection, [item for item in digested if _key(item) not in known])
    comebacks = Comebacks(connection, {issue_id for issue_id, _ in known.values()}, now)
    unruled = {_plain(item) for item in digested if item.grouping.plain}
    ignored = look_up(connection, _IGNORED, unruled)
    assigned = []
    for item in digested:
        key = _key(item)
        kind: Kind | None = None
        if item.grouping.plain and _plain(item) in ignored:
            continue
        if key not in known:
            known[key] = (insert_issue(connection, item, key[1], now), None)
            kind = Kind.NEW
        elif comebacks.ignores(known[key][0]):
            if item.grouping.plain:
                learn_plain(connection, [item], known[key][0])
            continue
        else:
            kind = comebacks.judge(known[key][0], item)
        assigned.append(Assigned(item, known[key][0], kind, known[key][1]))
    return assigned


def _loosely_known(
    connection: Connection, digested: Sequence[Digested]
) -> dict[tuple[int, bytes], tuple[int, int | None]]:
    """Gives events without source lines to the issue that groups loosely as they do, the newest of several.

    Their one hash is the loose one of events that have the lines. From now on it belongs to the issue.
    """
    versions = {_key(item): item.grouping.version for item in digested if len(item.grouping.hashes) == 1}
    found: dict[tuple[int, bytes], int] = look_up(connection, _LOOSE, versions)
    for key, issue_id in found.items():
        connection.exec_driver_sql(_INSERT_HASH, (*key, issue_id, versions[key]))
    return {key: (issue_id, None) for key, issue_id in found.items()}


def update_issues(
    connection: Connection, assigned: Sequence[Assigned], new_users: Mapping[int, int], sizes: Mapping[int, int]
) -> None:
    """Adds the events to the counts of their issues; the newest event gives the words the issue is shown with.

    Args:
        connection: of the batch's transaction.
        assigned: the events.
        new_users: by issue, how many users it had not seen before.
        sizes: by issue, the bytes of the payloads that were stored.
    """
    by_issue: dict[int, list[Digested]] = {}
    merged: dict[int, list[Digested]] = {}
    for item in assigned:
        by_issue.setdefault(item.issue_id, []).append(item.digested)
        if item.origin_id is not None:
            merged.setdefault(item.origin_id, []).append(item.digested)
    if by_issue:
        rows = [
            _growth(issue_id, items, len(items), sizes[issue_id], new_users.get(issue_id, 0))
            for issue_id, items in by_issue.items()
        ]
        rows += [_growth(issue_id, items, 0, 0, new_users.get(issue_id, 0)) for issue_id, items in merged.items()]
        connection.exec_driver_sql(_UPDATE, rows)


def _growth(issue_id: int, items: Sequence[Digested], kept: int, size: int, new_users: int) -> tuple[object, ...]:
    """Returns the values of `_UPDATE` for the events of one issue."""
    times = [item.event.timestamp for item in items]
    event, title, grouping = items[-1].event, items[-1].title, items[-1].grouping
    words = (title.type, title.value, title.culprit, event.level, event.release, event.environment, grouping.reason)
    return (len(items), kept, size, new_users, min(times), max(times), *words, issue_id)


def _key(item: Digested) -> tuple[int, bytes]:
    """Returns what is unique in `issue_hash`."""
    return item.project_id, bytes.fromhex(item.grouping.hashes[0])


def _plain(item: Digested) -> tuple[int, bytes]:
    """Returns the same for the hash that it has without the rules of its project."""
    return item.project_id, bytes.fromhex(item.grouping.plain or item.grouping.hashes[0])


def learn_plain(connection: Connection, items: Iterable[Digested], issue_id: int) -> None:
    """Has an ignored issue keep the hashes that its events would have without rules, unless they lead elsewhere."""
    for (project_id, raw), version in {_plain(item): item.grouping.version for item in items}.items():
        connection.exec_driver_sql(_LEARN, (project_id, raw, issue_id, version))


def insert_issue(connection: Connection, item: Digested, raw_hash: bytes, now: float) -> int:
    """Makes an issue for an event, with nothing counted yet, and returns its id."""
    number = connection.exec_driver_sql(_NEXT_NUMBER, (item.project_id,)).scalar()
    if number is None:
        raise NotFound(f"There is no project {item.project_id}.")
    event = item.event
    values = {
        "project_id": item.project_id,
        "number": number,
        "type": item.title.type,
        "value": item.title.value,
        "culprit": item.title.culprit,
        "status": Status.UNRESOLVED.value,
        "status_since": now,
        "regressed": False,
        "level": event.level,
        "platform": event.platform,
        "release": event.release,
        "environment": event.environment,
        "grouped_by": item.grouping.reason,
        "count": 0,
        "users": 0,
        "kept": 0,
        "kept_bytes": 0,
        "first_seen": event.timestamp,
        "last_seen": event.timestamp,
        "loose": bytes.fromhex(item.grouping.hashes[-1]),
        "target": item.grouping.target or None,
    }
    issue_id: int = connection.execute(_INSERT_ISSUE, values).scalar_one()
    connection.exec_driver_sql(_INSERT_HASH, (item.project_id, raw_hash, issue_id, item.grouping.version))
    return issue_id
