"""Releases and environments by name: what the events of a batch, and the sessions, say that they came from.

In: events and sessions of the worker's batches; questions of the page. Out: rows of releases, the ids that counters
stand under, and these counters. Handed out as `store.base.Releases`; `store/batches.py` and `store/sessions.py` import
what writes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Row, Table, func, select
from sqlalchemy.dialects.sqlite import insert

from kaput.errors import NotFound
from kaput.model import Kind, SessionCounts
from kaput.store import schema
from kaput.store.assignment import Assigned
from kaput.store.base import ReleaseRow
from kaput.store.engine import Database, look_up

MOST_RELEASES = 10_000
"""Releases of one project: some years of ten a day. What comes under more of them is counted nowhere."""
MOST_ENVIRONMENTS = 100

_release = schema.release.c
_environment = schema.environment.c
_hour = schema.session_hour.c
_SUMS = [func.sum(_hour[name]) for name in SessionCounts.__struct_fields__]

Name = tuple[int, str]
"""A project and the name of its release or environment."""

# What each batch asks is written out, as in `batches.py`.
_GROWN = (
    "UPDATE release SET events = events + ?, new_issues = new_issues + ?, last_seen = max(last_seen, ?) WHERE id = ?"
)
_RELEASE = "SELECT id FROM release WHERE project_id = ? AND version = ?"
_ENVIRONMENT = "SELECT id FROM environment WHERE project_id = ? AND name = ?"


class Seen(Struct, frozen=True):
    """When a release was seen first and last in a batch."""

    first: float
    last: float


class SqlReleases:
    """Implements `kaput.store.base.Releases`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_project(self, project_id: int, limit: int, before: int | None = None) -> list[ReleaseRow]:
        """See `kaput.store.base.Releases.of_project`."""
        query = select(schema.release).where(_release.project_id == project_id)
        if before is not None:
            query = query.where(_release.id < before)
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query.order_by(_release.id.desc()).limit(limit))]

    def get(self, project_id: int, version: str) -> ReleaseRow:
        """See `kaput.store.base.Releases.get`."""
        query = select(schema.release).where(_release.project_id == project_id, _release.version == version)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(f"There is no release {version[:200]!r} in this project; it may have been removed by age.")
        return _row(row)

    def environments(self, project_id: int) -> list[str]:
        """See `kaput.store.base.Releases.environments`."""
        query = select(_environment.name).where(_environment.project_id == project_id).order_by(_environment.name)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def sums(self, project_id: int, first: int, environment: str | None = None) -> dict[int, SessionCounts]:
        """See `kaput.store.base.Releases.sums`."""
        wanted = (_hour.project_id == project_id, _hour.hour >= first, *_within(project_id, environment))
        query = select(_hour.release_id, *_SUMS).where(*wanted).group_by(_hour.release_id)
        with self._database.read() as connection:
            return {row[0]: SessionCounts(*row[1:]) for row in connection.execute(query)}

    def by_environment(self, release: ReleaseRow, first: int) -> dict[str, SessionCounts]:
        """See `kaput.store.base.Releases.by_environment`."""
        query = (
            select(_environment.name, *_SUMS)
            .join_from(schema.session_hour, schema.environment)
            .where(_hour.project_id == release.project_id, _hour.hour >= first, _hour.release_id == release.id)
            .group_by(_environment.name)
            .order_by(_environment.name)
        )
        with self._database.read() as connection:
            return {row[0]: SessionCounts(*row[1:]) for row in connection.execute(query)}

    def hours(
        self, project_id: int, release_ids: Sequence[int], first: int, hours: int, environment: str | None = None
    ) -> Mapping[int, list[SessionCounts]]:
        """See `kaput.store.base.Releases.hours`."""
        counts = {release_id: [SessionCounts()] * hours for release_id in release_ids}
        query = (
            select(_hour.release_id, _hour.hour, *_SUMS)
            .where(_hour.project_id == project_id, _hour.hour >= first, _hour.hour < first + hours)
            .where(_hour.release_id.in_(release_ids), *_within(project_id, environment))
            .group_by(_hour.release_id, _hour.hour)
        )
        with self._database.read() as connection:
            for row in connection.execute(query):
                counts[row[0]][row[1] - first] = SessionCounts(*row[2:])
        return counts


def write_releases(connection: Connection, assigned: Sequence[Assigned]) -> None:
    """Counts the events of a batch, and the issues that are new with them, under their releases."""
    events: Counter[Name] = Counter()
    new: Counter[Name] = Counter()
    seen: dict[Name, Seen] = {}
    for item in assigned:
        event = item.digested.event
        if event.release:
            name = (item.digested.project_id, event.release)
            events[name] += 1
            new[name] += item.kind is Kind.NEW
            note(seen, name, event.received)
    ids = release_ids(connection, seen)
    rows = [(events[name], new[name], seen[name].last, ids[name]) for name in events if name in ids]
    if rows:
        connection.exec_driver_sql(_GROWN, rows)


def note(seen: dict[Name, Seen], name: Name, time: float) -> None:
    """Adds a moment at which a release was seen."""
    before = seen.get(name, Seen(time, time))
    seen[name] = Seen(min(before.first, time), max(before.last, time))


def release_ids(connection: Connection, seen: Mapping[Name, Seen]) -> dict[Name, int]:
    """Returns the ids of releases, new ones too; those that a project has no room for are missing."""
    known: dict[Name, int] = look_up(connection, _RELEASE, seen)
    for name in _with_room(connection, schema.release, [name for name in seen if name not in known], MOST_RELEASES):
        times = {"first_seen": seen[name].first, "last_seen": seen[name].last}
        row = {"project_id": name[0], "version": name[1], "events": 0, "new_issues": 0, **times}
        known[name] = connection.execute(insert(schema.release).values(row).returning(_release.id)).scalar_one()
    return known


def environment_ids(connection: Connection, names: Iterable[Name]) -> dict[Name, int]:
    """Returns the ids of environments, new ones too; those that a project has no room for are missing."""
    wanted = list(names)
    known: dict[Name, int] = look_up(connection, _ENVIRONMENT, wanted)
    table, new = schema.environment, [name for name in wanted if name not in known]
    for name in _with_room(connection, table, new, MOST_ENVIRONMENTS):
        row = {"project_id": name[0], "name": name[1]}
        known[name] = connection.execute(insert(table).values(row).returning(table.c.id)).scalar_one()
    return known


def touch(connection: Connection, ids: Mapping[Name, int], seen: Mapping[Name, Seen]) -> None:
    """Notes when releases were seen last."""
    rows = [(0, 0, seen[name].last, ids[name]) for name in seen if name in ids]
    if rows:
        connection.exec_driver_sql(_GROWN, rows)


def _with_room(connection: Connection, table: Table, new: Sequence[Name], most: int) -> Iterator[Name]:
    """Yields those of the new names that their projects have room for."""
    room: dict[int, int] = {}
    for name in new:
        if name[0] not in room:
            query = select(func.count()).where(table.c.project_id == name[0])
            room[name[0]] = most - connection.execute(query).scalar_one()
        if room[name[0]] > 0:
            room[name[0]] -= 1
            yield name


def _within(project_id: int, environment: str | None) -> list[ColumnElement[bool]]:
    if environment is None:
        return []
    named = select(_environment.id).where(_environment.project_id == project_id, _environment.name == environment)
    return [_hour.environment_id == named.scalar_subquery()]


def _row(row: Row[Any]) -> ReleaseRow:
    return ReleaseRow(row.id, row.project_id, row.version, row.first_seen, row.events, row.new_issues)
