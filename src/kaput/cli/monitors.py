"""`kaput monitors`.

In: a project. Out: a table, lines or JSON on stdout.
"""

import click

from kaput.cli.directory import opened, project_id
from kaput.cli.fields import monitor_fields
from kaput.cli.options import data_option, json_option, project_option
from kaput.cli.terminal import moment, print_json_array, print_table
from kaput.store.base import MonitorRow

HEADS = ("MONITOR", "PROJECT", "ENVIRONMENT", "STATE", "SCHEDULE", "LAST RUN (UTC)", "NEXT RUN (UTC)", "ISSUE")
NEWEST = 100
"""Runs that are looked at, to see whether one is in progress; the store keeps no more."""


@click.command()
@data_option
@project_option
@json_option
def monitors(data: str | None, project: str | None, *, as_json: bool) -> None:
    """List cron jobs, how each is doing and when it runs next.

    A job is listed once for each of its environments. Without a project those of all projects but Kaput's own.
    """
    with opened(data) as installation:
        rows = installation.store.monitors.all(project_id(installation.store, project), NEWEST)
    if as_json:
        print_json_array(monitor_fields(row) for row in rows)
    else:
        print_table(HEADS, map(_cells, rows), cut=("SCHEDULE",))


def _cells(row: MonitorRow) -> tuple[str, ...]:
    monitor = row.monitor
    return (
        monitor.slug,
        row.project,
        monitor.environment,
        row.state,
        f"{monitor.problem} {monitor.schedule}" if monitor.problem else monitor.schedule,
        "" if monitor.last_run is None else moment(monitor.last_run),
        "" if monitor.expected is None else moment(monitor.expected),
        row.short_id,
    )
