"""Releases of a project: how many of their sessions crashed, and what else came from them.

In: requests of people who are members of the project; rows and counts of the store. Out: HTML. `view/pages.py` imports
it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for

from kaput.model import HOUR, SessionCounts
from kaput.store.base import IssueFilter, IssueRow, ProjectRow, ReleaseRow
from kaput.view.access import visible_project
from kaput.view.parts import parts
from kaput.view.render import number, plural
from kaput.view.values import visible

blueprint = Blueprint("releases", __name__, url_prefix="/projects")

PER_PAGE = 50
MOST_ISSUES = 10
MOST_ENVIRONMENTS = 20
DAY, WEEK, FORTNIGHT = 24, 7 * 24, 14 * 24
"""Hours, the one that runs among them."""
LARGEST_ID = 2**53
ON_THE_WAY = 60.0
"""Seconds an event may have been on the way: its issue is first seen when it happened, its release when it came."""

STEP, BAR, HEIGHT = 10, 8, 48
NONE = SessionCounts()


@dataclass(frozen=True, slots=True)
class Line:
    """One release with its sessions of the last day and week.

    Attributes:
        shown: its name, with control characters made visible.
        adoption: its part of the project's sessions of the last day; empty when it had none.
        hours: sessions of the last day by the hour, oldest first; `crashed` those that crashed.
    """

    row: ReleaseRow
    shown: str
    url: str
    day: SessionCounts
    week: SessionCounts
    adoption: str
    hours: tuple[int, ...] = ()
    crashed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart in units of its drawing, its lower part those that crashed."""

    x: int
    height: int
    crashed: int
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Sessions over time, the newest at the right."""

    words: str
    counts: SessionCounts
    width: int
    height: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One environment to look at."""

    name: str
    url: str
    current: bool


@blueprint.get("/<slug>/releases")
def of_project(slug: str) -> str:
    """Lists the releases of a project, the one that was seen first last at the top."""
    project, environment = visible_project(slug), request.args.get("environment")
    before = request.args.get("before", type=int)
    known = parts().store.releases
    found = known.of_project(project.id, PER_PAGE + 1, None if before is None else min(max(before, 0), LARGEST_ID))
    rows, more = found[:PER_PAGE], found[PER_PAGE:]
    first = _hour() - DAY + 1
    day, week = (known.sums(project.id, _hour() - hours + 1, environment) for hours in (DAY, WEEK))
    hours = known.hours(project.id, [row.id for row in rows], first, DAY, environment) if rows else {}
    older = _url("of_project", slug, environment=environment, before=rows[-1].id) if more else ""
    return render_template(
        "releases.html",
        project=project,
        lines=[_line(project, row, day, week, hours.get(row.id, [])) for row in rows],
        choices=_choices(project, environment),
        silent=not week,
        older=older,
        newest=_url("of_project", slug, environment=environment) if before is not None else "",
    )


@blueprint.get("/<slug>/release")
def show(slug: str) -> str:
    """Shows one release, named by the query: a name may hold what no path can."""
    project, known = visible_project(slug), parts().store.releases
    row = known.get(project.id, request.args.get("version", ""))
    day = known.sums(project.id, _hour() - DAY + 1)
    hours = known.hours(project.id, [row.id], _hour() - FORTNIGHT + 1, FORTNIGHT)[row.id]
    week = {row.id: sum(hours[-WEEK:], NONE)}
    search, issues, total = _issues(project, row)
    return render_template(
        "release.html",
        project=project,
        line=_line(project, row, day, week, []),
        charts=(_chart(hours[-DAY:], "last 24 hours", "hour"), _chart(_days(hours), "last 14 days", "day")),
        environments=_environments(row),
        search=search,
        issues=issues,
        total=total,
        new_from=row.first_seen - ON_THE_WAY,
    )


def _hour() -> int:
    return int(parts().clock() // HOUR)


def _line(
    project: ProjectRow,
    row: ReleaseRow,
    day: Mapping[int, SessionCounts],
    week: Mapping[int, SessionCounts],
    hours: Sequence[SessionCounts],
) -> Line:
    mine, everything = day.get(row.id, NONE), sum(counts.total for counts in day.values())
    return Line(
        row=row,
        shown=visible(row.version),
        url=_url("show", project.slug, version=row.version),
        day=mine,
        week=week.get(row.id, NONE),
        adoption=_share(mine.total, everything),
        hours=tuple(counts.total for counts in hours),
        crashed=tuple(counts.crashed for counts in hours),
    )


def _share(part: int, whole: int) -> str:
    if not part:
        return ""
    return f"{100 * part // whole}%" if 100 * part >= whole else "<1%"


def _days(hours: Sequence[SessionCounts]) -> list[SessionCounts]:
    return [sum(hours[start : start + 24], NONE) for start in range(0, len(hours), 24)]


def _chart(counts: Sequence[SessionCounts], words: str, unit: str) -> Chart:
    largest = max([1, *(one.total for one in counts)])
    bars = []
    for index, one in enumerate(counts):
        back = len(counts) - 1 - index
        when = f"{plural(back, unit)} ago" if back else f"this {unit}"
        said = f"{plural(one.total, 'session')}, {number(one.crashed)} crashed, {when}"
        # What is above nothing is seen, one among thousands too.
        tall, low = (max(2, round(part / largest * HEIGHT)) if part else 0 for part in (one.total, one.crashed))
        bars.append(Bar(index * STEP, max(tall, low), low, said))
    return Chart(words, sum(counts, NONE), len(counts) * STEP - (STEP - BAR), HEIGHT, tuple(bars))


def _choices(project: ProjectRow, chosen: str | None) -> list[Choice]:
    """Returns the environments to choose from, when there is a choice."""
    names = parts().store.releases.environments(project.id)[:MOST_ENVIRONMENTS]
    if len(names) < 2 and chosen is None:
        return []
    links = [(name, _url("of_project", project.slug, environment=name)) for name in names]
    every = Choice("All", _url("of_project", project.slug), chosen is None)
    return [every, *(Choice(_named(name), url, name == chosen) for name, url in links)]


def _environments(row: ReleaseRow) -> list[tuple[str, SessionCounts]]:
    """Returns the sessions of the last week by environment; a single one without a name is all."""
    found = parts().store.releases.by_environment(row, _hour() - WEEK + 1)
    if list(found) == [""]:
        return [("all", found[""])]
    return [(_named(name), counts) for name, counts in found.items()][:MOST_ENVIRONMENTS]


def _named(environment: str) -> str:
    return visible(environment) or "no environment"


def _issues(project: ProjectRow, row: ReleaseRow) -> tuple[str, list[IssueRow], int]:
    """Returns where the list shows the issues of a release, the newest of them, and how many there are."""
    if '"' in row.version:  # a search cannot say it
        return "", [], 0
    query = f'release:"{row.version}"'
    page = parts().store.issues.find(IssueFilter(query=query, projects=(project.id,), limit=MOST_ISSUES))
    search = url_for("issues.of_project", slug=project.slug, q=query, status="all")
    return search, page.issues, page.total


def _url(name: str, slug: str, **query: str | int | None) -> str:
    given = {key: value for key, value in query.items() if value is not None}
    return url_for(f"releases.{name}", slug=slug) + (f"?{urlencode(given)}" if given else "")
