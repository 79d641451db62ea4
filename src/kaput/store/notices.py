"""Drafts become notices in the outbox, within an open transaction.

In: drafts. Out: rows of `notice`. `store/situation.py` and `store/decisions.py` import it.
"""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select

from kaput.model import Draft
from kaput.store import schema
from kaput.store.engine import CHUNK

PENDING = "pending"
HELD = "held"

_notice = schema.notice.c


def write_notices(
    connection: Connection,
    drafts: Sequence[Draft],
    note: str | None = None,
    *,
    count: int = 1,
    held_since: float | None = None,
) -> None:
    """Writes a notice for each draft.

    Args:
        connection: of the transaction.
        drafts: in the order in which they shall be told.
        note: what a person wrote.
        count: how often it happened, for all of them.
        held_since: they go in a digest only, and wait since then.
    """
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
                "state": PENDING if held_since is None else HELD,
                "in_digest": False,
                "created": change.time,
                "due": change.time if held_since is None else held_since,
                "sent": None,
                "attempts": 0,
                "sequence": before[key],
                "error": "",
                "note": note,
                "rule_id": change.rule_id,
                "words": change.words,
                "count": count,
            }
        )
        before[key] += 1
    connection.execute(insert(schema.notice), values)


def _notices_before(connection: Connection, issue_ids: set[int]) -> Counter[tuple[int, str]]:
    ids, before = list(issue_ids), Counter[tuple[int, str]]()
    for start in range(0, len(ids), CHUNK):
        query = (
            select(_notice.issue_id, _notice.recipient, func.max(_notice.sequence) + 1)
            .where(_notice.issue_id.in_(ids[start : start + CHUNK]))
            .group_by(_notice.issue_id, _notice.recipient)
        )
        for issue_id, recipient, count in connection.execute(query):
            before[issue_id, recipient] = count
    return before
