"""The installation itself, for admins: what came in, was refused or could not be read, the space, and the mail.

In: the counts and the functions of the root. Out: one page, and its four buttons. `view/pages.py` imports it.
"""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kaput.errors import MailFailed
from kaput.model import DAY
from kaput.view.access import admin_only, viewer
from kaput.view.banners import problems_of
from kaput.view.parts import parts
from kaput.view.render import plural

blueprint = Blueprint("server", __name__, url_prefix="/server")

MOST_DEAD = 100
"""Dead records that one page lists; the buttons for all reach the rest."""


@blueprint.get("")
@admin_only
def show() -> str:
    """Shows the state of the installation."""
    given = parts()
    batches = given.store.batches
    return render_template(
        "server.html",
        stats=given.read_stats(),
        problems=problems_of(given),
        recent=given.store.facts.drops_since(given.clock() - DAY),
        dead=batches.known_dead(MOST_DEAD)[::-1],
        hidden=max(0, batches.count_dead() - MOST_DEAD),
        projects={project.id: project for project in given.store.projects.all()},
        mail=given.settings if given.settings.smtp_host else None,
        space=given.read_space(),
        oldest=given.store.retention.oldest(),
        limits=given.settings,
    )


@blueprint.post("/dead")
@admin_only
def handle_dead() -> Response:
    """Retries or drops one dead record, or all of them."""
    given = parts()
    names = request.form.getlist("name") or [row.dead.name for row in given.store.batches.known_dead()]
    what = request.form.get("what")
    if what == "retry":
        _tell(given.retry_dead(names), len(names), "put back")
    elif what == "drop":
        _tell(given.drop_dead(names), len(names), "removed for good")
    else:
        abort(400)
    return redirect(url_for("server.show"))


def _tell(count: int, wanted: int, done: str) -> None:
    """Says to how many records it was done; as an error when some are left, or none was there."""
    text = f"{plural(count, 'record')} {done}."
    if count < wanted:
        text += f" {plural(wanted - count, 'other')} could not be: damaged on the disk, or gone already."
    flash(text, "done" if count == wanted and count else "error")


@blueprint.post("/mail")
@admin_only
def mail() -> Response:
    """Sends a test mail to the viewer and shows what the mail server said."""
    address = viewer().email
    if not parts().settings.smtp_host:
        flash("No mail was sent: KAPUT_SMTP_HOST is not set. Set it and start Kaput again.", "error")
        return redirect(url_for("server.show"))
    try:
        parts().send_test(address)
    except MailFailed as error:
        flash(str(error), "error")
    else:
        flash(f"The mail server took a test mail for {address}.", "done")
    return redirect(url_for("server.show"))
