"""What is attached to events and feedback: listed beside them, to be downloaded, and small pictures of screenshots.

In: requests of people who are members of the project; rows of the store. Out: files, and rows that can be shown.
`view/pages.py` registers `blueprint`, `view/issue.py` and `view/feedback.py` import `attached`.

The bytes are a stranger's. They leave with a type that no browser runs, to be saved and not shown, in a sandbox without
scripts; only a file that is a picture by its bytes is shown as one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, send_file

from kaput.errors import NotFound
from kaput.store.base import AttachmentRow
from kaput.view.access import visible_project
from kaput.view.parts import parts
from kaput.view.raster import HEAD_BYTES, content_type
from kaput.view.render import size
from kaput.view.values import visible

blueprint = Blueprint("attachments", __name__, url_prefix="/projects/<slug>/attachments")

POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
"""Of every file that leaves: it runs nothing, loads nothing, and is in no page."""
LARGEST_PICTURE = 5 * 1024**2
MOST_PICTURES = 12
"""Pictures of a page; the others can be downloaded."""
_ANY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Attached:
    """One attachment as a page lists it.

    Attributes:
        about: its size and what it is for.
        missing: its file is gone.
        picture: it may be shown as one.
    """

    attachment_id: str
    name: str
    about: str
    missing: bool
    picture: bool


@blueprint.get("/<string(length=32):attachment_id>")
def download(slug: str, attachment_id: str) -> Response:
    """Answers a file to be saved, whatever its type is said to be."""
    row, content = parts().store.attachments.open(visible_project(slug).id, attachment_id)
    return _sealed(send_file(content, _ANY, as_attachment=True, download_name=_saved_as(row.name)))


@blueprint.get("/<string(length=32):attachment_id>/picture")
def picture(slug: str, attachment_id: str) -> Response:
    """Answers a picture to be shown; a file that is none is not there."""
    project = visible_project(slug)
    kind = _picture_of(project.id, attachment_id)
    if not kind:
        raise NotFound("This attachment is no picture that can be shown. Download it.")
    _, content = parts().store.attachments.open(project.id, attachment_id)
    return _sealed(send_file(content, kind))


def attached(project_id: int, event_ids: Sequence[str]) -> dict[str, list[Attached]]:
    """Returns what is attached to events or pieces of feedback, by their ids."""
    left = MOST_PICTURES
    found: dict[str, list[Attached]] = {}
    for event_id, rows in parts().store.attachments.of(project_id, event_ids).items():
        for row in rows:
            shown = left > 0 and _may_be_picture(row) and bool(_picture_of(project_id, row.attachment_id))
            left -= shown
            found.setdefault(event_id, []).append(_view(row, picture=shown))
    return found


def _view(row: AttachmentRow, *, picture: bool) -> Attached:
    kind = row.kind.removeprefix("event.")
    told = [size(row.size), *([visible(kind)] if kind != "attachment" else [])]
    return Attached(row.attachment_id, visible(row.name), ", ".join(told), row.missing, picture)


def _may_be_picture(row: AttachmentRow) -> bool:
    """Spares the reading of files that are no pictures even by their own account."""
    named = row.name.lower().endswith((".png", ".jpg", ".jpeg"))
    return not row.missing and 0 < row.size <= LARGEST_PICTURE and (named or row.content_type.startswith("image/"))


def _picture_of(project_id: int, attachment_id: str) -> str:
    """Returns the content type of a picture by its bytes, or nothing."""
    try:
        row, content = parts().store.attachments.open(project_id, attachment_id)
    except NotFound:
        return ""
    with content:
        return content_type(content.read(HEAD_BYTES)) if row.size <= LARGEST_PICTURE else ""


def _sealed(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _saved_as(name: str) -> str:
    """Returns a name that says nothing of folders, and does not begin with a dot."""
    last = name.replace("\\", "/").rpartition("/")[2].lstrip(".")
    return "".join(c for c in last if c.isprintable()) or "attachment"
