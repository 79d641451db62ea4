"""Stored events and their payloads.

In: ids. Out: rows and events. Handed out as `store.base.Events`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Select, func, select

from kaput.errors import NotFound
from kaput.model import Event
from kaput.store import schema
from kaput.store.base import EventRow, Neighbours, StoredEvent
from kaput.store.engine import Database
from kaput.store.payload import Payloads

EXPORT_ROWS = 50

_event = schema.event.c
_issue = schema.issue.c
_project = schema.project.c
_COLUMNS = (
    _event.id,
    _event.event_id,
    _event.issue_id,
    _event.project_id,
    _project.slug,
    _event.timestamp,
    _event.received,
    _event.level,
    _event.release,
    _event.environment,
)


class SqlEvents:
    """Implements `kaput.store.base.Events`."""

    def __init__(self, database: Database, payloads: Payloads) -> None:
        self._database = database
        self._payloads = payloads

    def get(self, event_id: str, project_id: int | None = None) -> StoredEvent:
        """See `kaput.store.base.Events.get`."""
        try:
            raw = bytes.fromhex(event_id)
        except ValueError:
            raise NotFound(f"{event_id!r} is no event id; one has 32 hexadecimal digits.") from None
        query = _with_payload().where(_event.event_id == raw)
        if project_id is not None:
            query = query.where(_event.project_id == project_id)
        return self._first(query, f"There is no event {event_id}; it may have been thinned out.")

    def begins(self, digits: str, projects: Sequence[int], limit: int) -> list[EventRow]:
        """See `kaput.store.base.Events.begins`. A range of the index on ids."""
        first, last = (bytes.fromhex(digits.ljust(32, digit)) for digit in "0f")
        query = _rows().where(_event.event_id.between(first, last), _event.project_id.in_(projects))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_event.id.desc()).limit(limit)).all()
        return [_event_row(row) for row in rows]

    def by_row(self, row: int) -> StoredEvent:
        """See `kaput.store.base.Events.by_row`."""
        return self._first(_with_payload().where(_event.id == row), f"There is no event in row {row}.")

    def newest_of_each(self, project_id: int, issues: int, events: int) -> Iterator[tuple[str, Event]]:
        """See `kaput.store.base.Events.newest_of_each`. A transaction for each issue."""
        last = select(_issue.id, _issue.number, _project.slug).join_from(schema.issue, schema.project)
        last = last.where(_issue.project_id == project_id, _issue.removed.is_(None)).order_by(_issue.last_seen.desc())
        with self._database.read() as connection:
            found = connection.execute(last.limit(issues)).all()
        query = select(_event.dictionary_id, _event.payload).order_by(_event.id.desc()).limit(events)
        for issue_id, number, slug in found:
            with self._database.read() as connection:
                rows = connection.execute(query.where(_event.issue_id == issue_id)).all()
                stored = [self._payloads.event(connection, row) for row in rows]
            yield from ((f"{slug.upper()}-{number}", event) for event in stored)

    def newest(self, issue_id: int) -> StoredEvent:
        """See `kaput.store.base.Events.newest`."""
        query = _with_payload().where(_event.issue_id == issue_id).order_by(_event.id.desc())
        return self._first(query, f"No event of issue {issue_id} is stored.")

    def neighbours(self, issue_id: int, row: int) -> Neighbours:
        """See `kaput.store.base.Events.neighbours`."""
        mine = _event.issue_id == issue_id
        ids = select(_event.event_id).where(mine)
        with self._database.read() as connection:
            total = connection.execute(select(func.count()).where(mine)).scalar_one()
            index = connection.execute(select(func.count()).where(mine, _event.id <= row)).scalar_one()
            before = connection.execute(ids.where(_event.id < row).order_by(_event.id.desc()).limit(1)).scalar()
            after = connection.execute(ids.where(_event.id > row).order_by(_event.id).limit(1)).scalar()
            oldest = connection.execute(ids.order_by(_event.id).limit(1)).scalar()
            newest = connection.execute(ids.order_by(_event.id.desc()).limit(1)).scalar()
        if oldest is None or newest is None:
            raise NotFound(f"No event of issue {issue_id} is stored.")
        return Neighbours(
            index=index,
            total=total,
            previous=before.hex() if before else None,
            next=after.hex() if after else None,
            oldest=oldest.hex(),
            newest=newest.hex(),
        )

    def of_issue(self, issue_id: int, limit: int, before: int | None = None) -> list[EventRow]:
        """See `kaput.store.base.Events.of_issue`."""
        query = _rows().where(_event.issue_id == issue_id).order_by(_event.id.desc()).limit(limit)
        if before is not None:
            query = query.where(_event.id < before)
        with self._database.read() as connection:
            return [_event_row(row) for row in connection.execute(query)]

    def export(self, project_id: int | None, *, payload: bool) -> Iterator[tuple[EventRow, Any]]:
        """See `kaput.store.base.Events.export`. Reads in steps, so that no transaction stays open between them."""
        wanted = ~_project.internal if project_id is None else _event.project_id == project_id
        query = (_with_payload() if payload else _rows()).where(wanted).order_by(_event.id).limit(EXPORT_ROWS)
        last = 0
        while True:
            with self._database.read() as connection:
                rows = connection.execute(query.where(_event.id > last)).all()
                texts = [self._payloads.text(connection, row) if payload else b"null" for row in rows]
            if not rows:
                return
            for row, text in zip(rows, texts, strict=True):
                yield _event_row(row), msgspec.json.decode(text)
            last = rows[-1].id

    def since(self, row: int, limit: int) -> list[tuple[EventRow, str]]:
        """See `kaput.store.base.Events.since`."""
        query = (
            select(*_COLUMNS, _issue.type, _issue.value)
            .select_from(schema.event.join(schema.project).join(schema.issue, _issue.id == _event.issue_id))
            .where(_event.id > row, ~_project.internal)
            .order_by(_event.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [(_event_row(r), ": ".join(part for part in (r.type, r.value) if part)) for r in rows]

    def last_row(self) -> int:
        """See `kaput.store.base.Events.last_row`."""
        with self._database.read() as connection:
            return connection.execute(select(func.max(_event.id))).scalar() or 0

    def _first(self, query: Select[Any], missing: str) -> StoredEvent:
        with self._database.read() as connection:
            row = connection.execute(query.limit(1)).one_or_none()
            if row is None:
                raise NotFound(missing)
            return StoredEvent(_event_row(row), self._payloads.event(connection, row))


def _rows() -> Select[Any]:
    return select(*_COLUMNS).join_from(schema.event, schema.project)


def _with_payload() -> Select[Any]:
    return select(*_COLUMNS, _event.dictionary_id, _event.payload).join_from(schema.event, schema.project)


def _event_row(row: Any) -> EventRow:
    return EventRow(
        row=row.id,
        event_id=row.event_id.hex(),
        issue_id=row.issue_id,
        project_id=row.project_id,
        project=row.slug,
        timestamp=row.timestamp,
        received=row.received,
        level=row.level,
        release=row.release,
        environment=row.environment,
    )
