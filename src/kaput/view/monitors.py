"""Monitors: the jobs of a project that run by the clock, how each is doing, and its newest runs.

In: requests of people who are members of the project. Out: HTML; a pause, a deletion. `view/pages.py` registers
`blueprint`.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from msgspec.structs import replace
from werkzeug.wrappers import Response

from kaput.store.base import MonitorRow
from kaput.view.access import visible_project
from kaput.view.parts import parts
from kaput.view.projects import address_of
from kaput.view.runs import MOST, WORDS, strip
from kaput.view.snippets import cron_url
from kaput.view.values import visible

blueprint = Blueprint("monitors", __name__, url_prefix="/projects/<slug>/monitors")

MOST_RUNS = 100
"""Runs on the page of one monitor; the store keeps no more."""

PYTHON = """import sentry_sdk
from sentry_sdk.crons import monitor

sentry_sdk.init(dsn="{dsn}")

@monitor("nightly-backup", {{
    "schedule": {{"type": "crontab", "value": "0 2 * * *"}},
    "timezone": "Europe/Berlin",
}})
def backup():
    ...
"""
SCRIPT = """job='{cron}'
curl "$job?status=in_progress"
pg_dump shop > shop.sql && status=ok || status=error
curl "$job?status=$status"
"""
BAD = frozenset({"failing", "missed", "timed out"})


@blueprint.get("")
def of_project(slug: str) -> str:
    """Lists the monitors of a project; without one, it shows how a job checks in."""
    project = visible_project(slug)
    found = parts().store.monitors.all(project.id, MOST)
    rows = [_readable(row) for row in sorted(found, key=lambda row: row.state not in BAD)]
    address = "" if rows else address_of(project, parts().store.projects.keys(project.id))
    return render_template(
        "monitors.html",
        project=project,
        rows=[(row, strip(row.runs, parts().clock())) for row in rows],
        python=PYTHON.format(dsn=address) if address else "",
        script=SCRIPT.format(cron=cron_url(address, "nightly-backup")) if address else "",
    )


@blueprint.get("/<int(max=9007199254740991):monitor_id>")
def show(slug: str, monitor_id: int) -> str:
    """Shows one monitor with its newest runs."""
    project = visible_project(slug)
    row = _readable(parts().store.monitors.get(project.id, monitor_id, MOST_RUNS))
    return render_template(
        "monitor.html", project=project, row=row, strip=strip(row.runs, parts().clock()), status_words=WORDS
    )


@blueprint.post("/<int(max=9007199254740991):monitor_id>/pause")
def pause(slug: str, monitor_id: int) -> Response:
    """Pauses or resumes a monitor."""
    monitor = parts().store.monitors.get(visible_project(slug).id, monitor_id, 0).monitor
    paused = request.form.get("paused") == "1"
    parts().store.monitors.set_paused(monitor.id, paused=paused)
    flash(f"{monitor.slug} is {'paused: nothing is told of it' if paused else 'watched again from now on'}.", "done")
    return redirect(url_for("monitors.show", slug=slug, monitor_id=monitor_id))


@blueprint.post("/<int(max=9007199254740991):monitor_id>/delete")
def delete(slug: str, monitor_id: int) -> Response:
    """Forgets a monitor; its next check-in makes it anew."""
    monitor = parts().store.monitors.get(visible_project(slug).id, monitor_id, 0).monitor
    parts().store.monitors.delete(monitor.id)
    flash(f"{monitor.slug} is deleted. If the job checks in again, it is back.", "done")
    return redirect(url_for("monitors.of_project", slug=slug))


def _readable(row: MonitorRow) -> MonitorRow:
    """Returns the row with control characters made visible in the texts that came from outside."""
    names = ("environment", "schedule", "problem")
    shown = {name: visible(getattr(row.monitor, name)) for name in names}
    runs = [replace(run, release=visible(run.release)) for run in row.runs]
    return replace(row, monitor=replace(row.monitor, **shown), runs=runs)
