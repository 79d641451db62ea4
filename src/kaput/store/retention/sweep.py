"""Deletes what need not stay, a little at a time.

In: limits. Out: iterators that delete one small portion at each `next`. Handed out as `store.base.Retention`.

What goes is chosen while reading, beside everybody else; only the deletion itself is a write, of a few rows by their
keys. Nothing is remembered between steps that the database does not say, so a kill at any moment costs nothing.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from kaput.model import DAY, HOUR, Clock
from kaput.store.base import Limits, Pages, Swept
from kaput.store.engine import Database
from kaput.store.files import Files
from kaput.store.retention.drops import purge_drops
from kaput.store.retention.events import (
    Gone,
    crowded,
    delete_events,
    expired,
    largest,
    surplus_of,
)
from kaput.store.retention.feedback import purge_feedback
from kaput.store.retention.hours import has_old_hours, purge_hours
from kaput.store.retention.notices import old_notices, purge_notices
from kaput.store.retention.pace import Pace
from kaput.store.retention.space import LARGEST_LOG, count_pages, cut_log, free_pages, sync_log
from kaput.store.retention.tags import merge_tags, rare_tags
from kaput.store.retention.users import merge_users, rare_users
from kaput.store.retention.windows import purge_windows
from kaput.store.sessions import forget_before

COUNTER_DAYS = 90
"""Days for which counts by the hour stay at least, however short events do."""
AT_ONCE = 500
"""Notices that are looked for at once."""
WALK = 50
"""Issues that the walk over all of them looks at in one transaction."""
HOURS_AT_ONCE = 24
"""Hours of sessions that go in one transaction."""
LEFT_OVER = 4
"""Of an issue above its limit one part in so many goes, so that the next time is some way off."""

_LAST_EVENT = "SELECT coalesce(max(id), 0) FROM event"
_ISSUES = "SELECT id, users FROM issue WHERE id > ? ORDER BY id LIMIT ?"
_OLDEST_SESSIONS = (
    "SELECT min(hour) FROM (SELECT (SELECT min(hour) FROM session_hour WHERE project_id = project.id) AS hour"
    " FROM project UNION ALL SELECT CAST(min(last_seen) / 3600 AS INTEGER) FROM release)"
)
_OLDEST = "SELECT received FROM event ORDER BY id LIMIT 1"

_Row = TypeVar("_Row")


class SqlRetention:
    """Implements `kaput.store.base.Retention`; used by one thread."""

    def __init__(
        self, database: Database, files: Files, clock: Clock, timer: Callable[[], float] = time.perf_counter
    ) -> None:
        self._database = database
        self._files = files
        self._clock = clock
        self._timer = timer
        self._pace = Pace()
        self._vacuum = Pace()

    def last_row(self) -> int:
        """See `kaput.store.base.Retention.last_row`."""
        with self._database.read() as connection:
            return int(connection.exec_driver_sql(_LAST_EVENT).scalar_one())

    def crowd(self, limits: Limits) -> Iterator[Swept]:
        """See `kaput.store.base.Retention.crowd`."""
        limit = limits.events_per_issue
        if not limit:
            return
        with self._database.read() as connection:
            issues = crowded(connection, limit)
        yield Swept()
        for issue_id in issues:
            yield from self._thin(issue_id, max(2, limit - limit // LEFT_OVER))
            yield from self._tags(issue_id)

    def old(self, limits: Limits) -> Iterator[Swept]:
        """See `kaput.store.base.Retention.old`."""
        over = self._clock() - HOUR
        yield from self._until_done(lambda connection, rows: purge_windows(connection, over, rows))
        if limits.days:
            before = self._clock() - limits.days * DAY
            yield from self._expired(before)
            yield from self._feedback(before)
            yield from self._notices(before)
            hour = self._oldest_hour(limits)
            yield from self._until_done(lambda connection, rows: purge_drops(connection, hour, rows))
            yield from self._sessions(hour)
        yield from self._issues(limits)

    def shrink(self, excess: int) -> Iterator[Swept]:
        """See `kaput.store.base.Retention.shrink`."""
        freed = 0
        while freed < excess:
            before = freed
            with self._database.read() as connection:
                issues = largest(connection)
            for issue_id, kept in issues:
                for swept in self._thin(issue_id, max(2, kept // 2)):
                    freed += swept.size
                    yield swept
                if freed >= excess:
                    return
            if freed == before:
                return

    def give_back(self, reserve: int) -> Iterator[Swept]:
        """See `kaput.store.base.Retention.give_back`."""
        pages = count_pages(self._database)
        spare = pages.free - reserve
        cut = spare > 0 or pages.log > LARGEST_LOG
        while spare > 0:
            count = min(spare, self._vacuum.rows)
            began = self._timer()
            free_pages(self._database, count)
            self._vacuum.note(self._timer() - began)
            yield Swept(count, 0, self._vacuum.held)
            spare -= count
        if cut:
            cut_log(self._database)

    def pages(self) -> Pages:
        """See `kaput.store.base.Retention.pages`."""
        return count_pages(self._database)

    def oldest(self) -> float | None:
        """See `kaput.store.base.Retention.oldest`."""
        with self._database.read() as connection:
            found: float | None = connection.exec_driver_sql(_OLDEST).scalar()
        return found

    def _thin(self, issue_id: int, most: int) -> Iterator[Swept]:
        """Deletes events of an issue until `most` are left, or nothing more may go."""
        after: int | None = 0
        deleted = 0
        while after is not None:
            with self._database.read() as connection:
                rows, after = surplus_of(connection, issue_id, most, after)
            for swept in self._delete(rows):
                deleted += swept.rows
                yield swept
            if after == 0:
                if not deleted:
                    return  # all that could go in this round is held by notices
                deleted = 0

    def _expired(self, before: float) -> Iterator[Swept]:
        after: int | None = 0
        while after is not None:
            with self._database.read() as connection:
                rows, after = expired(connection, before, after)
            yield from self._delete(rows)
            yield Swept()

    def _delete(self, rows: Sequence[int]) -> Iterator[Swept]:
        for portion in self._portions(rows):
            with self._step() as connection:
                gone: Gone = delete_events(connection, portion, self._clock())
            self._remove(gone.files)
            yield Swept(gone.events, gone.size, self._pace.held)

    def _remove(self, files: Sequence[str]) -> None:
        if files:
            sync_log(self._database.path)  # a row without its file would be worse than a file without its row
            self._files.remove(files)

    def _feedback(self, before: float) -> Iterator[Swept]:
        while True:
            with self._step() as connection:
                count, files = purge_feedback(connection, before, self._pace.rows)
            self._remove(files)
            if not count:
                return
            yield Swept(count, 0, self._pace.held)

    def _notices(self, before: float) -> Iterator[Swept]:
        while True:
            with self._database.read() as connection:
                ids = old_notices(connection, before, AT_ONCE)
            if not ids:
                return
            for portion in self._portions(ids):
                with self._step() as connection:
                    count = purge_notices(connection, list(portion))
                yield Swept(count, 0, self._pace.held)

    def _sessions(self, before: int) -> Iterator[Swept]:
        """Forgets sessions of hours before this one, and releases not seen since, a day at a time."""
        while True:
            with self._database.read() as connection:
                oldest = connection.exec_driver_sql(_OLDEST_SESSIONS).scalar()
            if oldest is None or oldest >= before:
                return
            with self._step() as connection:
                forget_before(connection, min(before, oldest + HOURS_AT_ONCE))
            yield Swept(held=self._pace.held)

    def _issues(self, limits: Limits) -> Iterator[Swept]:
        """Walks over all issues and bounds what is counted by issue."""
        hour = self._oldest_hour(limits) if limits.days else 0
        last = 0
        while True:
            with self._database.read() as connection:
                issues = [(row[0], row[1]) for row in connection.exec_driver_sql(_ISSUES, (last, WALK))]
                stale = [issue_id for issue_id, _ in issues if has_old_hours(connection, issue_id, hour)]
            if not issues:
                return
            for issue_id in stale:
                yield from self._until_done(partial(_purge_hours, issue_id, hour))
            for issue_id, users in issues:
                yield from self._tags(issue_id)
                yield from self._users(issue_id, users)
            last = issues[-1][0]
            yield Swept()

    def _tags(self, issue_id: int) -> Iterator[Swept]:
        with self._database.read() as connection:
            rare = rare_tags(connection, issue_id)
        for portion in self._portions(rare):
            with self._step() as connection:
                count = merge_tags(connection, issue_id, portion)
            yield Swept(count, 0, self._pace.held)

    def _users(self, issue_id: int, users: int) -> Iterator[Swept]:
        with self._database.read() as connection:
            rare = rare_users(connection, issue_id, users)
        for portion in self._portions(rare):
            with self._step() as connection:
                count = merge_users(connection, issue_id, portion)
            yield Swept(count, 0, self._pace.held)

    def _until_done(self, purge: Callable[[Connection, int], int]) -> Iterator[Swept]:
        """Repeats a purge of some rows until it finds none."""
        while True:
            with self._step() as connection:
                count = purge(connection, self._pace.rows)
            if not count:
                return
            yield Swept(count, 0, self._pace.held)

    def _portions(self, rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
        """Yields the rows in portions of the size that the pace has at that moment."""
        start = 0
        while start < len(rows):
            count = self._pace.rows
            yield rows[start : start + count]
            start += count

    @contextmanager
    def _step(self) -> Iterator[Connection]:
        """Opens a writing transaction, and notes for how long it held the lock."""
        # Not synced: a power cut undoes it, and the next round does it again.
        with self._database.write(synced=False) as connection:
            began = self._timer()
            yield connection
        self._pace.note(self._timer() - began)

    def _oldest_hour(self, limits: Limits) -> int:
        return int((self._clock() - max(limits.days, COUNTER_DAYS) * DAY) // HOUR)


def _purge_hours(issue_id: int, before: int, connection: Connection, rows: int) -> int:
    return purge_hours(connection, issue_id, before, rows)
