"""Searches that the viewer keeps: saved from the list of issues, and removed there.

In: forms. Out: the list again. `view/pages.py` registers `blueprint`; `view/issues.py` shows them.
"""

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from kaput.errors import QueryError
from kaput.store.base import SavedSearch
from kaput.view.access import viewer
from kaput.view.auth import is_local
from kaput.view.parts import parts

blueprint = Blueprint("searches", __name__)

LONGEST_NAME = 60


@blueprint.post("/searches")
def save() -> Response:
    """Keeps a search under a name, its own words without one."""
    query = request.form.get("q", "").strip()
    name = " ".join(request.form.get("name", "").split())[:LONGEST_NAME] or query[:LONGEST_NAME]
    if not query:
        flash("There is no search to save; type one first.", "error")
        return _back()
    try:
        parts().store.searches.save(viewer().id, SavedSearch(name, query))
        flash(f"Saved as {name}.", "done")
    except QueryError as error:
        flash(str(error), "error")
    return _back()


@blueprint.post("/searches/remove")
def remove() -> Response:
    """Forgets a search."""
    parts().store.searches.remove(viewer().id, request.form.get("name", ""))
    return _back()


def _back() -> Response:
    wanted = request.form.get("back", "")
    return redirect(request.script_root + wanted if is_local(wanted) else url_for("issues.everywhere"))
