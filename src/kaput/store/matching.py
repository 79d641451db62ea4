"""The conditions of a search, as the database understands them.

In: a `Search`, who asks and when. Out: conditions on the issue table, an order, and counts of what the search is about.
Only `store/issues.py` imports it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, and_, cast, exists, func, literal, or_, select

from kaput.model import HOUR
from kaput.store import schema
from kaput.store.base import NEW_FOR, Priority, Status
from kaput.store.counters import OF_USER
from kaput.store.payload import Payloads
from kaput.store.search import Order, Search, Term
from kaput.store.sifting import sift

TREND_HOURS = 24

_issue = schema.issue.c
_project = schema.project.c
_tag = schema.issue_tag.c
_user = schema.issue_user.c
_hour = schema.issue_hour.c
_event = schema.event.c

_USERS = ("id", "email", "username", "ip")
_COLUMNS = {"release": _event.release, "environment": _event.environment}
"""Tags that stand beside a stored event, so that its payload need not be read."""


def conditions(search: Search, viewer: int | None, now: float) -> list[ColumnElement[bool]]:
    """Returns what an issue must meet.

    Args:
        search: what was typed.
        viewer: the account that `me` is; None when nobody is logged in.
        now: seconds since the epoch.
    """
    found = []
    for term in search.terms:
        condition = _READERS[term.key](term, viewer, now)
        found.append(~condition if term.negated else condition)
    return found


def order(search: Search, now: float) -> tuple[ColumnElement[Any], ...]:
    """Returns by what issues are ordered; equal ones by the newest event, then the newest issue."""
    columns: dict[Order, ColumnElement[Any]] = {
        Order.LAST_SEEN: _issue.last_seen,
        Order.FIRST_SEEN: _issue.first_seen,
        Order.COUNT: _issue["count"],
        Order.USERS: _issue.users,
    }
    first = _trend(now) if search.order is Order.TREND else columns[search.order]
    return first.desc(), _issue.last_seen.desc(), _issue.id.desc()


def counts(
    connection: Connection, payloads: Payloads, scope: Mapping[str, str], issue_ids: Sequence[int]
) -> tuple[dict[int, int], frozenset[int]]:
    """Counts the events of each issue that have the tags of a search.

    One tag is counted exactly, events that are gone included; of several, what is stored is counted.

    Returns:
        The counts, and the issues of which not all stored events were looked at.
    """
    if len(scope) == 1:
        ((key, value),) = scope.items()
        query = select(_tag.issue_id, _tag.count).where(_tag.issue_id.in_(issue_ids), _tag.key == key)
        return {row[0]: row[1] for row in connection.execute(query.where(_tag.value == value))}, frozenset()
    if not scope.keys() <= _COLUMNS.keys():
        found = sift(connection, payloads, scope, issue_ids, _narrowed(scope))
        return {issue_id: len(times) for issue_id, times in found.times.items()}, found.partly
    kept = (_event.issue_id.in_(issue_ids), *_narrowed(scope))
    grouped = select(_event.issue_id, func.count()).where(*kept).group_by(_event.issue_id)
    return {row[0]: row[1] for row in connection.execute(grouped)}, frozenset()


def hours(
    connection: Connection, payloads: Payloads, scope: Mapping[str, str], issue_ids: Sequence[int], first: int
) -> list[tuple[int, int, int]]:
    """Counts the stored events of each issue and hour that have the tags of a search."""
    recent = (*_narrowed(scope), _event.timestamp >= first * HOUR)
    if not scope.keys() <= _COLUMNS.keys():
        times = sift(connection, payloads, scope, issue_ids, recent).times
        sums = Counter((issue_id, int(time // HOUR)) for issue_id, found in times.items() for time in found)
        return [(issue_id, hour, count) for (issue_id, hour), count in sums.items()]
    hour = cast(_event.timestamp / float(HOUR), Integer).label("hour")
    query = select(_event.issue_id, hour, func.count()).where(_event.issue_id.in_(issue_ids), *recent)
    return [(row[0], int(row[1]), row[2]) for row in connection.execute(query.group_by(_event.issue_id, hour))]


def _narrowed(scope: Mapping[str, str]) -> list[ColumnElement[bool]]:
    return [_COLUMNS[key] == value for key, value in scope.items() if key in _COLUMNS]


def _alike(column: ColumnElement[str], value: str) -> ColumnElement[bool]:
    """Compares with a text in which `*` stands for anything; without one the case counts."""
    if "*" not in value:
        return column == value
    pattern = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")
    return column.like(pattern, escape="\\")


def _compared(column: ColumnElement[Any], term: Term, width: float = 0.0) -> ColumnElement[bool]:
    """Compares with an amount; without a sign it has to be the amount, or within `width` behind it."""
    signs: dict[str, Callable[[], ColumnElement[bool]]] = {
        ">": lambda: column > term.amount,
        ">=": lambda: column >= term.amount,
        "<": lambda: column < term.amount,
        "<=": lambda: column <= term.amount,
        "": lambda: and_(column >= term.amount, column < term.amount + width) if width else column == term.amount,
    }
    return signs[term.sign]()


def _is(term: Term, viewer: int | None, now: float) -> ColumnElement[bool]:
    fresh = and_(_issue.status == Status.UNRESOLVED.value, ~_issue.regressed)
    mine = exists().where(schema.bookmark.c.issue_id == _issue.id, schema.bookmark.c.account_id == viewer)
    states: dict[str, ColumnElement[bool]] = {
        "regressed": _issue.regressed,
        "new": and_(fresh, _issue.first_seen > now - NEW_FOR),
        "ongoing": and_(fresh, _issue.first_seen <= now - NEW_FOR),
        "assigned": _issue.assignee_id.is_not(None),
        "bookmarked": mine,
    }
    return states.get(term.value, _issue.status == term.value)


def _tagged(term: Term, _viewer: int | None, _now: float) -> ColumnElement[bool]:
    return exists().where(_tag.issue_id == _issue.id, _tag.key == term.name, _alike(_tag.value, term.value))


def _has(term: Term, _viewer: int | None, _now: float) -> ColumnElement[bool]:
    if term.value == "user":
        return _issue.users > 0
    return exists().where(_tag.issue_id == _issue.id, _tag.key == term.value)


def _happened_to(term: Term, _viewer: int | None, _now: float) -> ColumnElement[bool]:
    names = [term.name] if term.name else _USERS
    first = or_(*(_alike(_user.user, f"{name}:{term.value}") for name in names))
    others = or_(*(and_(_tag.key == f"{OF_USER}{name}", _alike(_tag.value, term.value)) for name in names))
    return or_(exists().where(_user.issue_id == _issue.id, first), exists().where(_tag.issue_id == _issue.id, others))


def _assigned(term: Term, viewer: int | None, _now: float) -> ColumnElement[bool]:
    if term.value == "none":
        return _issue.assignee_id.is_(None)
    if term.value == "me":
        return literal(viewer is not None) & (_issue.assignee_id == viewer)
    account = schema.account.alias("assigned").c
    return exists().where(account.id == _issue.assignee_id, _alike(account.email, term.value.lower()))


def _text(term: Term, _viewer: int | None, _now: float) -> ColumnElement[bool]:
    # A title is shown as `type: value`, and people paste what they see.
    title = _issue.type + ": " + _issue.value
    columns = (_issue.type, _issue.value, _issue.culprit, title)
    tagged = exists().where(_tag.issue_id == _issue.id, _tag.value.icontains(term.value, autoescape=True))
    return or_(*(column.icontains(term.value, autoescape=True) for column in columns), tagged)


def _trend(now: float) -> ColumnElement[Any]:
    last = int(now // HOUR) - TREND_HOURS + 1
    sums = [
        select(func.coalesce(func.sum(_hour.count), 0))
        .where(_hour.issue_id == _issue.id, _hour.hour >= first, _hour.hour < first + TREND_HOURS)
        .scalar_subquery()
        for first in (last, last - TREND_HOURS)
    ]
    return sums[0] - sums[1]


_READERS: dict[str, Callable[[Term, int | None, float], ColumnElement[bool]]] = {
    "is": _is,
    "level": lambda term, *_: _issue.level == term.value,
    "priority": lambda term, *_: func.coalesce(_issue.priority, 0) == Priority[term.value.upper()].value,
    "project": lambda term, *_: _alike(_project.slug, term.value.lower()),
    "type": lambda term, *_: _alike(_issue.type, term.value),
    "value": lambda term, *_: _alike(_issue.value, term.value),
    "culprit": lambda term, *_: _alike(_issue.culprit, term.value),
    "count": lambda term, *_: _compared(_issue["count"], term),
    "users": lambda term, *_: _compared(_issue.users, term),
    "first-seen": lambda term, *_: _compared(_issue.first_seen, term, 86400.0),
    "last-seen": lambda term, *_: _compared(_issue.last_seen, term, 86400.0),
    "assigned": _assigned,
    "has": _has,
    "user": _happened_to,
    "tag": _tagged,
    "text": _text,
}
"""What makes a condition of a term, by its key."""
