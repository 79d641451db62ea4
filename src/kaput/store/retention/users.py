"""The users of an issue that has very many: those seen most stay, the others become one sum.

In: an issue. Out: merged rows within the caller's transaction. `sweep.py` imports it.

The sum stands under the empty name, which no user has. A merged user who comes again counts as another one, so above
this many the number of users is at most right.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

OTHERS = ""
MOST_USERS, KEPT_USERS = 100_000, 95_000

_RARE = (
    "SELECT user, count FROM issue_user WHERE issue_id = ? AND user <> '' ORDER BY count DESC, user LIMIT -1 OFFSET ?"
)
_COUNT = "SELECT count(*) FROM issue_user WHERE issue_id = ?"
_DELETE = "DELETE FROM issue_user WHERE issue_id = ? AND user = ? AND count = ?"
_ADD = (
    "INSERT INTO issue_user (issue_id, user, count) VALUES (?, ?, ?)"
    " ON CONFLICT (issue_id, user) DO UPDATE SET count = count + excluded.count"
)


def rare_users(connection: Connection, issue_id: int, users: int) -> list[tuple[str, int]]:
    """Returns the users to be merged, each with its count; `users` is how many the issue has counted."""
    if users <= MOST_USERS or connection.exec_driver_sql(_COUNT, (issue_id,)).scalar_one() <= MOST_USERS:
        return []
    return [(row[0], row[1]) for row in connection.exec_driver_sql(_RARE, (issue_id, KEPT_USERS))]


def merge_users(connection: Connection, issue_id: int, rare: Sequence[tuple[str, int]]) -> int:
    """Merges users; one who was seen again since stays. Returns how many were merged."""
    merged = [row for row in rare if connection.exec_driver_sql(_DELETE, (issue_id, *row)).rowcount]
    if merged:
        connection.exec_driver_sql(_ADD, (issue_id, OTHERS, sum(count for _, count in merged)))
    return len(merged)
