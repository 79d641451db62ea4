"""Deciding about several issues at once, chosen one by one or all that a search finds, and taking a decision back.

In: forms. Out: redirects to where they came from. `view/pages.py` registers `blueprint`.
"""

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from kaput.errors import Conflict, NotFound, QueryError
from kaput.store.base import Assign, Decided, IssueFilter, Removal, Status
from kaput.view.access import viewer, visible_issue, visible_project, visible_projects
from kaput.view.auth import is_local
from kaput.view.decision import asked, offer_undo, word_of
from kaput.view.parts import parts
from kaput.view.render import plural

blueprint = Blueprint("bulk", __name__)

MOST_CHOSEN = 100
MOST_FOUND = 10_000
PAGE = 500
LAST_UNDO = 2**53
MINE, MERGE = "assign:me", "merge"


@blueprint.post("/issues/status")
def decide() -> Response:
    """Decides about the chosen issues, or all that the search finds, and offers to undo it."""
    wanted = request.form.get("decision", "")
    try:
        ids = _found() if request.form.get("all") else _chosen()
        if not ids:
            flash("No issue was selected. Tick some, then choose what to do.", "error")
            return _back()
        done, word = _done(wanted, ids)
    except (Conflict, QueryError) as error:
        flash(str(error), "error")
        return _back()
    offer_undo(done, word, f"{plural(done.changed, 'issue')} ")
    return _back()


@blueprint.post("/issues/<short_id>/remove")
def remove(short_id: str) -> Response:
    """Deletes one issue, or ignores it from now on, and goes to the list."""
    issue = visible_issue(short_id)
    kind = _removal(request.form.get("decision", "")) or abort(400)
    done = parts().store.removals.remove([issue.id], kind, viewer().id)
    offer_undo(done, kind.value, f"{issue.short_id} is ")
    return redirect(url_for("issues.of_project", slug=issue.project), 303)


@blueprint.post("/issues/undo")
def undo() -> Response:
    """Takes the viewer's last decision back."""
    try:
        parts().store.decisions.undo(min(request.form.get("undo", 0, type=int), LAST_UNDO), viewer().id)
        flash("Undone.", "done")
    except NotFound as error:
        flash(str(error), "error")
    return _back()


def _done(wanted: str, ids: list[int]) -> tuple[Decided, str]:
    store, account = parts().store, viewer().id
    kind = _removal(wanted)
    if kind is not None:
        return store.removals.remove(ids, kind, account), kind.value
    if wanted == MERGE:
        into, *others = sorted(ids[:MOST_CHOSEN])  # the oldest stays
        if not others:
            raise Conflict("Select two issues or more to merge them.")
        return store.merges.merge(into, others, account), "merged"
    decision = Assign(account) if wanted == MINE else asked()
    if isinstance(decision, Assign) and decision.account_id not in (None, account):
        abort(400, "From the list issues are assigned to yourself or nobody; choose others on the page of the issue.")
    return store.decisions.decide(ids, decision, account), word_of(decision)


def _removal(word: str) -> Removal | None:
    return next((kind for kind in Removal if kind.value == word), None)


def _chosen() -> list[int]:
    names = list(dict.fromkeys(request.form.getlist("id")))[:MOST_CHOSEN]
    return [visible_issue(short_id).id for short_id in names]


def _found() -> list[int]:
    """Returns all issues that the search of the list finds."""
    slug, status = request.form.get("project", ""), request.form.get("status", "")
    projects = [visible_project(slug)] if slug else [one for one in visible_projects() if not one.internal]
    wanted = next((one for one in Status if one.value == status), None)
    ids: list[int] = []
    while projects and len(ids) < MOST_FOUND:
        query = IssueFilter(
            request.form.get("q", ""), tuple(one.id for one in projects), wanted, PAGE, len(ids), viewer().id
        )
        page = parts().store.issues.find(query)
        ids += [issue.id for issue in page.issues]
        if len(page.issues) < PAGE:
            break
    return ids


def _back() -> Response:
    wanted = request.form.get("back", "")
    return redirect(request.script_root + wanted if is_local(wanted) else url_for("issues.everywhere"))
