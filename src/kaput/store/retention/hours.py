"""Events per hour that nobody looks at any more. The issue's own count stays exact.

In: an issue and an hour. Out: deleted rows within the caller's transaction. `sweep.py` imports it.
"""

from sqlalchemy import Connection

_OLD = "SELECT hour FROM issue_hour WHERE issue_id = ? AND hour < ? ORDER BY hour LIMIT 1"
_DELETE = (
    "DELETE FROM issue_hour WHERE issue_id = ? AND hour IN"
    " (SELECT hour FROM issue_hour WHERE issue_id = ? AND hour < ? ORDER BY hour LIMIT ?)"
)


def has_old_hours(connection: Connection, issue_id: int, before: int) -> bool:
    """Answers whether an issue has counts of hours before this one."""
    return connection.exec_driver_sql(_OLD, (issue_id, before)).first() is not None


def purge_hours(connection: Connection, issue_id: int, before: int, rows: int) -> int:
    """Deletes an issue's counts of hours before this one, at most `rows`; returns how many."""
    return connection.exec_driver_sql(_DELETE, (issue_id, issue_id, before, rows)).rowcount
