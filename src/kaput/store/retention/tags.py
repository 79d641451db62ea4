"""Tags with values without end, such as ids of requests: the frequent values stay, the others become one sum.

In: an issue. Out: merged rows within the caller's transaction. `sweep.py` imports it.

The sum of a tag stands under the empty value, which no tag of a client has; that of the rarest tags under the empty
key. The counts of an issue's tag add up to the same at any time.
"""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection

OTHERS = ""
MOST_VALUES, KEPT_VALUES = 1000, 500
"""Values of one tag above which the rarest are merged, and how many then stay."""
MOST_KEYS, KEPT_KEYS = 300, 200
"""The same for the tags of one issue."""

_LARGE = "SELECT key FROM issue_tag WHERE issue_id = ? GROUP BY key HAVING count(*) > ?"
_KEYS = "SELECT key FROM issue_tag WHERE issue_id = ? AND key <> '' GROUP BY key ORDER BY sum(count) DESC, key"
_VALUES = (
    "SELECT key, value, count FROM issue_tag WHERE issue_id = ? AND key = ? AND value <> ''"
    " ORDER BY count DESC, value LIMIT -1 OFFSET ?"
)
_WHOLE = "SELECT key, value, count FROM issue_tag WHERE issue_id = ? AND key = ?"
_DELETE = "DELETE FROM issue_tag WHERE issue_id = ? AND key = ? AND value = ? AND count = ?"
_ADD = (
    "INSERT INTO issue_tag (issue_id, key, value, count) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (issue_id, key, value) DO UPDATE SET count = count + excluded.count"
)

Row = tuple[str, str, int]
"""Key, value and count."""


def rare_tags(connection: Connection, issue_id: int) -> list[tuple[str, Row]]:
    """Returns what is to be merged in an issue, each row with the key under which it is counted then."""
    keys = list(connection.exec_driver_sql(_KEYS, (issue_id,)).scalars())
    rare = keys[KEPT_KEYS:] if len(keys) > MOST_KEYS else []
    found = [(OTHERS, row) for key in rare for row in _rows(connection, _WHOLE, issue_id, key)]
    for key in connection.exec_driver_sql(_LARGE, (issue_id, MOST_VALUES)).scalars().all():
        if key not in rare:
            found += [(key, row) for row in _rows(connection, _VALUES, issue_id, key, KEPT_VALUES)]
    return found


def merge_tags(connection: Connection, issue_id: int, rare: Sequence[tuple[str, Row]]) -> int:
    """Merges rows; one whose count has grown since it was found stays. Returns how many were merged."""
    sums: Counter[str] = Counter()
    merged = 0
    for into, row in rare:
        if connection.exec_driver_sql(_DELETE, (issue_id, *row)).rowcount:
            sums[into] += row[2]
            merged += 1
    if sums:
        connection.exec_driver_sql(_ADD, [(issue_id, key, OTHERS, count) for key, count in sums.items()])
    return merged


def _rows(connection: Connection, query: str, *values: object) -> list[Row]:
    return [(row[0], row[1], row[2]) for row in connection.exec_driver_sql(query, values)]
