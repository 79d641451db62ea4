"""Notices that wait to be sent.

In: marks of the sender. Out: notices. Handed out as `store.base.Outbox`.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, update

from kaput.model import Kind
from kaput.store import schema
from kaput.store.base import NoticeRow
from kaput.store.engine import CHUNK, Database

LONGEST_ERROR = 1000
MOST_OPEN = 20_000

_notice = schema.notice.c


class SqlOutbox:
    """Implements `kaput.store.base.Outbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self) -> list[NoticeRow]:
        """See `kaput.store.base.Outbox.open`. At most the oldest 20,000: the rest comes when those are gone."""
        query = select(schema.notice).where(_notice.state.in_(("pending", "held"))).order_by(_notice.id)
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query.limit(MOST_OPEN))]

    def sent_at_once(self, since: float) -> list[NoticeRow]:
        """See `kaput.store.base.Outbox.sent_at_once`."""
        query = (
            select(schema.notice)
            .where(_notice.state == "sent", _notice.created > since, ~_notice.in_digest)
            .order_by(_notice.id)
        )
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query)]

    def mark_held(self, ids: Sequence[int], now: float) -> None:
        """See `kaput.store.base.Outbox.mark_held`."""
        self._mark(ids, state="held", due=now)

    def mark_sent(self, ids: Sequence[int], now: float, *, in_digest: bool) -> None:
        """See `kaput.store.base.Outbox.mark_sent`."""
        self._mark(ids, state="sent", sent=now, in_digest=in_digest, error="")

    def mark_retry(self, ids: Sequence[int], error: str, due: float) -> None:
        """See `kaput.store.base.Outbox.mark_retry`."""
        self._mark(ids, error=error[:LONGEST_ERROR], due=due, attempts=_notice.attempts + 1)

    def mark_failed(self, ids: Sequence[int], error: str) -> None:
        """See `kaput.store.base.Outbox.mark_failed`."""
        self._mark(ids, state="failed", error=error[:LONGEST_ERROR], attempts=_notice.attempts + 1)

    def last_error(self) -> tuple[str, float] | None:
        """See `kaput.store.base.Outbox.last_error`."""
        query = (
            select(_notice.error, _notice.due)
            .where(_notice.state.in_(("pending", "held")), _notice.error != "")
            .order_by(_notice.due.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return (row.error, row.due) if row else None

    def _mark(self, ids: Sequence[int], **values: Any) -> None:
        with self._database.write() as connection:
            for start in range(0, len(ids), CHUNK):
                wanted = _notice.id.in_(ids[start : start + CHUNK])
                connection.execute(update(schema.notice).where(wanted).values(**values))


def _row(row: Row[Any]) -> NoticeRow:
    return NoticeRow(
        id=row.id,
        kind=Kind(row.kind),
        project_id=row.project_id,
        issue_id=row.issue_id,
        event_row=row.event_row,
        recipient=row.recipient,
        state=row.state,
        created=row.created,
        due=row.due,
        attempts=row.attempts,
        sequence=row.sequence,
        error=row.error,
        note=row.note or "",
    )
