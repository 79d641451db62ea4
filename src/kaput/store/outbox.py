"""Notices that wait to be sent.

In: marks of the sender, and tests that a person asks for. Out: notices. Handed out as `store.base.Outbox`.
"""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from kaput.errors import NotFound
from kaput.model import MAIL_LANE, Audience, Clock, Kind, Rule
from kaput.store import schema
from kaput.store.base import MailedRow, NoticeRow, Trouble
from kaput.store.engine import CHUNK, Database
from kaput.store.situation import audience_of, pauses_over, tell_held

LONGEST_ERROR = 1000
MOST_OPEN = 20_000
MAILED_SECONDS = 7200.0
"""For so long it is known what went out; a budget looks back for an hour."""
MOST_RELEASED = 1000
"""Pauses whose ends are told in one transaction; the rest follows with the next."""

_notice = schema.notice.c
_mailed = schema.mailed.c
_event = schema.event.c
_issue = schema.issue.c

_OPEN = _notice.state.in_(("pending", "held"))
_OF_CHANNEL = _notice.recipient.like("channel:%")


_FIELDS = [name for name in NoticeRow.__struct_fields__ if name != "rule"]
_TRIED = func.max(_notice.due).filter(_notice.attempts > 0)
_HEADS = (
    select(
        _notice.project_id,
        _notice.recipient,
        func.min(_notice.id).label("id"),
        func.min(_notice.created).label("created"),
        func.coalesce(_TRIED, func.min(_notice.due)).label("due"),
        func.max(_notice.attempts).label("attempts"),
        func.count().label("many"),
    )
    .where(_notice.state == "held")
    .group_by(_notice.project_id, _notice.recipient)
)


class SqlOutbox:
    """Implements `kaput.store.base.Outbox`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def newest(self) -> int:
        """See `kaput.store.base.Outbox.newest`."""
        with self._database.read() as connection:
            newest: int = connection.execute(select(func.coalesce(func.max(_notice.id), 0))).scalar_one()
        return newest

    def release(self, now: float) -> bool:
        """See `kaput.store.base.Outbox.release`."""
        with self._database.read() as connection:
            if not pauses_over(connection, now, 1):
                return False
        with self._database.write() as connection:
            tell_held(connection, pauses_over(connection, now, MOST_RELEASED))
        return True

    def open(self, lane: str = MAIL_LANE) -> list[NoticeRow]:
        """See `kaput.store.base.Outbox.open`.

        At most 20,000 of each state, the oldest: the rest comes when those are gone. However many are held back, what
        may go at once is among them.
        """
        found: list[NoticeRow] = []
        with self._database.read() as connection:
            for state in ("pending", "held"):
                query = _named().where(_notice.state == state, _on(lane)).order_by(_notice.id)
                found += [_row(row) for row in connection.execute(query.limit(MOST_OPEN))]
        return sorted(found, key=lambda notice: notice.id)

    def waiting(self, lane: str = MAIL_LANE) -> list[NoticeRow]:
        """See `kaput.store.base.Outbox.waiting`."""
        pending = _named().where(_notice.state == "pending", _on(lane)).order_by(_notice.id).limit(MOST_OPEN)
        with self._database.read() as connection:
            found = [_row(row) for row in connection.execute(pending)]
            found += [_head(row) for row in connection.execute(_HEADS.where(_on(lane)))]
        return sorted(found, key=lambda notice: notice.id)

    def held(self, project_id: int, recipient: str) -> list[NoticeRow]:
        """See `kaput.store.base.Outbox.held`. At most 20,000, the oldest: the rest comes when those are gone."""
        query = _named().where(
            _notice.state == "held", _notice.project_id == project_id, _notice.recipient == recipient
        )
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query.order_by(_notice.id).limit(MOST_OPEN))]

    def lanes(self) -> list[str]:
        """See `kaput.store.base.Outbox.lanes`."""
        query = select(_notice.recipient).where(_OPEN, _OF_CHANNEL).group_by(_notice.recipient)
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(func.max(_notice.attempts))).scalars())

    def sent_at_once(self, since: float) -> list[NoticeRow]:
        """See `kaput.store.base.Outbox.sent_at_once`."""
        query = (
            _named().where(_notice.state == "sent", _notice.created > since, ~_notice.in_digest).order_by(_notice.id)
        )
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query)]

    def mailed(self, since: float) -> list[MailedRow]:
        """See `kaput.store.base.Outbox.mailed`."""
        query = select(schema.mailed).where(_mailed.time > since)
        with self._database.read() as connection:
            return [
                MailedRow(row.project_id, row.recipient, row.time, row.in_digest) for row in connection.execute(query)
            ]

    def mark_held(self, ids: Sequence[int], now: float) -> None:
        """See `kaput.store.base.Outbox.mark_held`."""
        self._mark(ids, state="held", due=now, attempts=0, error="")

    def mark_sent(self, ids: Sequence[int], now: float, *, in_digest: bool) -> None:
        """See `kaput.store.base.Outbox.mark_sent`. They are one mail, and go into the budget of its recipient."""
        mail = select(_notice.project_id, _notice.recipient, literal(now), literal(in_digest)).where(
            _notice.id == ids[0]
        )
        with self._database.write() as connection:
            connection.execute(delete(schema.mailed).where(_mailed.time < now - MAILED_SECONDS))
            connection.execute(
                insert(schema.mailed).from_select(["project_id", "recipient", "time", "in_digest"], mail)
            )
            _mark(connection, ids, state="sent", sent=now, in_digest=in_digest, error="")

    def mark_retry(self, ids: Sequence[int], error: str, due: float) -> None:
        """See `kaput.store.base.Outbox.mark_retry`."""
        self._mark(ids, error=error[:LONGEST_ERROR], due=due, attempts=_notice.attempts + 1)

    def mark_failed(self, ids: Sequence[int], error: str) -> None:
        """See `kaput.store.base.Outbox.mark_failed`."""
        self._mark(ids, state="failed", error=error[:LONGEST_ERROR], attempts=_notice.attempts + 1)

    def troubles(self) -> list[Trouble]:
        """See `kaput.store.base.Outbox.troubles`."""
        lane = case((_OF_CHANNEL, _notice.recipient), else_=MAIL_LANE).label("lane")
        failing = (_OPEN, _notice.error != "")
        sums = (func.count().label("count"), func.min(_notice.created).label("since"), func.max(_notice.attempts))
        query = select(lane, *sums).where(*failing).group_by(lane).order_by(lane)
        with self._database.read() as connection:
            troubles = []
            for name, count, since, attempts in connection.execute(query).all():
                newest = select(_notice.error, _notice.due).where(*failing, _on(name)).order_by(_notice.due.desc())
                error, due = connection.execute(newest.limit(1)).one()
                troubles.append(Trouble(name, count, since, error, due, attempts))
        return troubles

    def undelivered(self, limit: int, project_id: int | None = None) -> list[NoticeRow]:
        """See `kaput.store.base.Outbox.undelivered`."""
        wanted = or_(_notice.state == "failed", and_(_OPEN, _notice.error != ""))
        query = _named().where(wanted).order_by(_notice.id.desc()).limit(limit)
        if project_id is not None:
            query = query.where(_notice.project_id == project_id)
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query)]

    def last(self, recipients: Sequence[str]) -> dict[str, NoticeRow]:
        """See `kaput.store.base.Outbox.last`."""
        newest = select(func.max(_notice.id)).where(_notice.recipient.in_(recipients)).group_by(_notice.recipient)
        with self._database.read() as connection:
            rows = connection.execute(_named().where(_notice.id.in_(newest)))
            return {row.recipient: _row(row) for row in rows}

    def get(self, notice_id: int) -> NoticeRow:
        """See `kaput.store.base.Outbox.get`."""
        with self._database.read() as connection:
            row = connection.execute(_named().where(_notice.id == notice_id)).one_or_none()
        if row is None:
            raise NotFound(f"There is no notice {notice_id}.")
        return _row(row)

    def test(self, project_id: int, recipient: str) -> int:
        """See `kaput.store.base.Outbox.test`."""
        return self._test(project_id, [recipient])[0]

    def test_rule(self, rule: Rule, recipients: Sequence[str]) -> list[int]:
        """See `kaput.store.base.Outbox.test_rule`."""
        return self._test(rule.project_id, recipients, rule.id, f"test of {rule.name}") if recipients else []

    def tested(self, rule_id: int) -> list[NoticeRow]:
        """See `kaput.store.base.Outbox.tested`."""
        mine = (_notice.kind == Kind.TEST.value, _notice.rule_id == rule_id)
        newest = select(func.max(_notice.created)).where(*mine).scalar_subquery()
        query = _named().where(*mine, _notice.created == newest).order_by(_notice.id)
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query)]

    def audience(self, project_id: int) -> Audience:
        """See `kaput.store.base.Outbox.audience`."""
        with self._database.read() as connection:
            return audience_of(connection, project_id)

    def _test(self, project_id: int, recipients: Sequence[str], rule_id: int = 0, words: str = "") -> list[int]:
        now = self._clock()
        with self._database.write() as connection:
            newest = select(_event.issue_id, _event.id).where(_event.issue_id == _newest_issue(project_id))
            found = connection.execute(newest.order_by(_event.id.desc()).limit(1)).one_or_none()
            values = {
                "kind": Kind.TEST.value,
                "project_id": project_id,
                "issue_id": found.issue_id if found else None,
                "event_row": found.id if found else 0,
                "state": "pending",
                "in_digest": False,
                "created": now,
                "due": now,
                "attempts": 0,
                "sequence": -1,  # it takes no place in the thread of the issue's mails
                "error": "",
                "rule_id": rule_id,
                "words": words,
                "count": 1,
            }
            write = insert(schema.notice).returning(_notice.id)
            return [connection.execute(write, values | {"recipient": one}).scalar_one() for one in recipients]

    def _mark(self, ids: Sequence[int], **values: Any) -> None:
        with self._database.write() as connection:
            _mark(connection, ids, **values)


def _mark(connection: Connection, ids: Sequence[int], **values: Any) -> None:
    for start in range(0, len(ids), CHUNK):
        wanted = _notice.id.in_(ids[start : start + CHUNK])
        connection.execute(update(schema.notice).where(wanted).values(**values))


def _named() -> Select[Any]:
    empty: dict[str, Any] = {"issue_id": 0, "note": ""}
    columns = [func.coalesce(_notice[name], empty[name]) if name in empty else _notice[name] for name in _FIELDS]
    joined = schema.notice.outerjoin(schema.rule, schema.rule.c.id == _notice.rule_id)
    return select(*columns, func.coalesce(schema.rule.c.name, "")).select_from(joined)


def _on(lane: str) -> ColumnElement[bool]:
    return ~_OF_CHANNEL if lane == MAIL_LANE else _notice.recipient == lane


def _newest_issue(project_id: int) -> ScalarSelect[int]:
    """Returns the issue of which an event was stored last."""
    mine = select(_issue.id).where(_issue.project_id == project_id, _issue.kept > 0)
    return mine.order_by(_issue.last_seen.desc()).limit(1).scalar_subquery()


def _head(row: Row[Any]) -> NoticeRow:
    """Returns what stands for all that is held back for one recipient."""
    return NoticeRow(
        id=row.id,
        kind=Kind.ALERT,
        project_id=row.project_id,
        issue_id=0,
        event_row=0,
        recipient=row.recipient,
        state="held",
        created=row.created,
        due=row.due,
        attempts=row.attempts,
        sequence=0,
        error="",
        count=row.many,
    )


def _row(row: Row[Any]) -> NoticeRow:
    """Reads a row of `_named`; by place, since a digest may read 10,000."""
    number, kind, *rest = cast("Sequence[Any]", row)
    return NoticeRow(number, Kind(kind), *rest)
