"""`kaput issues` and `kaput issue`.

In: a search, an id or a short id. Out: a table, lines or JSON on stdout.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import click
import msgspec

from kaput.cli.decisions import decision_of, decision_options
from kaput.cli.directory import opened, project_id, reference
from kaput.cli.fields import issue_details, issue_fields
from kaput.cli.options import data_option, json_option, project_option
from kaput.cli.terminal import Line, moment, print_json, print_json_array, print_lines, print_table
from kaput.cli.traces import event_lines
from kaput.errors import NotFound
from kaput.store.base import ActivityRow, IssueFilter, IssueRow, Store, StoredEvent
from kaput.view.standing import SAME, care, standing

PAGE = 500
PASSES = 3
"""Times the list is read while issues move within it."""


@click.command()
@data_option
@project_option
@click.option("--query", default="", metavar="QUERY", help="What the page's search box takes.")
@click.option("--limit", type=click.IntRange(min=1), help="No more than this many; without it, all.")
@json_option
def issues(data: str | None, project: str | None, query: str, limit: int | None, *, as_json: bool) -> None:
    """List issues, newest first.

    Without a project those of all projects but Kaput's own.
    """
    with opened(data) as installation:
        only = project_id(installation.store, project)
        wanted = IssueFilter(query=query, projects=None if only is None else (only,), limit=PAGE)
        rows = islice(_all_issues(installation.store, wanted), limit)
        if as_json:
            print_json_array(issue_fields(row) for row in rows)
        else:
            heads = ("ISSUE", "TITLE", "CULPRIT", "STATUS", "EVENTS", "USERS", "LAST SEEN (UTC)")
            print_table(heads, (_cells(row) for row in rows), cut=("TITLE", "CULPRIT"))


@click.command()
@data_option
@json_option
@decision_options
@click.option("--merge", multiple=True, metavar="OTHER", help="Merge this issue into it; may be given several times.")
@click.option("--split", metavar="PART", help="Make an issue that was merged into it one of its own again.")
@click.argument("issue")
def issue(
    data: str | None, issue: str, merge: tuple[str, ...], split: str | None, *, as_json: bool, **options: Any
) -> None:
    """Show one issue with its newest event.

    What the options decide about it is done first. ISSUE is a number, or a short id such as SHOP-41.
    """
    with opened(data) as installation:
        store = installation.store
        row = store.issues.get(reference(issue.upper()))
        decision = decision_of(options, store.accounts, installation.clock())
        same = decision is not None and not store.decisions.decide([row.id], decision, None).changed
        if merge:
            store.merges.merge(row.id, [store.issues.get(reference(other.upper())).id for other in merge], None)
        if split:
            store.merges.split(row.id, store.issues.get(reference(split.upper())).id, None)
        row = store.issues.get(row.id)
        newest = _newest(store, row.id)
        tags = store.issues.tags(row.id)
        activity = store.issues.activity(row.id)
    if as_json:
        payload = None if newest is None else msgspec.to_builtins(newest.event)
        print_json(issue_details(row, tags, activity) | {"event": payload})
        return
    if same:
        click.echo(SAME, err=True)
    print_lines(_summary(row, activity, installation.clock()))
    print_lines(event_lines(newest) if newest else [("Its events are gone; the counts stay.", "dim")])


def _all_issues(store: Store, wanted: IssueFilter) -> Iterator[IssueRow]:
    """Yields each issue once, in pages; one that moved to the top behind our back is found by reading again."""
    seen: set[int] = set()
    for _ in range(PASSES):
        offset = 0
        while True:
            page = store.issues.find(msgspec.structs.replace(wanted, offset=offset))
            for row in page.issues:
                if row.id not in seen:
                    seen.add(row.id)
                    yield row
            offset += len(page.issues)
            if not page.issues or offset >= page.total:
                break
        if len(seen) >= page.total:
            return


def _newest(store: Store, issue_id: int) -> StoredEvent | None:
    try:
        return store.events.newest(issue_id)
    except NotFound:
        return None


def _cells(row: IssueRow) -> tuple[str, ...]:
    return (
        row.short_id,
        row.title,
        row.culprit,
        row.status.value,
        str(row.count),
        str(row.users),
        moment(row.last_seen),
    )


def _summary(row: IssueRow, activity: Sequence[ActivityRow], now: float) -> Iterator[Line]:
    yield f"{row.short_id}  {row.title}", "bold"
    if row.culprit:
        yield row.culprit, ""
    yield f"{standing(row, activity, now)}; {row.level}; events {row.count}, users {row.users}", ""
    if care(row):
        yield care(row), ""
    if row.thinned is not None:
        yield f"{row.kept} of the events are kept; the others were thinned out since {moment(row.thinned)} UTC", "dim"
    yield f"first seen {moment(row.first_seen)} UTC, last seen {moment(row.last_seen)} UTC", ""
    yield f"grouped by {row.grouped_by}", "dim"
    yield "", ""
