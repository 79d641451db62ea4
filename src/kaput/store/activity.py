"""What was done to issues, line by line.

In: lines, within a transaction that somebody else opened. Out: rows. Imported by this stage's files.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

_INSERT = "INSERT INTO activity (issue_id, account_id, kind, detail, time) VALUES (?, ?, ?, ?, ?)"


def write_activity(connection: Connection, rows: Sequence[tuple[int, int | None, str, str, float]]) -> None:
    """Adds lines: issue, account or None when Kaput did it, kind, detail, time."""
    if rows:
        connection.exec_driver_sql(_INSERT, list(rows))
