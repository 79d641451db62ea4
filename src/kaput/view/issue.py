"""The page of one issue: one of its events, its history, and what can be decided about it.

In: requests of people who are members of the issue's project; to anyone else it is not there. Out: HTML, one event as
JSON, and a redirect after a decision. `view/pages.py` registers `blueprint`.
"""

import msgspec
from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from kaput.errors import NotFound
from kaput.store.base import Assign, IssueRow, Neighbours, StoredEvent, Strand
from kaput.view.access import viewer, visible_issue, visible_projects
from kaput.view.attachments import attached
from kaput.view.decision import asked, offer_undo, word_of
from kaput.view.event import view_of
from kaput.view.feedback import readable
from kaput.view.overview import DAYS, charts, decided, first_hour, phase, steps, tags
from kaput.view.parts import parts
from kaput.view.share import link_of
from kaput.view.standing import still_muted
from kaput.view.values import visible

blueprint = Blueprint("issue", __name__)

MOST_SAID = 20
"""Feedback that the page shows, of all events of the issue; the newest."""

MOST_RELEASES = 20
"""Releases that are offered to resolve in; the newest."""

EVENT = "/issues/<short_id>/events/<string(length=32):event_id>"
"""An event is named by its 32 hexadecimal digits, so `<event_id>.json` is never taken for one."""


@blueprint.get("/issues/<short_id>")
def show(short_id: str) -> str | Redirect:
    """Shows an issue with its newest event; one that was merged leads to where it is."""
    issue = visible_issue(short_id)
    if issue.merged_into is not None:
        return redirect(url_for("issue.show", short_id=parts().store.issues.get(issue.merged_into).short_id))
    try:
        stored = parts().store.events.newest(issue.id)
    except NotFound:
        stored = None
    return _page(issue, stored)


@blueprint.get(EVENT)
def event(short_id: str, event_id: str) -> str:
    """Shows an issue with one of its events."""
    issue = visible_issue(short_id)
    return _page(issue, _event_of(issue, event_id))


@blueprint.get(f"{EVENT}.json")
def raw(short_id: str, event_id: str) -> Response:
    """Answers the normalised event as JSON, as it is stored."""
    issue = visible_issue(short_id)
    stored = _event_of(issue, event_id)
    answer = Response(msgspec.json.format(msgspec.json.encode(stored.event)), mimetype="application/json")
    answer.headers["Content-Disposition"] = f'inline; filename="{stored.row.event_id}.json"'
    return answer


@blueprint.post("/issues/<short_id>/decision")
def decide(short_id: str) -> Redirect:
    """Resolves, mutes or reopens an issue and goes back to the event that was looked at."""
    issue, decision = visible_issue(short_id), asked()
    if isinstance(decision, Assign) and decision.account_id is not None:
        members = parts().store.projects.members(issue.project_id)
        if decision.account_id not in {one.id for one in members}:
            abort(400, "Only members of the project can be assigned. Add the person on the page of the project first.")
    offer_undo(parts().store.decisions.decide([issue.id], decision, viewer().id), word_of(decision))
    event_id = request.form.get("event_id", "")
    if len(event_id) == 32 and event_id.isalnum():
        return redirect(url_for("issue.event", short_id=issue.short_id, event_id=event_id), 303)
    return redirect(url_for("issue.show", short_id=issue.short_id), 303)


def _event_of(issue: IssueRow, event_id: str) -> StoredEvent:
    """Returns an event of the issue; raises NotFound for any other event."""
    stored = parts().store.events.get(event_id, issue.project_id)
    if stored.row.issue_id != issue.id:
        raise NotFound(f"The event {event_id} is not one of {issue.short_id}.")
    return stored


def _page(issue: IssueRow, stored: StoredEvent | None) -> str:
    store, now = parts().store, parts().clock()
    hours = store.issues.hours([issue.id], first_hour(now), DAYS * 24).get(issue.id, [0] * DAYS * 24)
    log = steps(store.issues.activity(issue.id), issue.first_seen, viewer().email)
    main_tags, other_tags = tags(store.issues.tags(issue.id), issue.count)
    said = readable(store.feedback.of_issue(issue.id, MOST_SAID))
    return render_template(
        "issue.html",
        project=next(project for project in visible_projects() if project.id == issue.project_id),
        issue=_readable(issue),
        charts=charts(hours),
        log=log,
        decided=decided(log, issue.status, regressed=issue.regressed),
        phase=phase(issue, log, now),
        muted_until=still_muted(issue, now),
        releases=_offered(issue),
        strands=_shown(store.merges.strands(issue.id)),
        similar=_shown(store.merges.similar(issue.id)),
        related=_shown(store.merges.same_target(issue.id)),
        moving=store.merges.progress(issue.id),
        link=link_of(issue),
        members=store.projects.members(issue.project_id),
        bookmarked=issue.id in store.decisions.bookmarks(viewer().id),
        main_tags=main_tags,
        other_tags=other_tags,
        event=view_of(stored.event) if stored else None,
        near=_neighbours(issue, stored),
        said=said,
        files=attached(issue.project_id, [*([stored.row.event_id] if stored else []), *(o.feedback_id for o in said)]),
    )


def _offered(issue: IssueRow) -> list[str]:
    """Returns the newest releases that a person can type."""
    rows = parts().store.releases.of_project(issue.project_id, MOST_RELEASES)
    return [row.version for row in rows if visible(row.version) == row.version]


def _shown(found: list[Strand]) -> list[Strand]:
    return [msgspec.structs.replace(one, title=visible(one.title)) for one in found]


def _readable(issue: IssueRow) -> IssueRow:
    """Returns the issue with control characters made visible in the texts that came from outside."""
    names = ("title", "type", "value", "culprit", "release", "regressed_in", "grouped_by")
    return msgspec.structs.replace(issue, **{name: visible(getattr(issue, name)) for name in names})


def _neighbours(issue: IssueRow, stored: StoredEvent | None) -> Neighbours | None:
    return parts().store.events.neighbours(issue.id, stored.row.row) if stored else None
