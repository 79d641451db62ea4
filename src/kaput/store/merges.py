"""Issues that are merged, and split again: by whom they were put together, their hashes, counts and events.

In: issues. Out: rows that are changed. Handed out as `store.base.Merges`; `store/batches.py` counts for both sides.

A hash remembers the issue that it was made with, its origin. When an issue is merged into another one, its hashes lead
there, its counts are added to the other's, and its events follow in small steps. The issue itself stays, hidden, and
goes on to be counted for its own hashes: so a split, which takes these counts off again, is exact however many events
were thinned out since. All but the events is one transaction; who is killed between two steps goes on with the next.

Every hash that a person put somewhere is marked: no rule and no new version of the grouping moves it.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, false, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from kaput.errors import Conflict, NotFound
from kaput.model import Clock, titled
from kaput.store import schema
from kaput.store.activity import write_activity
from kaput.store.base import Decided, Progress, Strand, Swept
from kaput.store.engine import Database
from kaput.store.undo import keep_undo

STEP = 200
"""Events that one step looks at."""
MOST = 50
"""Issues that are merged at once."""
MOST_RELATED = 10
HAND_OVER = 900.0
"""Seconds in which an old release goes on beside the new one; what was silent for longer has stopped."""
MERGED = "merged"

_issue = schema.issue.c
_project = schema.project.c
_hash = schema.issue_hash.c
_move = schema.move.c

_ADD_HOURS = (
    "INSERT INTO issue_hour (issue_id, hour, count) SELECT :into, hour, count FROM issue_hour WHERE issue_id = :of"
    " ON CONFLICT DO UPDATE SET count = count + excluded.count"
)
_ADD_TAGS = (
    "INSERT INTO issue_tag (issue_id, key, value, count) SELECT :into, key, value, count FROM issue_tag"
    " WHERE issue_id = :of ON CONFLICT DO UPDATE SET count = count + excluded.count"
)
_ADD_USERS = (
    "INSERT INTO issue_user (issue_id, user, count) SELECT :into, user, count FROM issue_user WHERE issue_id = :of"
    " ON CONFLICT DO UPDATE SET count = count + excluded.count"
)
_BOTH = (
    "SELECT count(*) FROM issue_user AS a JOIN issue_user AS b ON b.issue_id = :into AND b.user = a.user"
    " WHERE a.issue_id = :of AND a.user <> ''"
)
_LESS_HOURS = (
    "UPDATE issue_hour SET count = issue_hour.count - o.count FROM issue_hour AS o"
    " WHERE issue_hour.issue_id = :into AND o.issue_id = :of AND o.hour = issue_hour.hour"
)
_LESS_TAGS = (
    "UPDATE issue_tag SET count = issue_tag.count - o.count FROM issue_tag AS o"
    " WHERE issue_tag.issue_id = :into AND o.issue_id = :of AND o.key = issue_tag.key AND o.value = issue_tag.value"
)
_LESS_USERS = (
    "UPDATE issue_user SET count = issue_user.count - o.count FROM issue_user AS o"
    " WHERE issue_user.issue_id = :into AND o.issue_id = :of AND o.user = issue_user.user"
)
_EMPTY = (
    "DELETE FROM issue_hour WHERE issue_id = :into AND count <= 0",
    "DELETE FROM issue_tag WHERE issue_id = :into AND count <= 0",
)
_GONE_USERS = "DELETE FROM issue_user WHERE issue_id = :into AND count <= 0"
_GROWN = (
    "UPDATE issue SET count = count + :count, users = users + :users, first_seen = min(first_seen, :first),"
    " last_seen = max(last_seen, :last), thinned = coalesce(thinned, :thinned) WHERE id = :into"
)
_SHRUNK = (
    "UPDATE issue SET count = count - :count, users = max(0, users - :users),"
    " first_seen = CASE WHEN first_seen = :first THEN coalesce((SELECT max(:first, min(hour) * 3600.0)"
    " FROM issue_hour WHERE issue_id = :into), first_seen) ELSE first_seen END,"
    # The newest event of an issue is always stored.
    " last_seen = CASE WHEN last_seen = :last THEN coalesce((SELECT max(timestamp) FROM event"
    " WHERE issue_id = :into AND origin_id IS NOT :of), last_seen) ELSE last_seen END WHERE id = :into"
)
_MOVED = (
    "UPDATE event SET issue_id = ?, origin_id = ? WHERE id IN"
    " (SELECT id FROM event WHERE issue_id = ? AND id > ? AND id <= ?) AND {}"
    " RETURNING length(payload)"
)
_WINDOW = "SELECT max(id), count(*) FROM (SELECT id FROM event WHERE issue_id = ? AND id > ? ORDER BY id LIMIT ?)"
_KEPT = "UPDATE issue SET kept = kept + ?, kept_bytes = kept_bytes + ? WHERE id = ?"


class SqlMerges:
    """Implements `kaput.store.base.Merges`."""

    def __init__(self, database: Database, clock: Clock, timer: Callable[[], float] = time.perf_counter) -> None:
        self._database = database
        self._clock = clock
        self._timer = timer

    def merge(self, issue_id: int, others: Sequence[int], account_id: int | None) -> Decided:
        """See `kaput.store.base.Merges.merge`."""
        now = self._clock()
        sources = [other for other in dict.fromkeys(others) if other != issue_id][:MOST]
        with self._database.write() as connection:
            for source in sources:
                merge_into(connection, issue_id, source, account_id, now)
            if not sources:
                return Decided(0, None)
            content = msgspec.json.encode([(issue_id, source) for source in sources]).decode()
            return Decided(len(sources), keep_undo(connection, MERGED, content, account_id, now))

    def split(self, issue_id: int, origin_id: int, account_id: int | None) -> None:
        """See `kaput.store.base.Merges.split`."""
        with self._database.write() as connection:
            split_off(connection, issue_id, origin_id, account_id, self._clock())

    def strands(self, issue_id: int) -> list[Strand]:
        """See `kaput.store.base.Merges.strands`."""
        query = _named().where(_issue.merged_into == issue_id, _issue.removed == MERGED).order_by(_issue.number)
        with self._database.read() as connection:
            return [_strand(row) for row in connection.execute(query)]

    def similar(self, issue_id: int) -> list[Strand]:
        """See `kaput.store.base.Merges.similar`."""
        of = select(_issue.project_id, _issue.loose, _issue.first_seen, _issue.last_seen).where(_issue.id == issue_id)
        with self._database.read() as connection:
            row = connection.execute(of).one_or_none()
            if row is None or row.loose is None:
                return []
            same = (_issue.project_id == row.project_id, _issue.loose == row.loose, _issue.id != issue_id)
            query = _named().where(
                *same, _issue.removed.is_(None), _succeeds(row.first_seen, row.last_seen, self._clock())
            )
            return [_strand(row) for row in connection.execute(query.order_by(_issue.last_seen.desc()).limit(5))]

    def same_target(self, issue_id: int) -> list[Strand]:
        """See `kaput.store.base.Merges.same_target`."""
        of = select(_issue.project_id, _issue.target).where(_issue.id == issue_id)
        with self._database.read() as connection:
            row = connection.execute(of).one_or_none()
            if row is None or row.target is None:
                return []
            same = (_issue.project_id == row.project_id, _issue.target == row.target, _issue.id != issue_id)
            query = _named().where(*same, _issue.removed.is_(None)).order_by(_issue.last_seen.desc())
            return [_strand(found) for found in connection.execute(query.limit(MOST_RELATED))]

    def progress(self, issue_id: int) -> Progress | None:
        """See `kaput.store.base.Merges.progress`."""
        query = select(func.sum(_move.done), func.sum(_move.total)).where(
            (_move.source_id == issue_id) | (_move.target_id == issue_id)
        )
        with self._database.read() as connection:
            done, total = connection.execute(query).one()
        return None if total is None else Progress(min(done, total), total)

    def step(self) -> Swept:
        """See `kaput.store.base.Merges.step`."""
        with self._database.read() as connection:
            if connection.execute(select(_move.id).limit(1)).first() is None:
                return Swept()
        with self._database.write(synced=False) as connection:
            began = self._timer()
            row = connection.execute(select(schema.move).order_by(_move.id).limit(1)).one_or_none()
            rows = _step(connection, row) if row is not None else 0
        return Swept(rows, 0, self._timer() - began)


def split_off(connection: Connection, issue_id: int, origin_id: int, account_id: int | None, now: float) -> None:
    """Makes an issue that was merged an issue of its own again.

    Raises:
        NotFound: it is not part of that one.
    """
    into, of = _one(connection, issue_id), _one(connection, origin_id)
    if of.merged_into != issue_id:
        raise NotFound(f"{_name(of)} is no part of {_name(into)}.")
    back = {"issue_id": origin_id, "origin_id": None, "by_person": True}
    mine = (_hash.issue_id == issue_id, _hash.origin_id == origin_id)
    connection.execute(update(schema.issue_hash).where(*mine).values(back))
    _take_off(connection, issue_id, of)
    free = {"removed": None, "merged_into": None}
    connection.execute(update(schema.issue).where(_issue.id == origin_id).values(free))
    # What has not moved yet stays where it belongs again.
    coming = (_move.source_id == origin_id, _move.target_id == issue_id)
    connection.execute(delete(schema.move).where(*coming))
    _start(connection, issue_id, origin_id, origin_id, into.kept, now)
    lines = [(issue_id, account_id, "split", _name(of), now), (origin_id, account_id, "split_from", _name(into), now)]
    write_activity(connection, lines)


def merge_into(
    connection: Connection,
    issue_id: int,
    other_id: int,
    account_id: int | None,
    now: float,
    *,
    by_person: bool = True,
) -> None:
    """Merges an issue into another one, within an open transaction.

    Raises:
        NotFound: one of them is not there, or merged already.
        Conflict: they are of different projects, or events of the other are still on their way.
    """
    into, of = _one(connection, issue_id), _one(connection, other_id)
    if into.project_id != of.project_id:
        raise Conflict(f"{_name(of)} belongs to another project; only issues of one project can be merged.")
    for row in (into, of):
        if row.removed is not None:
            raise NotFound(f"{_name(row)} is merged or deleted already.")
    moving = (_move.source_id == other_id) | (_move.target_id == other_id)
    if connection.execute(select(_move.id).where(moving)).first() is not None:
        raise Conflict(f"Events of {_name(of)} are still moving from an earlier merge. Try again in a moment.")
    theirs: dict[str, object] = {"issue_id": issue_id, "origin_id": func.coalesce(_hash.origin_id, other_id)}
    if by_person:
        theirs["by_person"] = True
    connection.execute(update(schema.issue_hash).where(_hash.issue_id == other_id).values(theirs))
    if by_person:
        connection.execute(update(schema.issue_hash).where(_hash.issue_id == issue_id).values(by_person=True))
    _add(connection, issue_id, of)
    for part in connection.execute(select(schema.issue).where(_issue.merged_into == other_id)).all():
        _take_off(connection, other_id, part)
        connection.execute(update(schema.issue).where(_issue.id == part.id).values(merged_into=issue_id))
    hidden = {"removed": MERGED, "merged_into": issue_id}
    connection.execute(update(schema.issue).where(_issue.id == other_id).values(hidden))
    connection.execute(update(schema.feedback).where(schema.feedback.c.issue_id == other_id).values(issue_id=issue_id))
    _start(connection, other_id, issue_id, None, of.kept, now)
    lines = [(issue_id, account_id, "merged", _name(of), now), (other_id, account_id, "merged_into", _name(into), now)]
    write_activity(connection, lines)


def _add(connection: Connection, into: int, of: Row[Any]) -> None:
    """Adds the counts of an issue to those of another one."""
    both = {"into": into, "of": of.id}
    cursor = connection.connection.cursor()
    shared = cursor.execute(_BOTH, both).fetchone()[0]
    for statement in (_ADD_HOURS, _ADD_TAGS, _ADD_USERS):
        cursor.execute(statement, both)
    grown = {"count": of._mapping["count"], "users": of.users - shared, "first": of.first_seen, "last": of.last_seen}
    cursor.execute(_GROWN, {**grown, "thinned": of.thinned, "into": into})
    cursor.close()


def _take_off(connection: Connection, into: int, of: Row[Any]) -> None:
    """Takes the counts of an issue off those of another one, of which it is a part."""
    both = {"into": into, "of": of.id}
    cursor = connection.connection.cursor()
    for statement in (_LESS_HOURS, _LESS_TAGS, _LESS_USERS, *_EMPTY):
        cursor.execute(statement, both)
    gone = cursor.execute(_GONE_USERS, both).rowcount
    shrunk = {"count": of._mapping["count"], "users": gone, "first": of.first_seen, "last": of.last_seen}
    cursor.execute(_SHRUNK, {**shrunk, **both})
    cursor.close()


def _start(connection: Connection, source: int, target: int, origin: int | None, total: int, now: float) -> None:
    if total:
        values = {"source_id": source, "target_id": target, "origin_id": origin, "row": 0, "done": 0, "total": total}
        connection.execute(insert(schema.move).values({**values, "time": now}))


def _step(connection: Connection, move: Row[Any]) -> int:
    """Moves the next events, and ends the move after the last one; answers how many it looked at."""
    last, seen = connection.exec_driver_sql(_WINDOW, (move.source_id, move.row, STEP)).one()
    if not seen:
        connection.execute(delete(schema.move).where(_move.id == move.id))
        return 1
    if move.origin_id is None:
        statement = _MOVED.format("true").replace("origin_id = ?", "origin_id = coalesce(origin_id, ?)", 1)
        values: tuple[object, ...] = (move.target_id, move.source_id)
    else:
        statement, values = _MOVED.format("origin_id = ?"), (move.target_id, None)
    ends = (move.source_id, move.row, last) + (() if move.origin_id is None else (move.origin_id,))
    sizes = connection.exec_driver_sql(statement, (*values, *ends)).scalars().all()
    connection.exec_driver_sql(_KEPT, (-len(sizes), -sum(sizes), move.source_id))
    connection.exec_driver_sql(_KEPT, (len(sizes), sum(sizes), move.target_id))
    connection.execute(update(schema.move).where(_move.id == move.id).values(row=last, done=move.done + seen))
    return int(seen)


def _succeeds(first: float, last: float, now: float) -> ColumnElement[bool]:
    """The older of the two issues stopped about when the newer one began: somebody edited the line that fails."""
    quiet = now - HAND_OVER
    begun = and_(_issue.first_seen >= first, _issue.first_seen > last - HAND_OVER)
    after = begun if last < quiet else false()
    before = and_(
        _issue.first_seen <= first,
        _issue.last_seen < quiet,
        _issue.last_seen < first + HAND_OVER,
    )
    return or_(before, after)


def _named() -> Select[Any]:
    return select(schema.issue, _project.slug).join_from(schema.issue, schema.project)


def _one(connection: Connection, issue_id: int) -> Row[Any]:
    row = connection.execute(_named().where(_issue.id == issue_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no issue {issue_id}.")
    return row


def _name(row: Row[Any]) -> str:
    return f"{row.slug.upper()}-{row.number}"


def _strand(row: Row[Any]) -> Strand:
    return Strand(row.id, _name(row), titled(row.type, row.value), row._mapping["count"], row.last_seen)
