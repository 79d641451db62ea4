"""What people said long ago, when the events it was about are gone too.

In: a time. Out: deleted rows within the caller's transaction. `sweep.py` imports it.
"""

from sqlalchemy import Connection

_DELETE = "DELETE FROM feedback WHERE created < ? AND id IN (SELECT id FROM feedback ORDER BY id LIMIT ?) RETURNING id"


def purge_feedback(connection: Connection, before: float, rows: int) -> int:
    """Deletes what was said before a time, of the oldest `rows`; returns how many."""
    return len(connection.exec_driver_sql(_DELETE, (before, rows)).all())
