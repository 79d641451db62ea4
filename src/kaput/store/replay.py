"""What came to a project lately, as rules would have seen it.

In: a project, a time. Out: a `History`. `store/rules.py` imports it. It reads what is stored: events that retention
removed are not in it, and issues are as they are now.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from kaput.model import Event, Happened, History, IssueState, Kind
from kaput.store.payload import Payloads

MOST = 100_000
"""Events that are looked at, the newest."""
MOST_RICH = 5000
"""The same when the whole event is wanted: to read one takes 0.1 ms."""

_EVENTS = (
    "SELECT event.id, event.issue_id, event.received, event.level, event.release, event.environment, issue.type{}"
    " FROM event JOIN issue ON issue.id = event.issue_id"
    " WHERE event.project_id = ? AND event.received >= ? ORDER BY event.id DESC LIMIT ?"
)
_PAYLOAD = ", event.dictionary_id, event.payload"
_FIRST = "SELECT min(id) FROM event WHERE issue_id = ?"
_ISSUE = (
    "SELECT status <> 'muted', first_seen, count, coalesce(email, ''), thinned IS NULL FROM issue"
    " LEFT JOIN account ON account.id = assignee_id WHERE issue.id = ?"
)
_BACK = (
    "SELECT activity.id, activity.kind, activity.issue_id, activity.time, issue.level, issue.release,"
    " issue.environment, issue.type FROM activity JOIN issue ON issue.id = activity.issue_id"
    " WHERE issue.project_id = ? AND activity.kind IN ('regressed', 'unmuted') AND activity.time >= ?"
    " ORDER BY activity.id LIMIT ?"
)


def history(connection: Connection, payloads: Payloads, project_id: int, since: float, *, rich: bool) -> History:
    """Reads what came since a time.

    Args:
        connection: of a transaction.
        payloads: reads events.
        project_id: of the project.
        since: seconds since the epoch.
        rich: with the whole of each event.
    """
    most = MOST_RICH if rich else MOST
    query = _EVENTS.format(_PAYLOAD if rich else "")
    rows = connection.exec_driver_sql(query, (project_id, since, most)).all()[::-1]
    firsts, issues, kept = _issues(connection, {row.issue_id for row in rows})
    events = [
        Happened(
            Kind.NEW if row.id == firsts[row.issue_id] else None,
            project_id,
            row.issue_id,
            row.id,
            row.type,
            payloads.event(connection, row) if rich else _bare(row.received, row),
        )
        for row in rows
    ]
    back = connection.exec_driver_sql(_BACK, (project_id, since, most)).all()
    _, more, _ = _issues(connection, {row.issue_id for row in back} - issues.keys())
    return History(events, _returns(project_id, back), issues | more, whole=kept and len(rows) < most)


def _issues(connection: Connection, issue_ids: Iterable[int]) -> tuple[dict[int, int], dict[int, IssueState], bool]:
    """Returns of some issues the first events, how they are, and whether all their events are kept."""
    firsts, issues, kept = {}, {}, True
    for issue_id in issue_ids:
        firsts[issue_id] = connection.exec_driver_sql(_FIRST, (issue_id,)).scalar() or 0
        loud, first_seen, count, assignee, whole = connection.exec_driver_sql(_ISSUE, (issue_id,)).one()
        issues[issue_id] = IssueState(bool(loud), first_seen, count, assignee)
        kept = kept and bool(whole)
    return firsts, issues, kept


def _returns(project_id: int, rows: Sequence[Any]) -> list[Happened]:
    """Returns how issues came back; their events are not known any more."""
    return [Happened(Kind(row.kind), project_id, row.issue_id, -row.id, row.type, _bare(row.time, row)) for row in rows]


def _bare(received: float, row: Any) -> Event:
    return Event(
        event_id="",
        timestamp=received,
        received=received,
        level=row.level,
        release=row.release,
        environment=row.environment,
    )
