"""Stored events that are grouped again, after the rules of a project or the grouping itself changed.

In: a function that groups an event as it would be today. Out: events in other issues, with their exact counts. Handed
out as `store.base.Regroupings`.

Events are looked at in the order in which they came, `STEP` at a time; the place is in the database, so that a restart
goes on. A hash that is not known stays with the issue when it is the first one found there, and makes a new issue else.
An event whose hash leads to another issue moves there; an issue that is empty then is merged into the last one, with
the counts of what was thinned out. What a person merged, split or ignored stays as the person put it: such an issue
keeps its events, and takes their new hashes for its own; an ignored one learns those that they have without rules.
"""

import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from kaput.model import HOUR, Clock, Digested, Event, Regroup
from kaput.store import schema
from kaput.store.assignment import insert_issue, learn_plain
from kaput.store.base import Progress, Removal, Swept
from kaput.store.counters import tag_values, user_name
from kaput.store.engine import Database
from kaput.store.merges import merge_into
from kaput.store.payload import Payloads

STEP = 50

_issue = schema.issue.c
_event = schema.event.c
_hash = schema.issue_hash.c
_regroup = schema.regroup.c

_BY_PERSON = "SELECT 1 FROM issue_hash WHERE issue_id = ? AND by_person LIMIT 1"
_CLAIMED = "SELECT 1 FROM issue_hash WHERE issue_id = ? AND grouped = ? LIMIT 1"
_KNOWN = "SELECT issue_id, origin_id, by_person FROM issue_hash WHERE project_id = ? AND hash = ?"
_GROUPED = "UPDATE issue_hash SET grouped = ? WHERE project_id = ? AND hash = ?"
_TAKE = "UPDATE issue_hash SET issue_id = ?, by_person = 1, grouped = ? WHERE project_id = ? AND hash = ?"
_ADD = (
    "INSERT INTO issue_hash (project_id, hash, issue_id, version, origin_id, by_person, grouped)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_FORGET = "DELETE FROM issue_hash WHERE issue_id = ? AND origin_id = ? AND by_person IS NULL"
_MOVE = "UPDATE event SET issue_id = ?, origin_id = ? WHERE id = ? RETURNING length(payload)"
_HOUR = (
    "INSERT INTO issue_hour (issue_id, hour, count) VALUES (?, ?, ?)"
    " ON CONFLICT DO UPDATE SET count = count + excluded.count"
)
_TAG = (
    "INSERT INTO issue_tag (issue_id, key, value, count) VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET count = count + excluded.count"
)
_USER = (
    "INSERT INTO issue_user (issue_id, user, count) VALUES (?, ?, ?)"
    " ON CONFLICT DO UPDATE SET count = count + excluded.count RETURNING count"
)
_NO_HOURS = "DELETE FROM issue_hour WHERE issue_id = ? AND hour = ? AND count <= 0"
_NO_TAGS = "DELETE FROM issue_tag WHERE issue_id = ? AND count <= 0"
_NO_USERS = "DELETE FROM issue_user WHERE issue_id = ? AND user = ? AND count <= 0"
_COUNT = (
    "UPDATE issue SET count = count + ?, kept = kept + ?, kept_bytes = kept_bytes + ?, users = users + ?,"
    " first_seen = min(first_seen, ?), last_seen = max(last_seen, ?) WHERE id = ?"
)


class _Item(Struct, frozen=True):
    """One stored event, and how it is grouped today."""

    row: int
    issue_id: int
    origin_id: int | None
    digested: Digested

    @property
    def key(self) -> tuple[int, bytes]:
        return self.digested.project_id, bytes.fromhex(self.digested.grouping.hashes[0])


class SqlRegroupings:
    """Implements `kaput.store.base.Regroupings`."""

    def __init__(
        self, database: Database, payloads: Payloads, clock: Clock, timer: Callable[[], float] = time.perf_counter
    ) -> None:
        self._database = database
        self._payloads = payloads
        self._clock = clock
        self._timer = timer

    def start(self, project_id: int) -> None:
        """See `kaput.store.base.Regroupings.start`."""
        with self._database.write() as connection:
            begin_regrouping(connection, project_id, self._clock())

    def progress(self, project_id: int) -> Progress | None:
        """See `kaput.store.base.Regroupings.progress`."""
        query = select(_regroup.done, _regroup.total).where(_regroup.project_id == project_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Progress(min(row.done, row.total), row.total)

    def step(self, regroup: Regroup) -> Swept:
        """See `kaput.store.base.Regroupings.step`."""
        with self._database.read() as connection:
            job = connection.execute(select(schema.regroup).limit(1)).one_or_none()
            if job is None:
                return Swept()
            found = self._next(connection, job)
        items = [_Item(row.id, row.issue_id, row.origin_id, regroup(job.project_id, event)) for row, event in found]
        now = self._clock()
        with self._database.write(synced=False) as connection:
            began = self._timer()
            same = (_regroup.project_id == job.project_id, _regroup.time == job.time)
            if not items:
                connection.execute(delete(schema.regroup).where(*same))
                return Swept(1, 0, self._timer() - began)
            ahead = update(schema.regroup).where(*same).values(row=items[-1].row, done=job.done + len(items))
            if connection.execute(ahead).rowcount:  # else it began anew meanwhile
                for item in items:
                    _place(connection, item, job.time, now)
        return Swept(len(items), 0, self._timer() - began)

    def _next(self, connection: Connection, job: Row[Any]) -> list[tuple[Row[Any], Event]]:
        query = (
            select(schema.event)
            .where(_event.project_id == job.project_id, _event.id > job.row, _event.id <= job.last_row)
            .order_by(_event.id)
            .limit(STEP)
        )
        return [(row, self._payloads.event(connection, row)) for row in connection.execute(query).all()]


def begin_regrouping(connection: Connection, project_id: int, now: float) -> None:
    """Begins anew, within an open transaction: it goes with the change of the rules that calls for it."""
    mine = _event.project_id == project_id
    query = select(func.count(), func.coalesce(func.max(_event.id), 0)).where(mine)
    total, last = connection.execute(query).one()
    connection.execute(delete(schema.regroup).where(_regroup.project_id == project_id))
    if total:
        values = {"project_id": project_id, "row": 0, "last_row": last, "done": 0, "total": total, "time": now}
        connection.execute(insert(schema.regroup).values(values))


def _place(connection: Connection, item: _Item, run: float, now: float) -> None:
    """Puts one event where it belongs today, unless a person put it where it is."""
    query = select(_event.issue_id, _event.origin_id, _issue.removed).join_from(schema.event, schema.issue)
    there = connection.execute(query.where(_event.id == item.row)).one_or_none()
    if there is None or there.issue_id != item.issue_id:
        return
    if there.removed is not None:
        if there.removed == Removal.IGNORED:
            learn_plain(connection, [item.digested], item.issue_id)
        return
    known = connection.exec_driver_sql(_KNOWN, item.key).one_or_none()
    if item.origin_id is not None or connection.exec_driver_sql(_BY_PERSON, (item.issue_id,)).first() is not None:
        _hold(connection, item, known, run)
    elif known is None:
        claimed = connection.exec_driver_sql(_CLAIMED, (item.issue_id, run)).first() is not None
        if claimed:
            new = insert_issue(connection, item.digested, item.key[1], now)
            connection.exec_driver_sql(_GROUPED, (run, *item.key))
            _move(connection, item, new, None, now)
        else:
            values = (*item.key, item.issue_id, item.digested.grouping.version, None, None, run)
            connection.exec_driver_sql(_ADD, values)
    elif known.issue_id == item.issue_id:
        connection.exec_driver_sql(_GROUPED, (run, *item.key))
    else:
        _move(connection, item, known.issue_id, known.origin_id, now)


def _hold(connection: Connection, item: _Item, known: Row[Any] | None, run: float) -> None:
    """Keeps an event where a person put it, with its new hash, unless a person put that elsewhere."""
    if known is None:
        values = (*item.key, item.issue_id, item.digested.grouping.version, item.origin_id, True, run)
        connection.exec_driver_sql(_ADD, values)
    elif known.issue_id != item.issue_id and not known.by_person:
        connection.exec_driver_sql(_TAKE, (item.issue_id, run, *item.key))


def _move(connection: Connection, item: _Item, target: int, origin: int | None, now: float) -> None:
    """Moves one event with all that is counted of it; an issue without events goes along."""
    removed = connection.execute(select(_issue.removed).where(_issue.id == target)).scalar()
    if removed is not None:
        return
    event = item.digested.event
    size = connection.exec_driver_sql(_MOVE, (target, origin, item.row)).scalar_one()
    _count(connection, item.issue_id, event, -1, -1, -size)
    _count(connection, target, event, 1, 1, size)
    if origin is not None:
        _count(connection, origin, event, 1, 0, 0)
    kept = connection.execute(select(_issue.kept).where(_issue.id == item.issue_id)).scalar()
    if not kept:
        merge_into(connection, target, item.issue_id, None, now, by_person=False)
        # Rules that are as they were before shall find no issue there, and make one.
        connection.exec_driver_sql(_FORGET, (target, item.issue_id))


def _count(connection: Connection, issue_id: int, event: Event, count: int, kept: int, size: int) -> None:
    hour, user = int(event.timestamp // HOUR), user_name(event)
    connection.exec_driver_sql(_HOUR, (issue_id, hour, count))
    tags = [(issue_id, key, value, count) for key, value in tag_values(event).items()]
    if tags:
        connection.exec_driver_sql(_TAG, tags)
    users = 0
    if user:
        left = connection.exec_driver_sql(_USER, (issue_id, user, count)).scalar_one()
        users = 1 if count > 0 and left == count else -1 if count < 0 and left <= 0 else 0
    if count < 0:
        connection.exec_driver_sql(_NO_HOURS, (issue_id, hour))
        connection.exec_driver_sql(_NO_TAGS, (issue_id,))
        connection.exec_driver_sql(_NO_USERS, (issue_id, user))
    # Less events leave first and last as they were: the issue is not younger by that.
    first, last = (event.timestamp, event.timestamp) if count > 0 else (float("inf"), float("-inf"))
    connection.exec_driver_sql(_COUNT, (count, kept, size, users, first, last, issue_id))
