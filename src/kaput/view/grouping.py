"""The rules of grouping of a project: their text, what they would do to stored events, and only then to save them.

In: forms of admins. Out: pages. `view/pages.py` registers `blueprint`.
"""

import hashlib
import hmac

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kaput.errors import RuleError
from kaput.model import Rehearsal
from kaput.store.base import ProjectRow
from kaput.view.access import admin_only, visible_project
from kaput.view.parts import parts
from kaput.view.secret import derived

blueprint = Blueprint("grouping", __name__, url_prefix="/projects")

MOST_SHOWN = 50
"""Groups, and issues, of which the page tells."""


@blueprint.get("/<slug>/grouping")
@admin_only
def show(slug: str) -> str:
    """Shows the rules."""
    project = visible_project(slug)
    return _page(project, _saved(project))


@blueprint.post("/<slug>/grouping")
@admin_only
def test(slug: str) -> str | tuple[str, int]:
    """Tries rules on stored events; what they would do is shown with a button that saves them."""
    project, text = visible_project(slug), _text()
    try:
        found = parts().rehearse(project.id, text)
    except RuleError as error:
        return _page(project, text, problem=error), 400
    return _page(project, text, found=found, tested=_tested(project, text))


@blueprint.post("/<slug>/grouping/save")
@admin_only
def save(slug: str) -> str | tuple[str, int] | Response:
    """Saves rules that were tried; others are tried first."""
    project, text = visible_project(slug), _text()
    if not hmac.compare_digest(request.form.get("tested", "").encode(), _tested(project, text).encode()):
        return test(slug)
    parts().store.projects.set_grouping(project.id, text)
    flash("The rules are set. They hold within a second; stored events are grouped again in the background.", "done")
    return redirect(url_for("grouping.show", slug=project.slug))


def _saved(project: ProjectRow) -> str:
    return parts().store.projects.grouping().get(project.id, "")


def _text() -> str:
    return "\n".join(request.form.get("rules", "").splitlines()).strip("\n")


def _tested(project: ProjectRow, text: str) -> str:
    """Returns what only a test of this text gives away."""
    key = derived(parts().secret, "kaput-grouping")
    return hmac.new(key, f"{project.id}:{text}".encode(), hashlib.sha256).hexdigest()


def _page(
    project: ProjectRow, text: str, problem: RuleError | None = None, found: Rehearsal | None = None, tested: str = ""
) -> str:
    return render_template(
        "project_grouping.html",
        project=project,
        rules=text,
        saved=_saved(project),
        problem=problem,
        line=_wrong_line(text, problem),
        found=found,
        tested=tested,
        most=MOST_SHOWN,
    )


def _wrong_line(text: str, problem: RuleError | None) -> tuple[str, str]:
    """Returns the line that cannot be read, up to where reading stopped and from there on."""
    lines = text.splitlines()
    if problem is None or problem.line > len(lines):
        return "", ""
    line = lines[problem.line - 1]
    return line[: problem.column - 1][-200:], line[problem.column - 1 :][:200]
