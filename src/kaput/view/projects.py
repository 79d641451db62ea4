"""Projects: their list, the DSN with its snippets, their keys and members.

In: forms of admins. Out: pages; members see the list and the set-up page of their own projects. `view/pages.py`
registers `blueprint`; views that show a DSN import `address_of`.
"""

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kaput.errors import Conflict
from kaput.model import Filters
from kaput.store.base import AccountRow, KeyRow, ProjectRow, Status
from kaput.view import filters
from kaput.view.access import admin_only, viewer, visible_project, visible_projects
from kaput.view.dsn import dsn
from kaput.view.parts import parts
from kaput.view.snippets import SNIPPETS, filled, snippet
from kaput.view.values import visible

blueprint = Blueprint("projects", __name__, url_prefix="/projects")

LONGEST_NAME = 80
NAME_PROBLEM = f"A name has 1 to {LONGEST_NAME} characters."
LIMIT_PROBLEM = "A limit is two whole numbers: how many events, in how many seconds."


def base_url() -> str:
    """Returns the address under which clients reach this installation: KAPUT_URL, else that of this request."""
    return parts().settings.url or request.url_root


def address_of(project: ProjectRow, keys: Sequence[KeyRow]) -> str:
    """Returns a project's DSN by its first enabled key; empty when it has none."""
    usable = [key for key in keys if key.project_id == project.id and not key.disabled]
    return dsn(base_url(), usable[0]) if usable else ""


@blueprint.get("")
def index() -> str:
    """Lists the viewer's projects, each with its DSN and how many issues are open."""
    return _index("")


@blueprint.post("")
@admin_only
def add() -> str | tuple[str, int] | Response:
    """Makes a project."""
    name = _name()
    if not name:
        return _index(NAME_PROBLEM), 400
    try:
        project = parts().store.projects.add(name)
    except (Conflict, ValueError) as error:
        return _index(str(error)), 409
    return redirect(url_for("projects.setup", slug=project.slug))


@blueprint.get("/<slug>/setup")
def setup(slug: str) -> str:
    """Shows the DSN, and what to copy into an application."""
    project = visible_project(slug)
    chosen = snippet(request.args.get("client", SNIPPETS[0].slug)) or abort(404)
    address = address_of(project, parts().store.projects.keys(project.id))
    return render_template(
        "project_setup.html",
        project=project,
        dsn=address,
        snippets=SNIPPETS,
        chosen=chosen,
        code=filled(chosen, address),
        events=parts().store.facts.tallies(project.id).events,
    )


@blueprint.get("/<slug>/settings")
@admin_only
def settings(slug: str) -> str:
    """Shows the name, the keys and the members of a project."""
    return _settings(visible_project(slug), "")


@blueprint.post("/<slug>/name")
@admin_only
def rename(slug: str) -> str | tuple[str, int] | Response:
    """Changes the name; the slug stays, and with it every short id."""
    project, name = visible_project(slug), _name()
    if not name:
        return _settings(project, NAME_PROBLEM), 400
    parts().store.projects.rename(project.id, name)
    return _done(project, f"The project is called {name} now.")


@blueprint.post("/<slug>/keys")
@admin_only
def add_key(slug: str) -> Response:
    """Makes another key."""
    project = visible_project(slug)
    label = request.form.get("label", "").strip()[:LONGEST_NAME]
    parts().store.projects.add_key(project.id, label or "another key")
    return _done(project, "The key is made. Clients may use it within a second.")


@blueprint.post("/<slug>/keys/<int:key_id>")
@admin_only
def set_key(slug: str, key_id: int) -> Response:
    """Disables or enables a key of this project."""
    project = visible_project(slug)
    if key_id not in {key.id for key in parts().store.projects.keys(project.id)}:
        abort(404)
    disabled = request.form.get("disabled") == "1"
    parts().store.projects.set_key_disabled(key_id, disabled=disabled)
    return _done(project, f"The key is {'disabled' if disabled else 'enabled'}. It takes effect within a second.")


@blueprint.post("/<slug>/keys/<int:key_id>/limit")
@admin_only
def limit_key(slug: str, key_id: int) -> str | tuple[str, int] | Response:
    """Limits the events of a key of this project in a window of time; without both numbers it has no limit."""
    project = visible_project(slug)
    if key_id not in {key.id for key in parts().store.projects.keys(project.id)}:
        abort(404)
    given = [request.form.get(name, "").strip() for name in ("events", "seconds")]
    if not all(number.isascii() and number.isdecimal() and len(number) < 12 for number in given if number):
        return _settings(project, "", LIMIT_PROBLEM), 400
    events, seconds = (int(number or 0) for number in given)
    try:
        parts().store.projects.set_key_limit(key_id, events, seconds)
    except ValueError as error:
        return _settings(project, "", str(error)), 400
    now = f"takes {events} events in {seconds} seconds" if events else "has no limit"
    return _done(project, f"The key {now}. It takes effect within a second.")


@blueprint.post("/<slug>/filters")
@admin_only
def set_filters(slug: str) -> str | tuple[str, int] | Response:
    """Changes which events are left out."""
    project, wanted = visible_project(slug), filters.read(request.form)
    try:
        parts().store.projects.set_filters(project.id, wanted)
    except ValueError as error:
        return _settings(project, "", filter_problem=str(error), wanted=wanted), 400
    return _done(project, "The filters are set. They take effect within a second.")


@blueprint.post("/<slug>/ignored")
@admin_only
def take_again(slug: str) -> Response:
    """Takes events of an ignored issue again."""
    project, wanted = visible_project(slug), request.form.get("issue", "")
    removals = parts().store.removals
    found = [one for one in removals.ignored(project.id) if one.short_id == wanted]
    if not found:
        abort(404)
    removals.take_again(found[0].id, viewer().id)
    return _done(project, f"Events of {wanted} are taken again.")


@blueprint.post("/<slug>/regroup")
@admin_only
def regroup(slug: str) -> Response:
    """Groups the stored events of a project again."""
    project = visible_project(slug)
    parts().store.regroupings.start(project.id)
    return _done(project, "The stored events are grouped again, in the background.")


@blueprint.post("/<slug>/members")
@admin_only
def add_member(slug: str) -> Response:
    """Makes an account a member."""
    project = visible_project(slug)
    account = _account()
    parts().store.projects.add_member(project.id, account.id)
    return _done(project, f"{account.email} is a member now.")


@blueprint.post("/<slug>/members/remove")
@admin_only
def remove_member(slug: str) -> Response:
    """Ends a membership."""
    project = visible_project(slug)
    account = _account()
    parts().store.projects.remove_member(project.id, account.id)
    return _done(project, f"{account.email} is no member any more.")


def _index(problem: str) -> str:
    listed = sorted(visible_projects(), key=lambda project: (project.internal, project.name.casefold()))
    keys = parts().store.projects.keys()
    rows = [(project, address_of(project, keys), _open_issues(project)) for project in listed]
    return render_template("projects.html", rows=rows, problem=problem, name=request.form.get("name", ""))


def _ignored(project: ProjectRow) -> list[tuple[str, str]]:
    """Returns short id and title of the issues whose events are left out."""
    return [(one.short_id, visible(one.title)) for one in parts().store.removals.ignored(project.id)]


def _settings(
    project: ProjectRow,
    problem: str,
    key_problem: str = "",
    filter_problem: str = "",
    wanted: Filters | None = None,
) -> str:
    members = parts().store.projects.members(project.id)
    joined = {member.id for member in members}
    keys = parts().store.projects.keys(project.id)
    return render_template(
        "project_settings.html",
        project=project,
        problem=problem,
        key_problem=key_problem,
        filter_problem=filter_problem,
        filters=wanted or parts().store.projects.filters().get(project.id, Filters()),
        globs=filters.GLOBS,
        switches=filters.SWITCHES,
        filtered=filters.lately(project.id),
        days=filters.DAYS,
        keys=[(key, dsn(base_url(), key)) for key in keys],
        members=members,
        ignored=_ignored(project),
        regrouping=parts().store.regroupings.progress(project.id),
        others=[account for account in parts().store.accounts.all() if account.id not in joined],
    )


def _done(project: ProjectRow, text: str) -> Response:
    flash(text, "done")
    return redirect(url_for("projects.settings", slug=project.slug))


def _name() -> str:
    name = " ".join(request.form.get("name", "").split())
    return name if len(name) <= LONGEST_NAME else ""


def _account() -> AccountRow:
    wanted = request.form.get("account", type=int) or abort(400)
    return next((account for account in parts().store.accounts.all() if account.id == wanted), None) or abort(404)


def _open_issues(project: ProjectRow) -> int:
    return parts().store.issues.counts([project.id]).get(Status.UNRESOLVED, 0)
