"""What members say about an issue, to whom, and which issues they keep for themselves.

In: forms; members of the project. Out: lines of the activity, notices for those who are named, bookmarks.
`view/pages.py` registers `blueprint`.
"""

import re
from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kaput.errors import NotFound
from kaput.store.base import AccountRow, IssueRow
from kaput.view.access import viewer, visible_issue, visible_projects
from kaput.view.parts import parts
from kaput.view.render import plural
from kaput.view.values import visible

blueprint = Blueprint("comment", __name__)

LONGEST = 5000
"""Characters of a comment."""
MOST_BOOKMARKS = 200
_NAMED = re.compile(r"(?<![\w.+-])@([\w.+-]{1,64}(?:@[\w.-]{1,200}\w)?)")


@blueprint.post("/issues/<short_id>/comment")
def write(short_id: str) -> Response:
    """Writes a comment and tells those whom it names."""
    issue = visible_issue(short_id)
    text = request.form.get("text", "").replace("\r\n", "\n").strip()
    if not text or len(text) > LONGEST:
        flash(f"A comment has 1 to {LONGEST:,} characters; this one has {len(text):,}.", "error")
        return _back(issue)
    told = mentioned(text, parts().store.projects.members(issue.project_id))
    parts().store.decisions.comment(issue.id, text, viewer().id, told)
    flash(f"Comment written{', ' + plural(len(told), 'member') + ' told' if told else ''}.", "done")
    return _back(issue)


@blueprint.post("/issues/<short_id>/bookmark")
def keep(short_id: str) -> Response:
    """Keeps an issue among the viewer's bookmarks, or takes it out."""
    issue = visible_issue(short_id)
    parts().store.decisions.bookmark(issue.id, viewer().id, kept=request.form.get("kept") == "1")
    return _back(issue)


@blueprint.get("/bookmarks")
def bookmarks() -> str:
    """Lists the issues that the viewer keeps."""
    mine = {project.id for project in visible_projects()}
    rows = []
    for issue_id in parts().store.decisions.bookmarks(viewer().id)[:MOST_BOOKMARKS]:
        try:
            row = parts().store.issues.get(issue_id)
        except NotFound:
            continue
        if row.project_id in mine:
            rows.append((row, visible(row.title)))
    return render_template("bookmarks.html", issues=rows)


def mentioned(text: str, members: Sequence[AccountRow]) -> list[str]:
    """Returns the addresses of the members that a text names.

    By the whole address, `@ada@example.org`, or by what stands before its `@` when only one member is so called.
    """
    named = [name.rstrip(".").lower() for name in _NAMED.findall(text)]
    found = []
    for name in dict.fromkeys(named):
        whole = [one.email for one in members if one.email.lower() == name]
        called = [one.email for one in members if one.email.lower().partition("@")[0] == name]
        found += whole or (called if len(called) == 1 else [])
    return list(dict.fromkeys(found))


def _back(issue: IssueRow) -> Response:
    return redirect(url_for("issue.show", short_id=issue.short_id), 303)
