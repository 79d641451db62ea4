"""Issues and what people decide about them.

In: filters, ids, decisions. Out: rows. Handed out as `store.base.Issues`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from kaput.errors import NotFound
from kaput.model import Clock
from kaput.store import matching, schema
from kaput.store.base import (
    ActivityRow,
    IssueFilter,
    IssuePage,
    IssueRow,
    Mute,
    Priority,
    Resolution,
    Status,
    TagCount,
)
from kaput.store.counters import OF_USER
from kaput.store.engine import Database
from kaput.store.merges import MERGED
from kaput.store.payload import Payloads
from kaput.store.projects import LARGEST_ID
from kaput.store.search import parse

SHORT_ID = re.compile(r"(?P<slug>[A-Za-z0-9-]+)-(?P<number>[0-9]{1,18})", re.ASCII)

_issue = schema.issue.c
_project = schema.project.c
_hour = schema.issue_hour.c
_tag = schema.issue_tag.c
_activity = schema.activity.c


class SqlIssues:
    """Implements `kaput.store.base.Issues`."""

    def __init__(self, database: Database, payloads: Payloads, clock: Clock) -> None:
        self._database = database
        self._payloads = payloads
        self._clock = clock

    def find(self, wanted: IssueFilter) -> IssuePage:
        """See `kaput.store.base.Issues.find`."""
        now = self._clock()
        search = parse(wanted.query, now)
        conditions = [_in_projects(wanted.projects), *matching.conditions(search, wanted.viewer, now)]
        if wanted.status is not None:
            conditions.append(_issue.status == wanted.status.value)
        query = _select().where(*conditions).order_by(*matching.order(search, now))
        total = select(func.count()).select_from(schema.issue.join(schema.project)).where(*conditions)
        scope = search.scope()
        with self._database.read() as connection:
            rows = [issue_row(row) for row in connection.execute(query.limit(wanted.limit).offset(wanted.offset))]
            count = connection.execute(total).scalar_one()
            if not scope:
                return IssuePage(rows, count)
            counted, partly = matching.counts(connection, self._payloads, scope, [row.id for row in rows])
        return IssuePage(rows, count, scope, counted, len(scope) > 1, partly)

    def order(self, query: str) -> str:
        """See `kaput.store.base.Issues.order`."""
        return parse(query, self._clock()).order.value

    def get(self, ref: int | str) -> IssueRow:
        """See `kaput.store.base.Issues.get`."""
        with self._database.read() as connection:
            return issue_row(_one(connection, ref))

    def hours(
        self, issue_ids: Sequence[int], first: int, hours: int, scope: Mapping[str, str] | None = None
    ) -> Mapping[int, list[int]]:
        """See `kaput.store.base.Issues.hours`."""
        counts = {issue_id: [0] * hours for issue_id in issue_ids}
        query = select(_hour.issue_id, _hour.hour, _hour.count).where(
            _hour.issue_id.in_(issue_ids), _hour.hour >= first, _hour.hour < first + hours
        )
        with self._database.read() as connection:
            kept = matching.hours(connection, self._payloads, scope, issue_ids, first) if scope else None
            for issue_id, hour, count in connection.execute(query) if kept is None else kept:
                if hour < first + hours:
                    counts[issue_id][hour - first] = count
        return counts

    def tags(self, issue_id: int, most: int = 10) -> dict[str, list[TagCount]]:
        """See `kaput.store.base.Issues.tags`."""
        rank = func.row_number().over(partition_by=_tag.key, order_by=(_tag.count.desc(), _tag.value))
        # The sum of all rare values stands under the empty one.
        known = (_tag.issue_id == issue_id, _tag.value != "", ~_tag.key.startswith(OF_USER, autoescape=True))
        ranked = select(_tag.key, _tag.value, _tag.count, rank.label("rank")).where(*known)
        table = ranked.subquery().c
        query = select(table.key, table.value, table.count).where(table.rank <= most).order_by(table.key, table.rank)
        found: dict[str, list[TagCount]] = {}
        with self._database.read() as connection:
            for key, value, count in connection.execute(query):
                found.setdefault(key, []).append(TagCount(key, value, count))
        return found

    def activity(self, issue_id: int) -> list[ActivityRow]:
        """See `kaput.store.base.Issues.activity`."""
        who = func.coalesce(schema.account.c.email, "").label("who")
        query = (
            select(_activity.kind, who, _activity.detail, _activity.time)
            .select_from(schema.activity.outerjoin(schema.account))
            .where(_activity.issue_id == issue_id)
            .order_by(_activity.id.desc())
            .limit(200)
        )
        with self._database.read() as connection:
            return [ActivityRow(*row) for row in connection.execute(query)]

    def counts(self, projects: Sequence[int] | None) -> dict[Status, int]:
        """See `kaput.store.base.Issues.counts`."""
        query = (
            select(_issue.status, func.count())
            .select_from(schema.issue.join(schema.project))
            .where(_in_projects(projects))
            .group_by(_issue.status)
        )
        with self._database.read() as connection:
            found: dict[str, int] = {status: count for status, count in connection.execute(query)}  # noqa: C416 - typed
        return {status: found.get(status.value, 0) for status in Status}


def issue_row(row: Row[Any]) -> IssueRow:
    """Makes a row of the seam from one that `_select` gave."""
    title = f"{row.type}: {row.value}" if row.type and row.value else row.type or row.value
    return IssueRow(
        id=row.id,
        short_id=f"{row.slug.upper()}-{row.number}",
        project_id=row.project_id,
        project=row.slug,
        title=title,
        type=row.type,
        value=row.value,
        culprit=row.culprit,
        status=Status(row.status),
        level=row.level,
        count=row._mapping["count"],  # `row.count` is the tuple's method
        users=row.users,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        regressed=row.regressed,
        release=row.release,
        environment=row.environment,
        platform=row.platform,
        grouped_by=row.grouped_by,
        kept=row.kept,
        thinned=row.thinned,
        regressed_in=row.regressed_in or "",
        resolution=Resolution(row.resolution) if row.resolution else Resolution.NOW,
        resolved_release=row.resolved_release or "",
        shared=row.shared or "",
        removed=row.removed or "",
        merged_into=row.merged_into,
        assignee=row.assignee or "",
        priority=Priority(row.priority or 0),
        mute=msgspec.json.decode(row.mute, type=Mute) if row.mute else Mute(),
    )


def _select() -> Select[Any]:
    whose = schema.account
    named = select(schema.issue, _project.slug, whose.c.email.label("assignee")).join_from(schema.issue, schema.project)
    return named.outerjoin(whose, whose.c.id == _issue.assignee_id)


def _one(connection: Connection, ref: int | str) -> Row[Any]:
    there = or_(_issue.removed.is_(None), _issue.removed == MERGED)
    row = connection.execute(_select().where(_matches(ref), there)).one_or_none()
    if row is None:
        raise NotFound(f"There is no issue {ref!r}; `kaput issues` shows them all.")
    return row


def _matches(ref: int | str) -> ColumnElement[bool]:
    if isinstance(ref, str):
        match = SHORT_ID.fullmatch(ref)
        if match is None:
            raise NotFound(f"{ref!r} is no issue; an issue is called like SHOP-41.")
        return and_(_project.slug == match["slug"].lower(), _issue.number == int(match["number"]))
    if not 0 <= ref <= LARGEST_ID:
        raise NotFound(f"There is no issue {ref}.")
    return _issue.id == ref


def _in_projects(projects: Sequence[int] | None) -> ColumnElement[bool]:
    wanted = ~_project.internal if projects is None else _issue.project_id.in_(projects)
    return and_(wanted, _issue.removed.is_(None))
