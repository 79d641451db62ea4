"""What an event means for an issue that a person resolved or muted: does it come back?

In: the issues of a batch, then its events one by one, within the batch's transaction. Out: the kind of change, with the
issue as it is then. `store/assignment.py` imports it.

Of an issue that nobody decided about nothing is read or asked: it costs one look by id in each batch. An event that
was accepted before the decision changes nothing, however late it is digested.
"""

from collections.abc import Collection
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, update

from kaput.model import Digested, Event, Kind
from kaput.store import schema
from kaput.store.activity import write_activity
from kaput.store.base import Mute, Removal, Resolution, Status
from kaput.store.counters import user_name
from kaput.store.engine import look_up_rows
from kaput.store.versions import newer

_issue = schema.issue.c

SET_BACK = 60.0
"""Seconds; a person may decide while the batch waits for its turn, which takes less."""

_DECIDED = (
    "SELECT status, status_since, resolution, resolved_release, mute, count, users, removed FROM issue"
    " WHERE id = ? AND (status <> 'unresolved' OR removed IS NOT NULL)"
)
_CAME = "SELECT id FROM release WHERE project_id = ? AND version = ?"
_KNOWN_USER = "SELECT 1 FROM issue_user WHERE issue_id = ? AND user = ?"
_SEEN = (
    "INSERT INTO mute_event (issue_id, time, count) VALUES (?, ?, 1)"
    " ON CONFLICT (issue_id, time) DO UPDATE SET count = count + 1"
)
_PASSED = "DELETE FROM mute_event WHERE issue_id = ? AND time <= ?"
_WITHIN = "SELECT coalesce(sum(count), 0) FROM mute_event WHERE issue_id = ?"


class _Decided:
    """One issue that is resolved or muted, and what this batch brought to it so far."""

    def __init__(self, row: tuple[Any, ...], now: float) -> None:
        status, since, resolution, release, mute, count, users, removed = row
        self.ignored = removed == Removal.IGNORED
        self.status = status
        # Decided at a time to come means that the clock was set back since: then every event is later.
        self.since = since if since <= now + SET_BACK else 0.0
        self.how = Resolution(resolution) if resolution else Resolution.NOW
        self.release = release or ""
        self.mute = msgspec.json.decode(mute, type=Mute) if mute else Mute()
        self.count = count
        self.users = users
        self.new_users: set[str] = set()


class Comebacks:
    """The decided issues of one batch.

    Args:
        connection: of the batch's transaction.
        issue_ids: of its events.
        now: seconds since the epoch.
    """

    def __init__(self, connection: Connection, issue_ids: Collection[int], now: float) -> None:
        self._connection = connection
        self._now = now
        found = look_up_rows(connection, _DECIDED, ((issue_id,) for issue_id in issue_ids))
        self._decided = {issue_id: _Decided(row, now) for (issue_id,), row in found.items()}
        self._came: dict[tuple[int, str], float | None] = {}

    def ignores(self, issue_id: int) -> bool:
        """Answers whether a person wants no events of the issue."""
        decided = self._decided.get(issue_id)
        return decided is not None and decided.ignored

    def judge(self, issue_id: int, item: Digested) -> Kind | None:
        """Returns how the issue comes back by its next event, if it does, and brings it back."""
        decided = self._decided.get(issue_id)
        if decided is None or decided.status == Status.UNRESOLVED:
            return None
        if decided.status == Status.RESOLVED:
            kind = Kind.REGRESSED if self._regresses(decided, item) else None
        else:
            kind = Kind.UNMUTED if self._ends(decided, issue_id, item.event) else None
        if kind is not None:
            del self._decided[issue_id]
            self._bring_back(issue_id, kind, item.event.release)
        return kind

    def _regresses(self, decided: _Decided, item: Digested) -> bool:
        event, base = item.event, decided.release
        if event.received <= decided.since:
            return False
        if decided.how is Resolution.NOW:
            return True
        if not event.release:
            return False
        if decided.how is Resolution.RELEASE and event.release == base:
            return True
        came = partial(self._order, item.project_id)
        if decided.how is Resolution.NEXT and base and came(base) is None:
            self._came[item.project_id, base] = 0.0  # retention removed it: it was there before all that are known
        return newer(event.release, base, came)

    def _order(self, project_id: int, version: str) -> float | None:
        key = (project_id, version)
        if key not in self._came:
            self._came[key] = self._connection.exec_driver_sql(_CAME, key).scalar()
        return self._came[key]

    def _ends(self, decided: _Decided, issue_id: int, event: Event) -> bool:
        """Counts an event of a muted issue, and answers whether it ends the mute."""
        mute = decided.mute
        decided.count += 1
        if mute.users is not None:
            self._count_user(decided, issue_id, user_name(event))
        if event.received <= decided.since:
            return False
        if mute.until is not None and event.received >= mute.until:
            return True
        if mute.users is not None and decided.users >= mute.users:
            return True
        if mute.events is None:
            return False
        return self._crowded(issue_id, event, mute) if mute.window else decided.count >= mute.events

    def _count_user(self, decided: _Decided, issue_id: int, user: str) -> None:
        if not user or user in decided.new_users:
            return
        if self._connection.exec_driver_sql(_KNOWN_USER, (issue_id, user)).first() is None:
            decided.new_users.add(user)
            decided.users += 1

    def _crowded(self, issue_id: int, event: Event, mute: Mute) -> bool:
        """Answers whether the window that ends with this event is full."""
        self._connection.exec_driver_sql(_SEEN, (issue_id, event.received))
        self._connection.exec_driver_sql(_PASSED, (issue_id, event.received - (mute.window or 0)))
        within: int = self._connection.exec_driver_sql(_WITHIN, (issue_id,)).scalar_one()
        return within >= (mute.events or 0)

    def _bring_back(self, issue_id: int, kind: Kind, release: str) -> None:
        regressed = kind is Kind.REGRESSED
        values = {
            "status": Status.UNRESOLVED.value,
            "status_since": self._now,
            "regressed": regressed,
            "regressed_in": release if regressed else None,
            "resolution": None,
            "resolved_release": None,
            "mute": None,
        }
        self._connection.execute(update(schema.issue).where(_issue.id == issue_id).values(values))
        self._connection.execute(delete(schema.mute_event).where(schema.mute_event.c.issue_id == issue_id))
        write_activity(self._connection, [(issue_id, None, kind.value, release, self._now)])
