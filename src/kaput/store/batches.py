"""The worker's transaction: events, issues, counters, notices, asides, dead records, drops, positions; or nothing.

In: a batch. Out: the changes that came of it. Handed out as `store.base.Batches`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from kaput.model import Batch, Change, Clock, Dead, Digested, Drop, Evaluate, Happened, Kind, Position, Verdict
from kaput.store import schema
from kaput.store.asides import write_asides
from kaput.store.assignment import Assigned, assign, update_issues
from kaput.store.attachments import Shelf
from kaput.store.base import DeadRow, Status
from kaput.store.counters import write_hours, write_tags, write_users
from kaput.store.drift import Drift
from kaput.store.engine import CHUNK, Database, look_up
from kaput.store.facts import DEAD_REASON, write_drops
from kaput.store.healing import standing, write_healed
from kaput.store.monitors import write_watched
from kaput.store.payload import Packed, Packings
from kaput.store.releases import write_releases
from kaput.store.situation import SqlSituation

_dead = schema.dead.c

# What each batch asks is written out: SQLAlchemy takes longer to build a statement than SQLite to run it.
_STORED_EVENT = "SELECT 1 FROM event WHERE event_id = ? AND project_id = ?"
_NEXT_ROW = "SELECT coalesce(max(id), 0) + 1 FROM event"
_INSERT_EVENT = (
    "INSERT INTO event (id, event_id, project_id, issue_id, timestamp, received, level, release, environment,"
    " origin_id, dictionary_id, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ADD_DIGESTED = "UPDATE project SET digested = digested + ? WHERE id = ?"
_WRITE_POSITION = (
    'INSERT INTO position (segment, "offset") VALUES (?, ?)'
    ' ON CONFLICT (segment) DO UPDATE SET "offset" = excluded."offset"'
)


class SqlBatches:
    """Implements `kaput.store.base.Batches`; used by one thread."""

    def __init__(self, database: Database, clock: Clock, drift: Drift, shelf: Shelf) -> None:
        self._database = database
        self._clock = clock
        self._drift = drift
        self._shelf = shelf
        self._packings = Packings()

    def positions(self) -> list[Position]:
        """See `kaput.store.base.Batches.positions`."""
        with self._database.read() as connection:
            return [Position(row.segment, row.offset) for row in connection.execute(select(schema.position))]

    def commit(self, batch: Batch, evaluate: Evaluate) -> list[Change]:
        """See `kaput.store.base.Batches.commit`."""
        now = self._clock()
        asides, beyond = self._shelf.keep(batch.asides, now)
        with self._database.write() as connection:
            fresh, duplicates = _split(batch.digested, _stored(connection, batch.digested))
            assigned = assign(connection, fresh, now)
            ignored, fresh = _ignored(fresh, assigned, now), [item.digested for item in assigned]
            packed = self._pack(connection, fresh)
            rows = _write_events(connection, assigned, packed)
            again = write_asides(connection, asides, fresh)
            events = [(item.issue_id, item.digested.event) for item in assigned]
            events += [(item.origin_id, item.digested.event) for item in assigned if item.origin_id is not None]
            write_hours(connection, events)
            write_tags(connection, events)
            write_releases(connection, assigned)
            update_issues(connection, assigned, write_users(connection, events), _sizes(assigned, packed))
            write_watched(connection, batch.watched, now)
            write_healed(connection, batch.healed, now)
            changes = list(_changes(assigned, rows, now))
            situation = SqlSituation(connection, now)
            verdict = evaluate(_happened(assigned, rows), situation) if assigned else Verdict([])
            situation.write(verdict)
            _write_dead(connection, batch.dead, now)
            drops = [*batch.drops, *batch.filtered, *beyond, *again, *_duplicate_drops(duplicates, now), *ignored]
            write_drops(connection, drops)
            by_project = Counter(item.project_id for item in batch.digested)
            _add_digested(connection, by_project + Counter(drop.project_id for drop in batch.filtered))
            _write_positions(connection, batch.positions)
        self._note(fresh, rows, packed)
        return changes + [draft.change for draft in verdict.drafts if draft.change.kind is Kind.ALERT]

    def standing(self, project_id: int, version: str) -> dict[str, Status]:
        """See `kaput.store.base.Batches.standing`."""
        with self._database.read() as connection:
            return standing(connection, project_id, version)

    def forget(self, positions: Sequence[Position]) -> None:
        """See `kaput.store.base.Batches.forget`."""
        names = [position.segment for position in positions]
        if not names:
            return
        with self._database.write() as connection:
            for start in range(0, len(names), CHUNK):
                old = schema.position.c.segment.in_(names[start : start + CHUNK])
                connection.execute(delete(schema.position).where(old))

    def known_dead(self, most: int | None = None) -> list[DeadRow]:
        """See `kaput.store.base.Batches.known_dead`."""
        newest = select(schema.dead).order_by(_dead.stored.desc(), _dead.name.desc()).limit(most)
        with self._database.read() as connection:
            rows = connection.execute(newest).all()
        return [DeadRow(Dead(r.name, r.reason, r.project_id, r.event_id, r.received), r.stored) for r in rows[::-1]]

    def count_dead(self) -> int:
        """See `kaput.store.base.Batches.count_dead`."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(schema.dead)).scalar_one()

    def forget_dead(self, names: Sequence[str], *, dropped: bool) -> int:
        """See `kaput.store.base.Batches.forget_dead`."""
        now = self._clock()
        with self._database.write() as connection:
            by_project: Counter[int] = Counter()
            for start in range(0, len(names), CHUNK):
                old = _dead.name.in_(names[start : start + CHUNK])
                query = delete(schema.dead).where(old).returning(_dead.project_id)
                by_project.update(connection.execute(query).scalars())
            if dropped:
                drops = [Drop(DEAD_REASON, count, now, project) for project, count in by_project.items()]
                write_drops(connection, drops)
                _add_digested(connection, by_project)
        return by_project.total()

    def _pack(self, connection: Connection, fresh: Sequence[Digested]) -> list[Packed]:
        self._packings.follow(connection)
        return [self._packings.pack(connection, item.project_id, item.event, item.text) for item in fresh]

    def _note(self, fresh: Sequence[Digested], rows: Sequence[int], packed: Sequence[Packed]) -> None:
        """Tells how well the events of each project were compressed."""
        by_project: dict[int, list[tuple[int, Packed]]] = {}
        for item, row, one in zip(fresh, rows, packed, strict=True):
            by_project.setdefault(item.project_id, []).append((row, one))
        for project_id, ones in by_project.items():
            raw, size = sum(one.raw for _, one in ones), sum(len(one.payload) for _, one in ones)
            self._drift.add(project_id, [row for row, _ in ones], raw, size, ones[0][1].packing.ratio)


def _write_events(connection: Connection, assigned: Sequence[Assigned], packed: Sequence[Packed]) -> list[int]:
    """Inserts the events and returns their rows, in order."""
    if not assigned:
        return []
    first: int = connection.exec_driver_sql(_NEXT_ROW).scalar_one()
    rows = list(range(first, first + len(assigned)))
    connection.exec_driver_sql(_INSERT_EVENT, list(map(_event_values, rows, assigned, packed)))
    return rows


def _event_values(row: int, item: Assigned, packed: Packed) -> tuple[object, ...]:
    event = item.digested.event
    return (
        row,
        bytes.fromhex(event.event_id),
        item.digested.project_id,
        item.issue_id,
        event.timestamp,
        event.received,
        event.level,
        event.release,
        event.environment,
        item.origin_id,
        packed.packing.dictionary_id,
        packed.payload,
    )


def _sizes(assigned: Sequence[Assigned], packed: Sequence[Packed]) -> Counter[int]:
    """Returns by issue the bytes of the payloads."""
    sizes: Counter[int] = Counter()
    for item, one in zip(assigned, packed, strict=True):
        sizes[item.issue_id] += len(one.payload)
    return sizes


def _stored(connection: Connection, digested: Sequence[Digested]) -> set[tuple[int, str]]:
    keys = ((bytes.fromhex(item.event.event_id), item.project_id) for item in digested)
    return {(project_id, raw.hex()) for raw, project_id in look_up(connection, _STORED_EVENT, keys)}


def _split(digested: Sequence[Digested], stored: set[tuple[int, str]]) -> tuple[list[Digested], list[Digested]]:
    """Parts the events into those that are new and those that are stored, or stand in the batch, already."""
    fresh: list[Digested] = []
    duplicates: list[Digested] = []
    seen = set(stored)
    for item in digested:
        key = (item.project_id, item.event.event_id)
        (duplicates if key in seen else fresh).append(item)
        seen.add(key)
    return fresh, duplicates


def _duplicate_drops(duplicates: Sequence[Digested], now: float) -> Iterator[Drop]:
    for project_id, count in Counter(item.project_id for item in duplicates).items():
        yield Drop("duplicate", count, now, project_id)


def _ignored(fresh: Sequence[Digested], assigned: Sequence[Assigned], now: float) -> list[Drop]:
    """Counts the events of issues that a person wants no events of."""
    if len(fresh) == len(assigned):
        return []
    counts = Counter(item.project_id for item in fresh)
    counts.subtract(item.digested.project_id for item in assigned)
    return [Drop("ignored", count, now, project_id) for project_id, count in counts.items() if count]


def _changes(assigned: Sequence[Assigned], rows: Sequence[int], now: float) -> Iterator[Change]:
    for row, item in zip(rows, assigned, strict=True):
        if item.kind is not None:
            yield Change(item.kind, item.digested.project_id, item.issue_id, row, now)


def _happened(assigned: Sequence[Assigned], rows: Sequence[int]) -> list[Happened]:
    """Returns the events as the rules see them."""
    return [
        Happened(item.kind, item.digested.project_id, item.issue_id, row, item.digested.title.type, item.digested.event)
        for row, item in zip(rows, assigned, strict=True)
    ]


def _write_dead(connection: Connection, dead: Sequence[Dead], now: float) -> None:
    if dead:
        rows = [
            {
                "name": d.name,
                "project_id": d.project_id,
                "event_id": d.event_id,
                "reason": d.reason,
                "received": d.received,
                "stored": now,
            }
            for d in dead
        ]
        connection.execute(insert(schema.dead).on_conflict_do_nothing(), rows)


def _add_digested(connection: Connection, by_project: Counter[int]) -> None:
    if by_project:
        counts = [(count, project_id) for project_id, count in by_project.items()]
        connection.exec_driver_sql(_ADD_DIGESTED, counts)


def _write_positions(connection: Connection, positions: Sequence[Position]) -> None:
    if positions:
        connection.exec_driver_sql(_WRITE_POSITION, [(p.segment, p.offset) for p in positions])
