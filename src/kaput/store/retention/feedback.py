"""What people said long ago, when the events it was about are gone too.

In: a time. Out: deleted rows within the caller's transaction. `sweep.py` imports it.
"""

from sqlalchemy import Connection

from kaput.store.attachments import forget_attachments

_DELETE = (
    "DELETE FROM feedback WHERE created < ? AND id IN (SELECT id FROM feedback ORDER BY id LIMIT ?)"
    " RETURNING project_id, feedback_id"
)


def purge_feedback(connection: Connection, before: float, rows: int) -> tuple[int, list[str]]:
    """Deletes what was said before a time, of the oldest `rows`, with the rows of its attachments.

    Returns:
        How many pieces of feedback went, and the names of files to be removed after the commit.
    """
    gone = [(row[0], row[1]) for row in connection.exec_driver_sql(_DELETE, (before, rows))]
    return len(gone), forget_attachments(connection, gone)
