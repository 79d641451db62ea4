"""What people decide about issues, and how it is taken back.

In: decisions about some issues, each one transaction. Out: rows that are changed, lines of the activity. Handed out as
`store.base.Decisions`.

Each decision notes what it changed. To take it back puts those issues back that are as it left them: what somebody else
decided since, or an event did, stays.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from kaput.errors import NotFound
from kaput.model import Change, Clock, Draft, Kind
from kaput.store import schema
from kaput.store.activity import write_activity
from kaput.store.base import Assign, Decided, Decision, Mute, Prioritise, Removal, Resolution, Resolve, Status
from kaput.store.engine import CHUNK, Database
from kaput.store.merges import MERGED, split_off
from kaput.store.notices import write_notices
from kaput.store.removals import put_back
from kaput.store.undo import keep_undo
from kaput.store.versions import compare

NEWEST = 50
"""Releases among which the newest one is looked for."""

_issue = schema.issue.c
_undo = schema.undo.c
_release = schema.release.c
_account = schema.account.c
_bookmark = schema.bookmark.c
_NEWEST_EVENT = "SELECT max(id) FROM event WHERE issue_id = ?"
_STATE = ("status", "regressed", "regressed_in", "resolution", "resolved_release", "mute")
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))

Values = Mapping[str, Any]


class Changed(Struct, frozen=True):
    """One issue that a decision changed: the columns before and after."""

    issue_id: int
    before: dict[str, Any]
    after: dict[str, Any]


class _Step(Struct, frozen=True):
    """What a decision means for one issue: its columns then, and the line in its activity."""

    values: dict[str, Any]
    kind: str
    detail: str = ""


class SqlDecisions:
    """Implements `kaput.store.base.Decisions`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def decide(self, issue_ids: Sequence[int], decision: Decision, account_id: int | None) -> Decided:
        """See `kaput.store.base.Decisions.decide`."""
        now = self._clock()
        with self._database.write() as connection:
            changes = list(_changes(connection, issue_ids, decision, now))
            _write(connection, [change for change, _ in changes])
            lines = [(one.issue_id, account_id, step.kind, step.detail, now) for one, step in changes]
            write_activity(connection, lines)
            kind = changes[0][1].kind if changes else ""
            return Decided(len(changes), _keep(connection, [one for one, _ in changes], kind, account_id, now))

    def comment(self, issue_id: int, text: str, account_id: int, tell: Sequence[str]) -> None:
        """See `kaput.store.base.Decisions.comment`."""
        now = self._clock()
        with self._database.write() as connection:
            query = select(_issue.project_id).where(_issue.id == issue_id)
            project_id = connection.execute(query).scalar()
            if project_id is None:
                raise NotFound(f"There is no issue {issue_id}.")
            write_activity(connection, [(issue_id, account_id, "comment", text, now)])
            row = connection.exec_driver_sql(_NEWEST_EVENT, (issue_id,)).scalar()
            if row is None:
                return  # nothing of the issue is left that a mail could show
            note = f"{_address(connection, account_id)}: {text}"
            change = Change(Kind.MENTIONED, project_id, issue_id, row, now)
            write_notices(connection, [Draft(change, address) for address in dict.fromkeys(tell)], note)

    def share(self, issue_id: int, key: str | None, account_id: int) -> None:
        """See `kaput.store.base.Decisions.share`."""
        now = self._clock()
        with self._database.write() as connection:
            connection.execute(update(schema.issue).where(_issue.id == issue_id).values(shared=key))
            write_activity(connection, [(issue_id, account_id, "shared" if key else "unshared", "", now)])

    def bookmark(self, issue_id: int, account_id: int, *, kept: bool) -> None:
        """See `kaput.store.base.Decisions.bookmark`."""
        values = {"account_id": account_id, "issue_id": issue_id, "time": self._clock()}
        with self._database.write() as connection:
            if kept:
                connection.execute(insert(schema.bookmark).values(values).on_conflict_do_nothing())
            else:
                mine = (_bookmark.account_id == account_id, _bookmark.issue_id == issue_id)
                connection.execute(delete(schema.bookmark).where(*mine))

    def bookmarks(self, account_id: int) -> list[int]:
        """See `kaput.store.base.Decisions.bookmarks`."""
        query = select(_bookmark.issue_id).where(_bookmark.account_id == account_id)
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(_bookmark.time.desc())).scalars())

    def undo(self, undo_id: int, account_id: int | None) -> int:
        """See `kaput.store.base.Decisions.undo`."""
        now = self._clock()
        mine = (_undo.id == undo_id, _undo.account_id == account_id)
        with self._database.write() as connection:
            row = connection.execute(select(_undo.kind, _undo.content).where(*mine)).one_or_none()
            if row is None:
                raise NotFound("This cannot be undone any more.")
            connection.execute(delete(schema.undo).where(_undo.id == undo_id))
            if row.kind == MERGED:
                pairs = msgspec.json.decode(row.content, type=list[tuple[int, int]])
                for issue_id, origin_id in pairs:
                    split_off(connection, issue_id, origin_id, account_id, now)
                return len(pairs)
            if row.kind in set(Removal):
                return put_back(connection, row.content)
            noted = msgspec.json.decode(row.content, type=list[Changed])
            untouched = [one for one in noted if _is_still(connection, one)]
            _write(connection, [Changed(one.issue_id, one.after, one.before) for one in untouched])
            write_activity(connection, [(one.issue_id, account_id, "undone", row.kind, now) for one in untouched])
            return len(untouched)


def _changes(
    connection: Connection, issue_ids: Sequence[int], decision: Decision, now: float
) -> Iterator[tuple[Changed, _Step]]:
    """Yields the issues that the decision changes; those that are as it says already are left out."""
    newest = _newest_of(connection)
    whom = _address(connection, decision.account_id) if isinstance(decision, Assign) else ""
    ids = list(dict.fromkeys(issue_ids))
    for start in range(0, len(ids), CHUNK):
        query = select(schema.issue).where(_issue.id.in_(ids[start : start + CHUNK]), _issue.removed.is_(None))
        for row in connection.execute(query).all():
            step = _step(decision, row, newest, now, whom)
            before = {name: row._mapping[name] for name in step.values}
            if any(before[name] != value for name, value in step.values.items() if name != "status_since"):
                yield Changed(row.id, before, step.values), step


def _step(decision: Decision, row: Row[Any], newest: Callable[[int], str], now: float, whom: str) -> _Step:
    if isinstance(decision, Assign):
        return _Step({"assignee_id": decision.account_id}, "assigned" if whom else "unassigned", whom)
    if isinstance(decision, Prioritise):
        named = decision.priority.name.lower() if decision.priority else ""
        return _Step({"priority": decision.priority.value or None}, "priority", named)
    state = dict.fromkeys(_STATE) | {"regressed": False, "status_since": now}
    if isinstance(decision, Resolve):
        state["status"] = Status.RESOLVED.value
        if decision.how is Resolution.NOW:
            return _Step(state, "resolved")
        release = decision.release if decision.how is Resolution.RELEASE else newest(row.project_id)
        after = f"the next release{', after ' + release if release else ''}"
        values = state | {"resolution": decision.how.value, "resolved_release": release}
        return _Step(values, "resolved", release if decision.how is Resolution.RELEASE else after)
    if isinstance(decision, Mute):
        noted = msgspec.json.encode(_absolute(decision, row)).decode() if decision != Mute() else None
        return _Step(state | {"status": Status.MUTED.value, "mute": noted}, "muted", _worded(decision, now))
    return _Step(state | {"status": Status.UNRESOLVED.value}, "reopened")


def _absolute(mute: Mute, row: Row[Any]) -> Mute:
    """Returns the mute with the counts at which it ends; those within a window are counted from nothing."""
    events = mute.events
    if events is not None and not mute.window:
        events += row._mapping["count"]
    return msgspec.structs.replace(mute, events=events, users=None if mute.users is None else mute.users + row.users)


def _worded(mute: Mute, now: float) -> str:
    """Returns until when, in words that follow `muted`; nothing for good."""
    if mute.until is not None:
        return f"for {_length(mute.until - now)}"
    if mute.users is not None:
        return f"until {mute.users:,} more users"
    if mute.events is None:
        return ""
    return f"until {mute.events:,} {f'events in {_length(mute.window)}' if mute.window else 'more events'}"


def _length(seconds: float) -> str:
    whole = max(1, round(seconds))
    size, unit = next((size, unit) for size, unit in _UNITS if whole % size == 0)
    return f"{whole // size:,} {unit}"


def _address(connection: Connection, account_id: int | None) -> str:
    if account_id is None:
        return ""
    email = connection.execute(select(_account.email).where(_account.id == account_id)).scalar()
    if email is None:
        raise NotFound(f"There is no account {account_id}.")
    return str(email)


def _newest_of(connection: Connection) -> Callable[[int], str]:
    """Returns what answers the newest release of a project; each is asked for once."""
    known: dict[int, str] = {}

    def newest(project_id: int) -> str:
        if project_id not in known:
            query = select(_release.version).where(_release.project_id == project_id).order_by(_release.id.desc())
            known[project_id] = latest(connection.execute(query.limit(NEWEST)).scalars().all())
        return known[project_id]

    return newest


def latest(releases: Sequence[str]) -> str:
    """Returns the newest of some releases, the one that came last first; an empty text when there is none."""
    found = ""
    for release in releases:
        if not found or (compare(release, found) or 0) > 0:
            found = release
    return found


def _write(connection: Connection, changes: Sequence[Changed]) -> None:
    """Writes the columns after; all changes have the same."""
    if not changes:
        return
    named: dict[str, Any] = {name: bindparam(name) for name in changes[0].after}
    statement = update(schema.issue).where(_issue.id == bindparam("issue")).values(named)
    connection.execute(statement, [{**one.after, "issue": one.issue_id} for one in changes])
    if "mute" not in named:
        return
    ids = [(one.issue_id,) for one in changes]
    connection.exec_driver_sql("DELETE FROM mute_event WHERE issue_id = ?", ids)


def _keep(
    connection: Connection, changes: Sequence[Changed], kind: str, account_id: int | None, now: float
) -> int | None:
    """Notes what was changed, if anything was."""
    return keep_undo(connection, kind, msgspec.json.encode(changes).decode(), account_id, now) if changes else None


def _is_still(connection: Connection, noted: Changed) -> bool:
    """Answers whether an issue is as the decision left it."""
    columns = [_issue[name] for name in noted.after]
    row = connection.execute(select(*columns).where(_issue.id == noted.issue_id)).one_or_none()
    return row is not None and dict(row._mapping) == noted.after
