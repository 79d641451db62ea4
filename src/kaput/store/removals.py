"""Issues that are deleted: at once from sight, then for good; and those that are ignored from then on.

In: issues. Out: rows that are changed, later deleted in steps, and how many events that were. Handed out as
`store.base.Removals`.

A deleted issue gives up its hashes, so that the next such event is a new issue. One that is to be ignored keeps them:
its events are digested, left out, and counted as `ignored`. Before its stored events go it learns from them the hashes
that they would have without the project's rules, for the day on which a rule goes. For `GRACE` seconds both can be
taken back as they were.
Then events with their attachments, counters, comments and feedback go, 200 events in a step. What stays is the number,
which is never given again.
"""

import time
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from kaput.errors import NotFound
from kaput.model import Clock, Digested, Drop, Regroup, titled
from kaput.store import schema
from kaput.store.activity import write_activity
from kaput.store.assignment import learn_plain
from kaput.store.base import Decided, Removal, Strand, Swept
from kaput.store.engine import CHUNK, Database
from kaput.store.facts import write_drops
from kaput.store.files import Files
from kaput.store.payload import Payloads
from kaput.store.retention.events import delete_events
from kaput.store.undo import keep_undo

GRACE = 600.0
"""Seconds in which it can be taken back."""
STEP = 200
MOST_IGNORED = 200
REASON = "deleted"
TOLD = "The issue was deleted before the notice went out."

_issue = schema.issue.c
_event = schema.event
_project = schema.project.c
_hash = schema.issue_hash.c
_notice = schema.notice.c
_EVENTS = "SELECT id FROM event WHERE issue_id = ? ORDER BY id LIMIT ?"
_COUNTERS = ("issue_hour", "issue_tag", "issue_user", "mute_event", "bookmark", "activity", "feedback")


class Removed(Struct, frozen=True):
    """An issue that was removed, with the hashes that it gave up: project, hash, version, origin."""

    issue_id: int
    hashes: list[tuple[int, str, str, int | None]]


class SqlRemovals:
    """Implements `kaput.store.base.Removals`."""

    def __init__(
        self,
        database: Database,
        files: Files,
        payloads: Payloads,
        clock: Clock,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._database = database
        self._files = files
        self._payloads = payloads
        self._clock = clock
        self._timer = timer

    def remove(self, issue_ids: Sequence[int], kind: Removal, account_id: int | None) -> Decided:
        """See `kaput.store.base.Removals.remove`."""
        now, ids = self._clock(), list(dict.fromkeys(issue_ids))
        removed: list[Removed] = []
        with self._database.write() as connection:
            for start in range(0, len(ids), CHUNK):
                wanted = (_issue.id.in_(ids[start : start + CHUNK]), _issue.removed.is_(None))
                hide = update(schema.issue).where(*wanted).values(removed=kind.value, removed_at=now)
                found = connection.execute(hide.returning(_issue.id)).scalars().all()
                removed += [_give_up(connection, issue_id, kind) for issue_id in found]
            write_activity(connection, [(one.issue_id, account_id, kind.value, "", now) for one in removed])
            if not removed:
                return Decided(0, None)
            content = msgspec.json.encode(removed).decode()
            return Decided(len(removed), keep_undo(connection, kind.value, content, account_id, now))

    def ignored(self, project_id: int) -> list[Strand]:
        """See `kaput.store.base.Removals.ignored`."""
        query = (
            select(schema.issue, _project.slug)
            .join_from(schema.issue, schema.project)
            .where(_issue.project_id == project_id, _issue.removed == Removal.IGNORED.value)
            .order_by(_issue.id.desc())
            .limit(MOST_IGNORED)
        )
        with self._database.read() as connection:
            return [
                Strand(row.id, f"{row.slug.upper()}-{row.number}", titled(row.type, row.value), 0, row.last_seen)
                for row in connection.execute(query)
            ]

    def take_again(self, issue_id: int, account_id: int | None) -> None:
        """See `kaput.store.base.Removals.take_again`."""
        now = self._clock()
        mine = (_issue.id == issue_id, _issue.removed == Removal.IGNORED.value)
        with self._database.write() as connection:
            shown = update(schema.issue).where(*mine).values(removed=None, removed_at=None)
            if not connection.execute(shown).rowcount:
                raise NotFound("This issue is not ignored.")
            write_activity(connection, [(issue_id, account_id, "taken_again", "", now)])

    def step(self, regroup: Regroup | None = None) -> Swept:
        """See `kaput.store.base.Removals.step`."""
        now = self._clock()
        due = (_issue.removed_at.is_not(None), _issue.removed_at <= now - GRACE)
        with self._database.read() as connection:
            found = connection.execute(select(_issue.id, _issue.removed).where(*due).limit(1)).one_or_none()
            if found is None:
                return Swept()
            ignored = found.removed == Removal.IGNORED
            plain = self._plain(connection, found.id, regroup) if ignored and regroup else []
        issue_id = found.id
        with self._database.write() as connection:
            began = self._timer()
            open_ones = (_notice.issue_id == issue_id, _notice.state.in_(("pending", "held")))
            connection.execute(update(schema.notice).where(*open_ones).values(state="failed", error=TOLD))
            learn_plain(connection, plain, issue_id)
            rows = list(connection.exec_driver_sql(_EVENTS, (issue_id, STEP)).scalars())
            gone = delete_events(connection, rows, now)
            if not rows:
                _empty(connection, issue_id, now)
        self._files.remove(gone.files)
        return Swept(len(rows) or 1, gone.size, self._timer() - began)

    def _plain(self, connection: Connection, issue_id: int, regroup: Regroup) -> list[Digested]:
        """Groups those events that go next."""
        query = select(_event).where(_event.c.issue_id == issue_id).order_by(_event.c.id).limit(STEP)
        rows = connection.execute(query).all()
        return [regroup(row.project_id, self._payloads.event(connection, row)) for row in rows]


def put_back(connection: Connection, content: str) -> int:
    """Brings removed issues back, within an open transaction; a hash that leads to a new issue by now stays there.

    Raises:
        NotFound: they are gone for good.
    """
    count = 0
    for one in msgspec.json.decode(content, type=list[Removed]):
        mine = (_issue.id == one.issue_id, _issue.removed_at.is_not(None))
        count += connection.execute(update(schema.issue).where(*mine).values(removed=None, removed_at=None)).rowcount
        for project_id, raw, version, origin in one.hashes:
            values = {"project_id": project_id, "hash": bytes.fromhex(raw), "issue_id": one.issue_id}
            more = {"version": version, "origin_id": origin, "by_person": True}
            connection.execute(insert(schema.issue_hash).values({**values, **more}).on_conflict_do_nothing())
    if not count:
        raise NotFound("The issues are deleted for good by now.")
    return count


def _give_up(connection: Connection, issue_id: int, kind: Removal) -> Removed:
    """Takes the hashes of a deleted issue away; those of an ignored one are marked as a person's decision."""
    if kind is Removal.IGNORED:
        mine = update(schema.issue_hash).where(_hash.issue_id == issue_id)
        connection.execute(mine.values(by_person=True))
        return Removed(issue_id, [])
    columns = (_hash.project_id, _hash.hash, _hash.version, _hash.origin_id)
    gone = delete(schema.issue_hash).where(_hash.issue_id == issue_id).returning(*columns)
    rows = connection.execute(gone).all()
    return Removed(issue_id, [(row.project_id, row.hash.hex(), row.version, row.origin_id) for row in rows])


def _empty(connection: Connection, issue_id: int, now: float) -> None:
    """Deletes what hangs on an issue that has no event left, and on those that were merged into it."""
    query = select(_issue.id).where((_issue.id == issue_id) | (_issue.merged_into == issue_id))
    ids = [(one,) for one in connection.execute(query).scalars()]
    for name in _COUNTERS:
        table = schema.metadata.tables[name]
        connection.execute(delete(table).where(table.c.issue_id == bindparam("of")), [{"of": one} for (one,) in ids])
    row = connection.execute(select(schema.issue).where(_issue.id == issue_id)).one()
    write_drops(connection, [Drop(REASON, row._mapping["count"], now, row.project_id)])
    values: dict[str, object] = {"count": 0, "users": 0, "removed_at": None}
    if row.removed == Removal.DELETED:
        values |= dict.fromkeys(("type", "value", "culprit", "grouped_by"), "")
        parts = update(schema.issue).where(_issue.merged_into == issue_id)
        connection.execute(parts.values({**values, "removed": Removal.DELETED.value, "merged_into": None}))
    connection.execute(update(schema.issue).where(_issue.id == issue_id).values(values))
