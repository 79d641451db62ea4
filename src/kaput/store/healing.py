"""Issues that are resolved without a person, because what caused them is gone.

In: hashes within the batch's transaction. Out: resolved issues with a line in their activity. `store/batches.py` and
`store/monitors.py` import it.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from kaput.model import Healed
from kaput.store import schema
from kaput.store.activity import write_activity
from kaput.store.base import Status

_issue = schema.issue.c
_hash = schema.issue_hash.c


def write_healed(connection: Connection, healed: Sequence[Healed], now: float) -> None:
    """Resolves the issues of troubles that are over."""
    for one in healed:
        resolve(connection, one.project_id, one.hash, now)


def standing(connection: Connection, project_id: int, version: str) -> dict[str, Status]:
    """Returns by hash the state of the issues that one version of grouping made in a project."""
    query = (
        select(_hash.hash, _issue.status)
        .join_from(schema.issue_hash, schema.issue)
        .where(_hash.project_id == project_id, _hash.version == version)
    )
    return {row.hash.hex(): Status(row.status) for row in connection.execute(query)}


def resolve(connection: Connection, project_id: int, raw_hash: str, now: float) -> None:
    """Resolves the issue, unless somebody did so or muted it."""
    mine = select(_hash.issue_id).where(_hash.project_id == project_id, _hash.hash == bytes.fromhex(raw_hash))
    resolved = (
        update(schema.issue)
        .where(_issue.id.in_(mine), _issue.status == Status.UNRESOLVED.value)
        .values(status=Status.RESOLVED.value, status_since=now, regressed=False, regressed_in=None, resolution=None)
        .returning(_issue.id)
    )
    for issue_id in connection.execute(resolved).scalars().all():
        write_activity(connection, [(issue_id, None, Status.RESOLVED.value, "", now)])
