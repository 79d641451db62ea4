"""What people said about events: all of one project on a page, and the rows that an issue's page shows.

In: requests of people who are members of the project; rows of the store. Out: HTML; rows that can be shown.
`view/pages.py` registers `blueprint`, `view/issue.py` imports `readable`.
"""

from collections.abc import Iterable

from flask import Blueprint, render_template
from msgspec.structs import replace

from kaput.store.base import FeedbackRow
from kaput.view.access import visible_project
from kaput.view.attachments import attached
from kaput.view.parts import parts
from kaput.view.values import visible

blueprint = Blueprint("feedback", __name__, url_prefix="/projects")

MOST = 100
"""Rows of a page."""


@blueprint.get("/<slug>/feedback")
def of_project(slug: str) -> str:
    """Shows what people said in a project, newest first, also what belongs to no event that came."""
    project = visible_project(slug)
    said = readable(parts().store.feedback.of_project(project.id, MOST))
    files = attached(project.id, [one.feedback_id for one in said])
    return render_template("project_feedback.html", project=project, said=said, files=files, most=MOST)


def readable(rows: Iterable[FeedbackRow]) -> list[FeedbackRow]:
    """Returns the rows with control characters made visible in the texts that came from outside."""
    names = ("title", "name", "email", "comments", "url")
    return [replace(row, **{name: visible(getattr(row, name)) for name in names}) for row in rows]
