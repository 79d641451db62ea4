"""`kaput releases`.

In: a project, an environment. Out: a table, lines or JSON on stdout.
"""

from collections.abc import Iterator
from itertools import islice

import click
from msgspec import Struct

from kaput.cli.directory import find_project, opened
from kaput.cli.fields import release_fields
from kaput.cli.options import data_option, json_option, project_option
from kaput.cli.terminal import moment, print_json_array, print_table
from kaput.model import HOUR, SessionCounts
from kaput.store.base import ProjectRow, ReleaseRow, Store

PAGE = 500
DAY, WEEK = 24, 7 * 24
"""Hours, the one that runs among them."""

HEADS = ("RELEASE", "PROJECT", "FIRST SEEN (UTC)", "24 H", "CRASH-FREE", "7 D", "CRASH-FREE", "EVENTS", "NEW ISSUES")


class _Found(Struct, frozen=True):
    """A release and its sessions of the last day and week."""

    row: ReleaseRow
    project: str
    day: SessionCounts
    week: SessionCounts


@click.command()
@data_option
@project_option
@click.option("--environment", metavar="NAME", help="Only sessions of this environment.")
@click.option("--limit", type=click.IntRange(min=1), help="No more than this many of a project; without it, all.")
@json_option
def releases(
    data: str | None, project: str | None, environment: str | None, limit: int | None, *, as_json: bool
) -> None:
    """List releases, newest first, and how many of their sessions crashed.

    Sessions are those of the last 24 hours and of the last 7 days. The crash-free rate is rounded down, so that 100.00
    means that nothing crashed. Without a project those of all projects but Kaput's own.
    """
    with opened(data) as installation:
        store, hour = installation.store, int(installation.clock() // HOUR)
        found = (
            one for row in _projects(store, project) for one in islice(_releases(store, row, hour, environment), limit)
        )
        if as_json:
            print_json_array(release_fields(one.row, one.project, one.day, one.week) for one in found)
        else:
            print_table(HEADS, map(_cells, found), cut=("RELEASE",))


def _projects(store: Store, wanted: str | None) -> list[ProjectRow]:
    if wanted is not None:
        return [find_project(store, wanted)]
    return [project for project in store.projects.all() if not project.internal]


def _releases(store: Store, project: ProjectRow, hour: int, environment: str | None) -> Iterator[_Found]:
    day, week = (store.releases.sums(project.id, hour - hours + 1, environment) for hours in (DAY, WEEK))
    before: int | None = None
    while page := store.releases.of_project(project.id, PAGE, before):
        for row in page:
            none = SessionCounts()
            yield _Found(row, project.slug, day.get(row.id, none), week.get(row.id, none))
        before = page[-1].id


def _cells(found: _Found) -> tuple[str, ...]:
    row = found.row
    sessions = (cell for counts in (found.day, found.week) for cell in (str(counts.total), _rate(counts)))
    return (row.version, found.project, moment(row.first_seen), *sessions, str(row.events), str(row.new_issues))


def _rate(counts: SessionCounts) -> str:
    return "" if counts.crash_free is None else f"{counts.crash_free:.2f}"
