"""Counts of sessions by hour, release and environment. The sums are made in memory first; see also `counters.py`.

In: sessions of the worker's batches. Out: counts, each session under its worst state, and the few rows that this needs:
those of sessions that are not healthy, for as long as more can be said of them. `store/asides.py`
and `store/retention/sweep.py` import it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import astuple
from sqlalchemy import Connection, delete, func, select

from kaput.model import HOUR, Drop, Health, SessionCounts, Sessions, SessionUpdate
from kaput.store import schema
from kaput.store.facts import write_drops
from kaput.store.releases import Name, Seen, environment_ids, note, release_ids, touch

KEPT_HOURS = 6 * 24
"""Hours for which a session that is not healthy is remembered; a client can say more of one for five days."""
MOST_UNHEALTHY = 10_000
"""Such sessions of one project and hour that are remembered."""
MOST = 10**12
"""The largest count that is kept, so that no sum of counts is beyond what the database adds up."""

BEYOND = "sessions_beyond_limit"

_hour = schema.session_hour.c
_unhealthy = schema.unhealthy_session.c

# What each batch asks is written out, as in `batches.py`.
_ADD = (
    "INSERT INTO session_hour (project_id, hour, release_id, environment_id,"
    " started, errored, unhandled, abnormal, crashed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
    " ON CONFLICT (project_id, hour, release_id, environment_id) DO UPDATE SET"
    " started = min(started + excluded.started, ?10), errored = min(errored + excluded.errored, ?10),"
    " unhandled = min(unhandled + excluded.unhandled, ?10), abnormal = min(abnormal + excluded.abnormal, ?10),"
    " crashed = min(crashed + excluded.crashed, ?10)"
)
_ADD_TOTAL = "UPDATE project SET sessions = min(sessions + ?, ?) WHERE id = ?"
_REMEMBERED = (
    "SELECT release_id, environment_id, begun, health FROM unhealthy_session"
    " WHERE hour = ? AND project_id = ? AND sid = ?"
)
_REMEMBER = (
    "INSERT INTO unhealthy_session (hour, project_id, sid, release_id, environment_id, begun, health)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (hour, project_id, sid) DO UPDATE SET begun = excluded.begun, health = excluded.health"
)
_FORGET = "DELETE FROM unhealthy_session WHERE hour < ?"

Place = tuple[int, int, int, int]
"""Where a session is counted: project, hour, release, environment."""
Key = tuple[int, int, bytes]
"""Hour, project and id of a session."""


class _Known(Struct, frozen=True):
    """What was counted of a session that is not healthy."""

    place: Place
    begun: bool = False
    health: Health = Health.HEALTHY

    def counts(self) -> SessionCounts:
        return SessionCounts.of(self.health, begun=self.begun)


def write_sessions(connection: Connection, told: Sequence[Sessions]) -> None:
    """Adds what a batch tells of sessions; each session is counted once, under the worst that is told of it."""
    if not told:
        return
    seen: dict[Name, Seen] = {}
    for one in told:
        note(seen, (one.project_id, one.release), one.received)
    releases = release_ids(connection, seen)
    environments = environment_ids(connection, dict.fromkeys((one.project_id, one.environment) for one in told))
    counts: dict[Place, SessionCounts] = {}
    updates: list[tuple[Place, SessionUpdate]] = []
    drops: list[Drop] = []
    for one in told:
        release = releases.get((one.project_id, one.release))
        environment = environments.get((one.project_id, one.environment))
        if release is None or environment is None:
            drops += _beyond(one)
            continue
        for hour, added in one.hours.items():
            _add(counts, (one.project_id, hour, release, environment), added)
        updates += (((one.project_id, said.hour, release, environment), said) for said in one.updates)
    _write_updates(connection, updates, counts)
    _write_counts(connection, counts)
    touch(connection, releases, seen)
    write_drops(connection, drops)
    newest = int(max(one.received for one in told) // HOUR)
    connection.exec_driver_sql(_FORGET, (newest - KEPT_HOURS,))


def forget_before(connection: Connection, hour: int) -> None:
    """Removes the counts of sessions that were started before an hour, and the releases that were seen last then.

    Args:
        connection: of a writing transaction.
        hour: since the epoch.
    """
    projects = select(schema.project.c.id)  # the keys of session_hour begin with it
    connection.execute(delete(schema.session_hour).where(_hour.project_id.in_(projects), _hour.hour < hour))
    connection.execute(delete(schema.unhealthy_session).where(_unhealthy.hour < hour))
    # Nothing of theirs is left: a release is seen whenever something of it is counted.
    connection.execute(delete(schema.release).where(schema.release.c.last_seen < hour * HOUR))


def _beyond(one: Sessions) -> list[Drop]:
    count = sum(counts.total for counts in one.hours.values()) + len(one.updates)
    return [Drop(BEYOND, count, one.received, one.project_id)] if count else []


def _add(counts: dict[Place, SessionCounts], place: Place, added: SessionCounts) -> None:
    counts[place] = counts.get(place, SessionCounts()) + added


def _write_updates(
    connection: Connection, updates: Sequence[tuple[Place, SessionUpdate]], counts: dict[Place, SessionCounts]
) -> None:
    """Adds what the updates change about their sessions to the counts, and remembers the sessions."""
    if not updates:
        return
    keys = {_key(place, said): None for place, said in updates}
    known = _remembered(connection, list(keys))
    room = _room(connection, {key[:2] for key in keys if key not in known})
    changed: dict[Key, _Known] = {}
    for place, said in updates:
        key = _key(place, said)
        before = known.get(key)
        if before is None:
            if not room[key[:2]]:
                # A session ends badly once, but it has errors again and again.
                health = said.health if said.health > Health.ERRORED else Health.HEALTHY
                _add(counts, place, SessionCounts.of(health, begun=said.begun))
                continue
            room[key[:2]] -= 1
            before = _Known(place)
        after = _Known(before.place, before.begun or said.begun, max(before.health, said.health))
        if after != before:
            _add(counts, before.place, after.counts() - before.counts())
            known[key] = changed[key] = after
    _remember(connection, changed)


def _key(place: Place, said: SessionUpdate) -> Key:
    return said.hour, place[0], bytes.fromhex(said.sid)


def _remembered(connection: Connection, keys: Sequence[Key]) -> dict[Key, _Known]:
    found: dict[Key, _Known] = {}
    for hour, project_id, sid in keys:
        row = connection.exec_driver_sql(_REMEMBERED, (hour, project_id, sid)).first()
        if row is not None:
            release_id, environment_id, begun, health = row
            place = (project_id, hour, release_id, environment_id)
            found[hour, project_id, sid] = _Known(place, bool(begun), Health(health))
    return found


def _room(connection: Connection, wanted: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Returns for hours of projects how many more sessions can be remembered."""
    room = {}
    for hour, project_id in wanted:
        query = select(func.count()).where(_unhealthy.hour == hour, _unhealthy.project_id == project_id)
        room[hour, project_id] = max(0, MOST_UNHEALTHY - connection.execute(query).scalar_one())
    return room


def _remember(connection: Connection, changed: Mapping[Key, _Known]) -> None:
    if changed:
        rows = [(*key, *known.place[2:], known.begun, known.health.value) for key, known in changed.items()]
        connection.exec_driver_sql(_REMEMBER, rows)


def _write_counts(connection: Connection, counts: Mapping[Place, SessionCounts]) -> None:
    rows = [(*place, *astuple(added), MOST) for place, added in counts.items() if added != SessionCounts()]
    if not rows:
        return
    connection.exec_driver_sql(_ADD, rows)
    started: Counter[int] = Counter()
    for place, added in counts.items():
        started[place[0]] += added.started
    connection.exec_driver_sql(_ADD_TOTAL, [(count, MOST, project_id) for project_id, count in started.items()])
