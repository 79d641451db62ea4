"""Jobs that run by the clock, their runs, and the end of their issues.

In: what the worker's batches say of them; questions of the watch and of the page. Out: monitors with runs. Handed out
as `store.base.Monitors`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert

from kaput.errors import NotFound
from kaput.model import CheckIn, Clock, Monitor, MonitorConfig, Run, RunStatus, Watched
from kaput.store import schema
from kaput.store.base import MonitorRow
from kaput.store.engine import CHUNK, Database
from kaput.store.healing import resolve

KEPT = 100
"""Runs that are kept of each monitor."""

_monitor = schema.monitor.c
_run = schema.check_in.c
_issue = schema.issue.c
_hash = schema.issue_hash.c
_project = schema.project.c

_NUMBER = (
    select(_issue.number)
    .join_from(schema.issue_hash, schema.issue, _hash.issue_id == _issue.id)
    .where(_hash.project_id == _monitor.project_id, _hash.hash == _monitor.hash)
    .scalar_subquery()
    .label("number")
)


Key = tuple[int, str, str]
"""Project, name of the job, and environment."""


class SqlMonitors:
    """Implements `kaput.store.base.Monitors`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def concerned(self, check_ins: Sequence[CheckIn]) -> list[tuple[Monitor, list[Run]]]:
        """See `kaput.store.base.Monitors.concerned`."""
        ids: dict[Key, set[bytes]] = {}
        for one in check_ins:
            key = (one.project_id, one.slug, one.environment)
            ids.setdefault(key, set()).add(bytes.fromhex(one.run_id or one.new_id))
        keys = list(ids)
        with self._database.read() as connection:
            found: list[tuple[Monitor, list[Run]]] = []
            for start in range(0, len(keys), CHUNK // 3):
                named = tuple_(_monitor.project_id, _monitor.slug, _monitor.environment)
                found += _with_runs(connection, named.in_(keys[start : start + CHUNK // 3]), None, ids)
            return found

    def due(self, now: float, limit: int) -> list[tuple[Monitor, list[Run]]]:
        """See `kaput.store.base.Monitors.due`."""
        with self._database.read() as connection:
            return _with_runs(connection, _monitor.due <= now, limit, {})

    def counts(self) -> dict[int, int]:
        """See `kaput.store.base.Monitors.counts`."""
        query = select(_monitor.project_id, func.count()).group_by(_monitor.project_id)
        with self._database.read() as connection:
            return {project_id: count for project_id, count in connection.execute(query)}  # noqa: C416  # typed

    def all(self, project_id: int | None, runs: int) -> list[MonitorRow]:
        """See `kaput.store.base.Monitors.all`."""
        wanted = ~_project.internal if project_id is None else _monitor.project_id == project_id
        with self._database.read() as connection:
            return _rows(connection, wanted, runs)

    def get(self, project_id: int, monitor_id: int, runs: int) -> MonitorRow:
        """See `kaput.store.base.Monitors.get`."""
        with self._database.read() as connection:
            found = _rows(connection, and_(_monitor.id == monitor_id, _monitor.project_id == project_id), runs)
        if not found:
            raise NotFound(f"There is no monitor {monitor_id}.")
        return found[0]

    def set_paused(self, monitor_id: int, *, paused: bool) -> None:
        """See `kaput.store.base.Monitors.set_paused`."""
        values = {"paused": paused, "expected": None, "due": self._clock()}
        with self._database.write() as connection:
            statement = update(schema.monitor).where(_monitor.id == monitor_id, _monitor.paused.is_not(paused))
            connection.execute(statement.values(values))

    def delete(self, monitor_id: int) -> None:
        """See `kaput.store.base.Monitors.delete`."""
        with self._database.write() as connection:
            connection.execute(delete(schema.check_in).where(_run.monitor_id == monitor_id))
            connection.execute(delete(schema.monitor).where(_monitor.id == monitor_id))


def write_watched(connection: Connection, watched: Sequence[Watched], now: float) -> None:
    """Stores monitors with their runs, and resolves the issues of those that recovered.

    Args:
        connection: of the batch's transaction; its events are written already.
        watched: of the batch, each monitor once.
        now: since when an issue is resolved.
    """
    for one in watched:
        monitor_id = _write_monitor(connection, one.monitor)
        if monitor_id is None:  # somebody deleted it meanwhile
            continue
        if one.runs:
            _write_runs(connection, monitor_id, one.runs)
        if one.recovered:
            resolve(connection, one.monitor.project_id, one.monitor.hash, now)


def _write_monitor(connection: Connection, monitor: Monitor) -> int | None:
    """Writes all but whether it is paused, which people decide."""
    values = {
        "config": msgspec.json.encode(monitor.config).decode(),
        "schedule": monitor.schedule,
        "problem": monitor.problem,
        "status": monitor.status or "",
        **{
            name: getattr(monitor, name)
            for name in ("failing", "failures", "successes", "last_run", "last_duration", "expected", "due")
        },
    }
    if monitor.id:
        changed = update(schema.monitor).where(_monitor.id == monitor.id).values(values)
        return connection.execute(changed.returning(_monitor.id)).scalar()
    fixed = {
        "project_id": monitor.project_id,
        "slug": monitor.slug,
        "environment": monitor.environment,
        "hash": bytes.fromhex(monitor.hash),
        "paused": False,
        "created": monitor.created,
    }
    return connection.execute(insert(schema.monitor).values({**fixed, **values}).returning(_monitor.id)).scalar()


def _write_runs(connection: Connection, monitor_id: int, runs: Iterable[Run]) -> None:
    statement = insert(schema.check_in)
    names = ("status", "started", "ended", "duration", "release", "trace_id")
    written = statement.on_conflict_do_update(set_={name: statement.excluded[name] for name in names})
    connection.execute(
        written,
        [
            {"monitor_id": monitor_id, "run_id": bytes.fromhex(run.run_id)}
            | {name: getattr(run, name) for name in names}
            for run in runs
        ],
    )
    mine = _run.monitor_id == monitor_id
    oldest = select(_run.id).where(mine).order_by(_run.id.desc()).limit(1).offset(KEPT).scalar_subquery()
    connection.execute(delete(schema.check_in).where(mine, _run.id <= oldest))


def _with_runs(
    connection: Connection, wanted: ColumnElement[bool], limit: int | None, run_ids: Mapping[Key, set[bytes]]
) -> list[tuple[Monitor, list[Run]]]:
    rows = connection.execute(select(schema.monitor).where(wanted).order_by(_monitor.due).limit(limit)).all()
    keys = [(row.project_id, row.slug, row.environment) for row in rows]
    return [
        (_read(row), _runs(connection, row.id, run_ids.get(key, set()))) for row, key in zip(rows, keys, strict=True)
    ]


def _runs(connection: Connection, monitor_id: int, run_ids: set[bytes]) -> list[Run]:
    """Returns the runs that matter for what comes next; all that are kept of one monitor are few."""
    mine = _run.monitor_id == monitor_id
    newest = select(func.max(_run.id)).where(mine).scalar_subquery()
    matter = or_(_run.status == RunStatus.IN_PROGRESS.value, _run.id == newest, _run.run_id.in_(run_ids))
    return [_read_run(row) for row in connection.execute(select(schema.check_in).where(mine, matter))]


def _rows(connection: Connection, wanted: ColumnElement[bool], runs: int) -> list[MonitorRow]:
    query = (
        select(schema.monitor, _project.slug.label("project"), _NUMBER)
        .join_from(schema.monitor, schema.project)
        .where(wanted)
        .order_by(_project.slug, _monitor.slug, _monitor.environment)
    )
    found = connection.execute(query).all()
    return [_row(row, _newest(connection, row.id, runs)) for row in found]


def _newest(connection: Connection, monitor_id: int, limit: int) -> list[Run]:
    query = select(schema.check_in).where(_run.monitor_id == monitor_id).order_by(_run.id.desc()).limit(limit)
    return [_read_run(row) for row in connection.execute(query)]


def _row(row: Row[Any], runs: list[Run]) -> MonitorRow:
    short_id = f"{row.project.upper()}-{row.number}" if row.number else ""
    return MonitorRow(_read(row), row.project, short_id, runs)


def _read(row: Row[Any]) -> Monitor:
    same = (
        *("project_id", "slug", "environment", "created", "id", "schedule", "problem", "paused", "failing"),
        *("failures", "successes", "last_run", "last_duration", "expected", "due"),
    )
    return Monitor(
        hash=row.hash.hex(),
        config=msgspec.json.decode(row.config, type=MonitorConfig),
        status=RunStatus(row.status) if row.status else None,
        **{name: getattr(row, name) for name in same},
    )


def _read_run(row: Row[Any]) -> Run:
    return Run(row.run_id.hex(), RunStatus(row.status), row.started, row.ended, row.duration, row.release, row.trace_id)
