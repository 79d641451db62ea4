"""What rules counted and where they rested, once it means nothing any more.

In: a time. Out: deleted rows within the caller's transaction. `sweep.py` imports it.

A pause in which something was held back stays until that is told.
"""

from sqlalchemy import Connection

_WINDOWS = (
    "DELETE FROM rule_window WHERE (rule_id, issue_id) IN"
    " (SELECT rule_id, issue_id FROM rule_window WHERE until < ? LIMIT ?)"
)
_PAUSES = (
    "DELETE FROM rule_pause WHERE (rule_id, issue_id) IN"
    " (SELECT rule_id, issue_id FROM rule_pause WHERE until < ? AND held = 0 LIMIT ?)"
)


def purge_windows(connection: Connection, before: float, rows: int) -> int:
    """Deletes windows and pauses that were over before this time, at most `rows` of each; returns how many."""
    return sum(connection.exec_driver_sql(query, (before, rows)).rowcount for query in (_WINDOWS, _PAUSES))
