"""Where a project's alerts go beside mail, what was not delivered, and the buttons that try the way.

In: forms of admins. Out: one page. `view/pages.py` imports it. The address of a channel is read once, when it is added,
and never shown again; the secret of a webhook is shown once, in the answer to the form that made it.
"""

from collections.abc import Iterator
from contextlib import suppress

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from msgspec import Struct
from werkzeug.wrappers import Response

from kaput.errors import Conflict, DeliveryFailed, NotFound
from kaput.model import channel_of, channel_recipient
from kaput.store.base import ChannelRow, NoticeRow, ProjectRow
from kaput.view.access import admin_only, viewer, visible_project
from kaput.view.parts import parts
from kaput.view.trial import NO_MAIL, followed, outcome

blueprint = Blueprint("channels", __name__, url_prefix="/projects/<slug>/channels")

MOST_LISTED = 20
TEST_SECONDS = 10.0
"""How long the answer to a test waits for what came of it."""


class Undelivered(Struct, frozen=True):
    """A notice that was not delivered; `whom`: an address, or the name of a channel."""

    notice: NoticeRow
    whom: str
    short_id: str


@blueprint.get("")
@admin_only
def of_project(slug: str) -> str:
    """Shows the channels of a project."""
    return _page(visible_project(slug))


@blueprint.post("")
@admin_only
def add(slug: str) -> str | tuple[str, int]:
    """Makes a channel, and shows the secret of a webhook this once."""
    project = visible_project(slug)
    try:
        made, secret, note = parts().add_channel(project.id, request.form.get("name", ""), request.form.get("url", ""))
    except Conflict as error:
        return _page(project, problem=str(error)), 409
    except (ValueError, DeliveryFailed) as error:
        return _page(project, problem=str(error)), 400
    return _page(project, made=made, secret=secret, note=note)


@blueprint.post("/<int:channel_id>")
@admin_only
def change(slug: str, channel_id: int) -> Response:
    """Tests, disables, enables or deletes a channel."""
    project = visible_project(slug)
    channel = _channel(project, channel_id)
    store = parts().store.channels
    what = request.form.get("what")
    if what == "test":
        _try_out(project, channel_recipient(channel.id), channel.name)
    elif what == "delete":
        store.delete(channel.id)
        flash(f"The channel {channel.name} is deleted.", "done")
    elif what in {"enable", "disable"}:
        store.set_disabled(channel.id, disabled=what == "disable")
        flash(f"The channel {channel.name} is {what}d.", "done")
    else:
        abort(400)
    return redirect(url_for("channels.of_project", slug=project.slug))


@blueprint.post("/mail")
@admin_only
def test_mail(slug: str) -> Response:
    """Sends a test alert to the viewer, on the way that alerts take."""
    project = visible_project(slug)
    if parts().settings.smtp_host:
        _try_out(project, viewer().email, viewer().email)
    else:
        flash(NO_MAIL, "error")
    return redirect(url_for("channels.of_project", slug=project.slug))


@blueprint.post("/subscribers")
@admin_only
def resubscribe(slug: str) -> Response:
    """Sends mail to an address again that had unsubscribed."""
    project, address = visible_project(slug), request.form.get("address", "")
    parts().store.channels.resubscribe(project.id, address)
    flash(f"Alerts of {project.name} go to {address} again.", "done")
    return redirect(url_for("channels.of_project", slug=project.slug))


def _page(
    project: ProjectRow, *, problem: str = "", made: ChannelRow | None = None, secret: str = "", note: str = ""
) -> str:
    store = parts().store
    channels = store.channels.all(project.id)
    return render_template(
        "channels.html",
        project=project,
        channels=channels,
        last=store.outbox.last([channel_recipient(channel.id) for channel in channels]),
        recipient=channel_recipient,
        undelivered=list(_undelivered(project, channels)),
        unsubscribed=sorted(store.channels.unsubscribed(project.id)),
        mail=parts().settings.smtp_host,
        problem=problem,
        given="" if made else request.form.get("name", ""),
        made=made,
        secret=secret,
        note=note,
    )


def _undelivered(project: ProjectRow, channels: list[ChannelRow]) -> Iterator[Undelivered]:
    """Yields what was not delivered, each with the words of the other side."""
    store = parts().store
    notices = store.outbox.undelivered(MOST_LISTED, project.id)
    names = {channel.id: channel.name for channel in channels}
    for notice in notices:
        channel_id = channel_of(notice.recipient)
        whom = notice.recipient if channel_id is None else names.get(channel_id, "a deleted channel")
        short_id = ""
        with suppress(NotFound):
            short_id = store.issues.get(notice.issue_id).short_id
        yield Undelivered(notice, whom, short_id)


def _channel(project: ProjectRow, channel_id: int) -> ChannelRow:
    return next((row for row in parts().store.channels.all(project.id) if row.id == channel_id), None) or abort(404)


def _try_out(project: ProjectRow, recipient: str, name: str) -> None:
    """Writes a test into the outbox, as an alert would be, and says on the next page what came of it.

    Args:
        project: whose newest issue it is about.
        recipient: a mail address, or a channel (`kaput.model.channel_recipient`).
        name: what the recipient is called in the answer.
    """
    outbox = parts().store.outbox
    (notice,) = followed(outbox, [outbox.test(project.id, recipient)], TEST_SECONDS)
    found = outcome(name, notice)
    flash(found.words, "done" if found.good else "error")
