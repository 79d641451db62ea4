"""Notices as they are written into the outbox, in the transaction of what they tell of.

In: drafts. Out: rows. `store/batches.py` and `store/decisions.py` import it.
"""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from kaput.model import Draft
from kaput.store import schema
from kaput.store.engine import CHUNK


def write_notices(connection: Connection, drafts: Sequence[Draft], note: str | None = None) -> None:
    """Adds a notice for each draft, within an open transaction; `note` is what a person wrote."""
    if not drafts:
        return
    before = _notices_before(connection, {draft.change.issue_id for draft in drafts})
    values = []
    for draft in drafts:
        change, key = draft.change, (draft.change.issue_id, draft.recipient)
        values.append(
            {
                "kind": change.kind.value,
                "project_id": change.project_id,
                "issue_id": change.issue_id,
                "event_row": change.event_row,
                "recipient": draft.recipient,
                "state": "pending",
                "in_digest": False,
                "created": change.time,
                "due": change.time,
                "sent": None,
                "attempts": 0,
                "sequence": before[key],
                "error": "",
                "note": note,
            }
        )
        before[key] += 1
    connection.execute(insert(schema.notice), values)


def _notices_before(connection: Connection, issue_ids: set[int]) -> Counter[tuple[int, str]]:
    table = schema.notice.c
    ids, before = list(issue_ids), Counter[tuple[int, str]]()
    for start in range(0, len(ids), CHUNK):
        query = (
            select(table.issue_id, table.recipient, func.max(table.sequence) + 1)
            .where(table.issue_id.in_(ids[start : start + CHUNK]))
            .group_by(table.issue_id, table.recipient)
        )
        for issue_id, recipient, count in connection.execute(query):
            before[issue_id, recipient] = count
    return before
