"""What people said, attached to the issue of the event that it is about, whichever of the two comes first.

In: feedback of the worker's batches; questions of the page. Out: rows. Handed out as `store.base.Feedbacks`.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select
from sqlalchemy.dialects.sqlite import insert

from kaput.model import Digested, Drop, Feedback, titled
from kaput.store import schema
from kaput.store.base import FeedbackRow
from kaput.store.engine import Database

DUPLICATE = "feedback_duplicate"
"""The reason of feedback whose own id is stored already."""
MOST_OF_EVENT = 100
"""What was said about one event, that is shown: anybody may say any number of things."""

_feedback = schema.feedback.c
_issue = schema.issue.c
_project = schema.project.c

_ANY = "SELECT 1 FROM feedback LIMIT 1"
_ATTACH = (
    "UPDATE feedback SET issue_id ="
    " (SELECT issue_id FROM event WHERE event.event_id = feedback.event_id AND event.project_id = feedback.project_id)"
    " WHERE event_id = ? AND project_id = ? AND issue_id IS NULL"
)


class SqlFeedbacks:
    """Implements `kaput.store.base.Feedbacks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_issue(self, issue_id: int, limit: int) -> list[FeedbackRow]:
        """See `kaput.store.base.Feedbacks.of_issue`."""
        return self._rows(_feedback.issue_id == issue_id, limit)

    def of_project(self, project_id: int, limit: int) -> list[FeedbackRow]:
        """See `kaput.store.base.Feedbacks.of_project`."""
        return self._rows(_feedback.project_id == project_id, limit)

    def of_event(self, project_id: int, event_id: str) -> list[FeedbackRow]:
        """See `kaput.store.base.Feedbacks.of_event`."""
        mine = and_(_feedback.event_id == bytes.fromhex(event_id), _feedback.project_id == project_id)
        return self._rows(mine, MOST_OF_EVENT)

    def _rows(self, wanted: ColumnElement[bool], limit: int) -> list[FeedbackRow]:
        query = (
            select(schema.feedback, _project.slug, _issue.number, _issue.type, _issue.value)
            .select_from(schema.feedback.join(schema.project).outerjoin(schema.issue, _issue.id == _feedback.issue_id))
            .where(wanted)
            .order_by(_feedback.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_row(row) for row in connection.execute(query)]


def write_feedback(connection: Connection, said: Sequence[Feedback], fresh: Sequence[Digested]) -> list[Drop]:
    """Stores feedback, each once, and attaches what is about an event that is stored now.

    Args:
        connection: of the batch's transaction; its events are written already.
        said: the batch's feedback.
        fresh: the batch's events; feedback about them may have come before.

    Returns:
        What was stored already, as drops.
    """
    again: Counter[int] = Counter()
    if said:
        statement = insert(schema.feedback).on_conflict_do_nothing().returning(_feedback.project_id)
        again = Counter(one.project_id for one in said)
        again.subtract(connection.execute(statement, [_values(one) for one in said]).scalars())
    about = {(one.event_id, one.project_id) for one in said if one.event_id}
    if connection.exec_driver_sql(_ANY).first():
        about |= {(item.event.event_id, item.project_id) for item in fresh}
    if about:
        connection.exec_driver_sql(_ATTACH, [(bytes.fromhex(event_id), project) for event_id, project in about])
    time = max((one.created for one in said), default=0.0)
    return [Drop(DUPLICATE, count, time, project_id) for project_id, count in (+again).items()]


def _values(one: Feedback) -> dict[str, object]:
    return {
        "feedback_id": bytes.fromhex(one.feedback_id),
        "project_id": one.project_id,
        "event_id": bytes.fromhex(one.event_id) or None,
        "issue_id": None,
        "name": one.name,
        "email": one.email,
        "comments": one.comments,
        "created": one.created,
        "url": one.url,
    }


def _row(row: Any) -> FeedbackRow:
    return FeedbackRow(
        feedback_id=row.feedback_id.hex(),
        project_id=row.project_id,
        event_id=row.event_id.hex() if row.event_id else "",
        short_id=f"{row.slug.upper()}-{row.number}" if row.number else "",
        title=titled(row.type or "", row.value or ""),
        name=row.name,
        email=row.email,
        comments=row.comments,
        created=row.created,
        url=row.url,
    )
