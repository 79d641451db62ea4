"""Counts of what was dropped, by the hour; those of long ago become one count without an hour, so that sums stay.

In: an hour. Out: merged rows within the caller's transaction. `sweep.py` imports it.
"""

from sqlalchemy import Connection

LONG_AGO = 0
"""The hour under which the sums of all hours of long ago stand."""

_OLD = (
    "SELECT hour, project_id, reason, count FROM dropped WHERE hour > 0 AND hour < ?"
    " ORDER BY hour, project_id, reason LIMIT ?"
)
_DELETE = "DELETE FROM dropped WHERE hour = ? AND project_id = ? AND reason = ?"
_ADD = (
    "INSERT INTO dropped (hour, project_id, reason, count) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (hour, project_id, reason) DO UPDATE SET count = count + excluded.count"
)


def purge_drops(connection: Connection, before: int, rows: int) -> int:
    """Merges the counts of hours before this one, at most `rows`; returns how many."""
    old = connection.exec_driver_sql(_OLD, (before, rows)).all()
    if old:
        connection.exec_driver_sql(_DELETE, [(hour, project, reason) for hour, project, reason, _ in old])
        connection.exec_driver_sql(_ADD, [(LONG_AGO, project, reason, count) for _, project, reason, count in old])
    return len(old)
