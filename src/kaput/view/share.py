"""A link to one issue for somebody without an account: signed, read-only, and good until a member takes it back.

In: requests of members, and of anybody who has the link. Out: a page with what failed and where, and nothing of the
request, the user, tags or variables. `view/pages.py` registers `blueprint`.
"""

import secrets

from flask import Blueprint, flash, redirect, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from kaput.errors import NotFound
from kaput.store.base import IssueRow
from kaput.view.access import viewer, visible_issue
from kaput.view.event import view_of
from kaput.view.parts import parts
from kaput.view.secret import derived
from kaput.view.values import visible

blueprint = Blueprint("share", __name__)

LONGEST = 300


@blueprint.post("/issues/<short_id>/share")
def share(short_id: str) -> Response:
    """Makes a link, or takes the one there is back."""
    issue = visible_issue(short_id)
    wanted = request.form.get("shared") == "1"
    parts().store.decisions.share(issue.id, secrets.token_hex(16) if wanted else None, viewer().id)
    flash("Whoever has the link sees this issue." if wanted else "The link shows nothing any more.", "done")
    return redirect(url_for("issue.show", short_id=issue.short_id), 303)


@blueprint.get("/share/<token>")
def show(token: str) -> str:
    """Shows an issue to whoever has its link."""
    issue = _shared(token)
    try:
        stored = parts().store.events.newest(issue.id)
    except NotFound:
        stored = None
    shown = view_of(stored.event) if stored else None
    return render_template("share.html", issue=issue, title=visible(issue.title), text=shown.text if shown else "")


def link_of(issue: IssueRow) -> str:
    """Returns the address of the page that is shared; an empty text when none is."""
    return url_for("share.show", token=_signer().dumps([issue.id, issue.shared])) if issue.shared else ""


def _shared(token: str) -> IssueRow:
    try:
        issue_id, key = _signer().loads(token[:LONGEST])
        issue = parts().store.issues.get(int(issue_id))
    except (BadSignature, NotFound, TypeError, ValueError):
        raise NotFound("This link shows nothing any more.") from None
    if not issue.shared or not secrets.compare_digest(issue.shared, str(key)):
        raise NotFound("This link shows nothing any more.")
    return issue


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(derived(parts().secret, "kaput-share"))
