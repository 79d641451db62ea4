"""Small facts about this installation, and the sums over everything.

In: names, drops. Out: texts, `Tallies`. Handed out as `store.base.Facts`.
"""

from collections.abc import Sequence

from sqlalchemy import Column, ColumnElement, Connection, case, func, select
from sqlalchemy.dialects.sqlite import insert

from kaput.model import HOUR, Drop, Position
from kaput.store import schema
from kaput.store.base import Tallies
from kaput.store.engine import Database

DEAD_REASON = "dead"
NOTICE_STATES = {"pending": "pending", "held": "pending", "sent": "sent", "failed": "failed", "unwanted": "unwanted"}


class SqlFacts:
    """Implements `kaput.store.base.Facts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> str:
        """See `kaput.store.base.Facts.get`."""
        with self._database.read() as connection:
            query = select(schema.fact.c.value).where(schema.fact.c.name == name)
            return connection.execute(query).scalar() or ""

    def set(self, name: str, value: str) -> None:
        """See `kaput.store.base.Facts.set`."""
        statement = insert(schema.fact).values(name=name, value=value)
        with self._database.write() as connection:
            connection.execute(statement.on_conflict_do_update(set_={"value": value}))

    def tallies(self, project_id: int | None = None) -> Tallies:
        """See `kaput.store.base.Facts.tallies`."""
        with self._database.read() as connection:
            projects = _projects(connection, project_id)
            count, kept = _events(connection, projects)
            return Tallies(
                digested=_digested(connection, project_id, projects),
                dead=_dead(connection, project_id),
                dropped=_dropped(connection, project_id, since_hour=0),
                issues=_issues(connection, projects),
                events=kept,
                thinned=count - kept,
                sessions=_sessions(connection, projects),
                notices=_notices(connection, projects),
                positions=[Position(row.segment, row.offset) for row in connection.execute(select(schema.position))],
            )

    def drops_since(self, since: float, project_id: int | None = None) -> dict[str, int]:
        """See `kaput.store.base.Facts.drops_since`."""
        with self._database.read() as connection:
            return _dropped(connection, project_id, since_hour=int(since // HOUR))


def write_drops(connection: Connection, drops: Sequence[Drop]) -> None:
    """Adds drops to the counts by hour, project and reason."""
    if not drops:
        return
    statement = insert(schema.dropped)
    grown = schema.dropped.c.count + statement.excluded.count
    connection.execute(
        statement.on_conflict_do_update(set_={"count": grown}),
        [
            {"hour": int(d.time // HOUR), "project_id": d.project_id, "reason": d.reason, "count": d.count}
            for d in drops
        ],
    )


def _projects(connection: Connection, project_id: int | None) -> list[int]:
    if project_id is not None:
        return [project_id]
    return list(connection.execute(select(schema.project.c.id).where(~schema.project.c.internal)).scalars())


def _belongs(column: Column[int], project_id: int | None) -> ColumnElement[bool]:
    """Returns the condition for what may name no project that exists: it belongs to the whole, not to any of them."""
    if project_id is not None:
        return column == project_id
    return column.not_in(select(schema.project.c.id).where(schema.project.c.internal))


def _digested(connection: Connection, project_id: int | None, projects: list[int]) -> int:
    table, dropped = schema.project.c, schema.dropped.c
    query = select(func.coalesce(func.sum(table.digested), 0)).where(table.id.in_(projects))
    digested: int = connection.execute(query).scalar_one()
    if project_id is not None:
        return digested
    # A dead record of no known project that was given up is counted nowhere else.
    nowhere = dropped.project_id.not_in(select(table.id))
    given_up = select(func.coalesce(func.sum(dropped["count"]), 0)).where(dropped.reason == DEAD_REASON, nowhere)
    return digested + int(connection.execute(given_up).scalar_one())


def _events(connection: Connection, projects: list[int]) -> tuple[int, int]:
    """Returns how many events were stored and how many of them still are, from the issues: an event counts itself."""
    table = schema.issue.c
    # A merged issue is counted with the one that it was merged into.
    own = case((table.merged_into.is_(None), table["count"]), else_=0)
    sums = [func.coalesce(func.sum(column), 0) for column in (own, table.kept)]
    count, kept = connection.execute(select(*sums).where(table.project_id.in_(projects))).one()
    return count, kept


def _sessions(connection: Connection, projects: list[int]) -> int:
    table = schema.project.c
    query = select(func.coalesce(func.sum(table.sessions), 0)).where(table.id.in_(projects))
    sessions: int = connection.execute(query).scalar_one()
    return sessions


def _issues(connection: Connection, projects: list[int]) -> int:
    table = schema.issue.c
    shown = (table.project_id.in_(projects), table.removed.is_(None))
    return connection.execute(select(func.count()).where(*shown)).scalar_one()


def _dead(connection: Connection, project_id: int | None) -> int:
    return connection.execute(select(func.count()).where(_belongs(schema.dead.c.project_id, project_id))).scalar_one()


def _dropped(connection: Connection, project_id: int | None, *, since_hour: int) -> dict[str, int]:
    table = schema.dropped.c
    query = (
        select(table.reason, func.sum(table.count))
        .where(_belongs(table.project_id, project_id), table.hour >= since_hour)
        .group_by(table.reason)
        .order_by(table.reason)
    )
    return {row.reason: row[1] for row in connection.execute(query)}


def _notices(connection: Connection, projects: list[int]) -> dict[str, int]:
    table, gone = schema.notice.c, schema.notice_gone.c
    here = select(table.state, func.count()).where(table.project_id.in_(projects)).group_by(table.state)
    deleted = select(gone.state, gone["count"]).where(gone.project_id.in_(projects))
    counts = {"sent": 0, "pending": 0, "failed": 0}
    for state, count in [*connection.execute(here), *connection.execute(deleted)]:
        name = NOTICE_STATES[state]
        counts[name] = counts.get(name, 0) + count
    return counts
