"""Notices that were sent, or given up, long ago. What stats count of them stays.

In: a time. Out: deleted rows within the caller's transaction. `sweep.py` imports it.

The newest notice about an issue to a recipient stays: the next one takes its place in the thread of mails from it.
"""

from collections import Counter

from sqlalchemy import Connection

_OLD = (
    "SELECT id FROM notice WHERE state = ? AND created < ? AND EXISTS (SELECT 1 FROM notice AS later"
    " WHERE later.issue_id IS notice.issue_id AND later.recipient = notice.recipient AND later.id > notice.id)"
    " ORDER BY created LIMIT ?"
)
_DELETE = "DELETE FROM notice WHERE id IN ({}) RETURNING project_id, state"
_ADD = (
    "INSERT INTO notice_gone (project_id, state, count) VALUES (?, ?, ?)"
    " ON CONFLICT (project_id, state) DO UPDATE SET count = count + excluded.count"
)
DONE = ("sent", "failed", "unwanted")


def old_notices(connection: Connection, before: float, most: int) -> list[int]:
    """Returns notices that are done with and were made before a time, at most `most` of each state."""
    return [row for state in DONE for row in connection.exec_driver_sql(_OLD, (state, before, most)).scalars()]


def purge_notices(connection: Connection, ids: list[int]) -> int:
    """Deletes notices and counts them as gone; returns how many."""
    if not ids:
        return 0
    found = connection.exec_driver_sql(_DELETE.format(", ".join("?" * len(ids))), tuple(ids)).all()
    counts = Counter((project_id, state) for project_id, state in found)
    if counts:
        connection.exec_driver_sql(_ADD, [(*key, count) for key, count in counts.items()])
    return len(found)
