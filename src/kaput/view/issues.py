"""The list of issues: start page, search, states and pages.

In: the query of the address. Out: pages. `view/pages.py` imports it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kaput.errors import QueryError
from kaput.store.base import NEW_FOR, IssueFilter, IssuePage, ProjectRow, Status
from kaput.view.access import viewer, visible_project, visible_projects
from kaput.view.parts import parts
from kaput.view.projects import address_of
from kaput.view.reference import event_named
from kaput.view.render import number

blueprint = Blueprint("issues", __name__)

ORDERS = {"trend": "24 h", "count": "events", "users": "users", "last-seen": "seen", "first-seen": "age"}
"""The columns of the list, by the order that each leads to."""

ORDER = re.compile(r"(?<!\s)\s*\border(?::|\s+by\s+)\S+(?:\s+seen\s*$)?", re.IGNORECASE)
"""Blanks are tried from their first one only: a row of them would take the square of its length otherwise."""

PER_PAGE = 50
LAST_PAGE = 1_000_000
HOURS = 24

LONGEST_QUERY = 500
ALL = "all"
NAMES_A_STATE = re.compile(r"(?:^|\s)!?is:")
"""A search that names a state looks at all of them, unless a tab is chosen too."""

Page = str | tuple[str, int] | Response
TABS = (*Status, None)


@dataclass(frozen=True, slots=True)
class Tab:
    """One state to look at; `count` is None where it is not known without another search."""

    word: str
    status: str
    url: str
    current: bool
    count: int | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of numbers, with the address of the list ordered by it."""

    word: str
    url: str
    current: bool


@blueprint.get("/")
def home() -> Response:
    """Leads to where the work is: the only project's issues, or the list of projects."""
    mine = [project for project in visible_projects() if not project.internal]
    if len(mine) == 1:
        return redirect(url_for("issues.of_project", slug=mine[0].slug, q=request.args.get("q")))
    return redirect(url_for("issues.everywhere", q=request.args.get("q")) if mine else url_for("projects.index"))


@blueprint.get("/issues")
def everywhere() -> Page:
    """Lists the issues of all projects that the viewer may see."""
    return _list(None, [project for project in visible_projects() if not project.internal])


@blueprint.get("/projects/<slug>/issues")
def of_project(slug: str) -> Page:
    """Lists the issues of one project."""
    project = visible_project(slug)
    return _list(project, [project])


def _list(project: ProjectRow | None, projects: list[ProjectRow]) -> Page:
    query = request.args.get("q", "").strip()
    named = event_named(query, projects)
    if named:
        return redirect(named)
    status = _wanted_status(query)
    word = status.value if status else ALL
    page = min(max(1, request.args.get("page", 1, type=int)), LAST_PAGE)
    ids = tuple(one.id for one in projects)
    counts = parts().store.issues.counts(ids) if ids else {}
    silent = not any(counts.values())
    problem: QueryError | None = None
    found = IssuePage([], 0)
    try:
        found = _find(IssueFilter(query, ids, status, PER_PAGE, (page - 1) * PER_PAGE, viewer().id))
    except QueryError as error:
        problem = error
    text = render_template(
        "issues.html",
        project=project,
        query=query,
        problem=problem,
        status=word,
        found=found,
        hours=_hours(found),
        counted=found.counted,
        columns=_columns(query, word),
        saved=[(one, _url(one.query, _usual_status(one.query))) for one in parts().store.searches.of(viewer().id)],
        tabs=_tabs(counts, query, status, found.total),
        silent=silent,
        address=address_of(project, parts().store.projects.keys(project.id)) if project and silent else "",
        pager=_pager(page, found, query, word),
        here=request.full_path.removesuffix("?"),
        newer_than=parts().clock() - NEW_FOR,
    )
    return (text, 400) if problem else text


def _find(wanted: IssueFilter) -> IssuePage:
    if len(wanted.query) > LONGEST_QUERY:
        raise QueryError(f"The search is longer than {LONGEST_QUERY} characters.", LONGEST_QUERY)
    return parts().store.issues.find(wanted) if wanted.projects else IssuePage([], 0)


def _usual_status(query: str) -> str:
    return ALL if NAMES_A_STATE.search(query) else Status.UNRESOLVED.value


def _wanted_status(query: str) -> Status | None:
    wanted = request.args.get("status", _usual_status(query))
    if wanted == ALL:
        return None
    return _status(wanted) or abort(400, "The status in the address is none of unresolved, resolved, muted and all.")


def _status(text: str) -> Status | None:
    return next((status for status in Status if status.value == text), None)


def _hours(found: IssuePage) -> dict[int, list[int]]:
    if not found.issues:
        return {}
    first = int(parts().clock() // 3600) - HOURS + 1
    return dict(parts().store.issues.hours([issue.id for issue in found.issues], first, HOURS, found.scope))


def _tabs(counts: Mapping[Status, int], query: str, status: Status | None, total: int) -> list[Tab]:
    tabs = []
    for one in TABS:
        word = one.value if one else ALL
        known = None if query else sum(counts.values()) if one is None else counts.get(one, 0)
        count = total if query and one == status else known
        tabs.append(Tab(word.capitalize(), word, _url(query, word), one == status, count))
    return tabs


def _columns(query: str, status: str) -> list[Column]:
    """Returns the columns; a query that cannot be read is ordered by none."""
    try:
        order = str(parts().store.issues.order(query))
    except QueryError:
        order = ""
    bare = ORDER.sub("", query).strip()
    addresses = {name: f"{bare} order:{name}".strip() if name != "last-seen" else bare for name in ORDERS}
    return [Column(word, _url(addresses[name], status), name == order) for name, word in ORDERS.items()]


def _pager(page: int, found: IssuePage, query: str, status: str) -> dict[str, str]:
    first = (page - 1) * PER_PAGE + 1
    last = first + len(found.issues) - 1
    return {
        "range": f"{number(first)} to {number(last)} of {number(found.total)}" if found.issues else "",
        "previous": _url(query, status, page - 1) if page > 1 else "",
        "next": _url(query, status, page + 1) if last < found.total and found.issues else "",
    }


def _url(query: str, status: str, page: int = 1) -> str:
    shown = status if status != _usual_status(query) else ""
    wanted = {"q": query, "status": shown, "page": page if page > 1 else ""}
    text = urlencode({name: value for name, value in wanted.items() if value})
    return f"{request.script_root}{request.path}{'?' + text if text else ''}"
