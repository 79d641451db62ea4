"""Events that go: found without looking at those that stay, and deleted with what hangs on them.

In: limits. Out: rows, and their deletion within a transaction that somebody else opened. `sweep.py` and
`store/removals.py` import it.

An event that a notice waits for is not deleted: the mail would have nothing to say. The first and the newest event of
an issue are never found here, so the largest row is never deleted and no row is given twice.
"""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection

from kaput.store.attachments import forget_attachments
from kaput.store.retention.sample import surplus

WINDOW = 4000
"""Events of one issue that are in memory at once, or twice as many as shall stay."""
WALK = 500
"""Events that the walk by age looks at in one transaction."""

_CROWDED = "SELECT id FROM issue WHERE kept > ? ORDER BY kept DESC LIMIT 100"
_LARGEST = "SELECT id, kept, kept_bytes FROM issue WHERE kept > 2 ORDER BY kept_bytes DESC LIMIT 20"
_OF_ISSUE = "SELECT id, received FROM event WHERE issue_id = ? AND id > ? ORDER BY id LIMIT ?"
_OLDEST = (
    "SELECT id, received,"
    " id = (SELECT min(id) FROM event AS first WHERE first.issue_id = event.issue_id)"
    " OR id = (SELECT max(id) FROM event AS newest WHERE newest.issue_id = event.issue_id)"
    " FROM event WHERE id > ? ORDER BY id LIMIT ?"
)
_DELETE = (
    "DELETE FROM event WHERE id IN ({}) AND NOT EXISTS (SELECT 1 FROM notice WHERE notice.issue_id = event.issue_id"
    " AND notice.event_row = event.id AND notice.state IN ('pending', 'held'))"
    " RETURNING issue_id, length(payload), project_id, event_id"
)
_LESS = "UPDATE issue SET kept = kept - ?, kept_bytes = kept_bytes - ?, thinned = coalesce(thinned, ?) WHERE id = ?"


class Gone(Struct, frozen=True):
    """What a deletion took away.

    Attributes:
        size: bytes of the payloads.
        files: names of attachments, to be removed after the commit.
    """

    events: int = 0
    size: int = 0
    files: list[str] = []


def crowded(connection: Connection, most: int) -> list[int]:
    """Returns issues of which more than `most` events are kept, at most 100, the fullest first."""
    return list(connection.exec_driver_sql(_CROWDED, (most,)).scalars())


def largest(connection: Connection) -> list[tuple[int, int]]:
    """Returns the issue whose events take most room and those at least half as large, with how many each keeps.

    At most 20; none of which all events must stay.
    """
    rows = connection.exec_driver_sql(_LARGEST).all()
    return [(issue_id, kept) for issue_id, kept, size in rows if 2 * size >= rows[0][2]]


def surplus_of(connection: Connection, issue_id: int, most: int, after: int) -> tuple[list[int], int | None]:
    """Returns rows of an issue that go, and where to go on: None when then `most` are left.

    An issue with very many events is thinned window by window, again and again, until it is one window.

    Args:
        connection: that reads.
        issue_id: the issue.
        most: how many stay in the end.
        after: the row to go on behind; 0 to begin.
    """
    window = max(WINDOW, 2 * most)
    rows = connection.exec_driver_sql(_OF_ISSUE, (issue_id, after, window + 1)).all()
    events = [(row[0], row[1]) for row in rows]
    if len(events) > window:
        return surplus(events[:-1], window // 2), events[-2][0]
    if after:
        return [], 0
    return surplus(events, most), None


def expired(connection: Connection, before: float, after: int) -> tuple[list[int], int | None]:
    """Returns rows of events that came before a time, and where to go on: None at the first that came later.

    The first and the newest event of each issue are left out.
    """
    rows: list[int] = []
    last: int | None = None
    for row, received, needed in connection.exec_driver_sql(_OLDEST, (after, WALK)):
        if received >= before:
            return rows, None
        if not needed:
            rows.append(row)
        last = row
    return rows, last


def delete_events(connection: Connection, rows: Sequence[int], now: float) -> Gone:
    """Deletes events with the rows of their attachments, and takes them off what their issues keep."""
    if not rows:
        return Gone()
    statement = _DELETE.format(", ".join("?" * len(rows)))
    events: Counter[int] = Counter()
    sizes: Counter[int] = Counter()
    owners: list[tuple[int, bytes]] = []
    for issue_id, size, project_id, event_id in connection.exec_driver_sql(statement, tuple(rows)):
        events[issue_id] += 1
        sizes[issue_id] += size
        owners.append((project_id, event_id))
    if events:
        less = [(count, sizes[issue_id], now, issue_id) for issue_id, count in events.items()]
        connection.exec_driver_sql(_LESS, less)
    return Gone(events.total(), sizes.total(), forget_attachments(connection, owners))
