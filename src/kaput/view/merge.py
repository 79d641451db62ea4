"""Merging issues and splitting them again, from the page of the one that stays.

In: forms of members who may see all issues concerned. Out: redirects. `view/pages.py` registers `blueprint`.
"""

from flask import Blueprint, flash, redirect, request, session, url_for
from werkzeug.wrappers import Response

from kaput.errors import Conflict, NotFound
from kaput.view.access import viewer, visible_issue
from kaput.view.parts import parts

blueprint = Blueprint("merge", __name__)


@blueprint.post("/issues/<short_id>/merge")
def merge(short_id: str) -> Response:
    """Merges another issue into this one, and offers to undo it."""
    issue = visible_issue(short_id)
    try:
        other = visible_issue(request.form.get("other", "").strip().upper())
        done = parts().store.merges.merge(issue.id, [other.id], viewer().id)
    except (Conflict, NotFound) as error:
        flash(str(error), "error")
        return redirect(url_for("issue.show", short_id=issue.short_id), 303)
    if done.undo is None:
        flash("That is this issue itself.", "error")
    else:
        session["undo"] = done.undo
        flash(f"{other.short_id} is merged into this issue.", "undo")
    return redirect(url_for("issue.show", short_id=issue.short_id), 303)


@blueprint.post("/issues/<short_id>/split")
def split(short_id: str) -> Response:
    """Takes a merged issue out again, and shows it."""
    issue = visible_issue(short_id)
    part = visible_issue(request.form.get("part", ""))
    try:
        parts().store.merges.split(issue.id, part.id, viewer().id)
    except NotFound as error:
        flash(str(error), "error")
        return redirect(url_for("issue.show", short_id=issue.short_id), 303)
    flash(f"{part.short_id} is an issue of its own again.", "done")
    return redirect(url_for("issue.show", short_id=part.short_id), 303)
