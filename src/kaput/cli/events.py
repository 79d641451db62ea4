"""`kaput events`, `kaput event`, `kaput export` and `kaput tail`.

In: an issue or an event's id. Out: tables, lines or JSON on stdout; `export` writes as it reads, in constant memory.
"""

import sys
import time
from collections.abc import Iterator
from itertools import islice

import click

from kaput.cli.directory import find_project, opened, project_id, reference
from kaput.cli.fields import event_fields, payload_fields
from kaput.cli.options import data_option, json_option, project_option
from kaput.cli.terminal import moment, print_json, print_json_array, print_lines, print_table, visible
from kaput.cli.traces import beside_lines, event_lines
from kaput.errors import NotFound
from kaput.store.base import EventRow, Store

PAGE = 500
PAUSE = 0.5
"""Seconds between two looks for new events."""
HEX = frozenset("0123456789abcdef")
DIGITS, FEWEST_DIGITS = 32, 8
"""Of an event's id, and of a beginning of one that is taken."""
MOST_NAMED = 5
"""Events that are named when several are meant."""


@click.command()
@data_option
@click.option("--limit", type=click.IntRange(min=1), help="No more than this many; without it, all.")
@json_option
@click.argument("issue")
def events(data: str | None, issue: str, limit: int | None, *, as_json: bool) -> None:
    """List the stored events of an issue, newest first.

    ISSUE is a number, or a short id such as SHOP-41.
    """
    with opened(data) as installation:
        found = installation.store.issues.get(reference(issue.upper()))
        rows = islice(_of_issue(installation.store, found.id), limit)
        if as_json:
            print_json_array(event_fields(row) for row in rows)
        else:
            print_table(("EVENT", "TIME (UTC)", "LEVEL", "RELEASE", "ENVIRONMENT"), (_cells(row) for row in rows))


@click.command()
@data_option
@json_option
@click.argument("event_id")
def event(data: str | None, event_id: str, *, as_json: bool) -> None:
    """Show one event.

    EVENT_ID has 32 hexadecimal digits; its first 8 or more will do, or the reference number that an error page showed,
    such as d425-3d59-6484. With --json its normalised payload is printed, with what is attached to it and what people
    said about it.
    """
    with opened(data) as installation:
        store = installation.store
        found = store.events.get(_whole(store, event_id))
        row = found.row
        said = store.feedback.of_event(row.project_id, row.event_id)
        files = store.attachments.of(row.project_id, [row.event_id, *(one.feedback_id for one in said)])
    if as_json:
        told = [(one, files.get(one.feedback_id, [])) for one in said]
        print_json(payload_fields(found.event, files.get(row.event_id, []), told))
    else:
        print_lines(event_lines(found))
        print_lines(beside_lines(files.get(row.event_id, []), said))


@click.command()
@data_option
@project_option
@click.option("--no-payload", is_flag=True, help="Leave out the payload.")
def export(data: str | None, project: str | None, *, no_payload: bool) -> None:
    """Write every stored event as JSON lines.

    They come in the order of storing; without a project all but Kaput's own.
    """
    with opened(data) as installation:
        only = project_id(installation.store, project)
        for row, payload in installation.store.events.export(only, payload=not no_payload):
            print_json(event_fields(row) if no_payload else event_fields(row) | {"payload": payload})


@click.command()
@data_option
@project_option
@json_option
def tail(data: str | None, project: str | None, *, as_json: bool) -> None:
    """Show new events as they come.

    One a line, until Ctrl-C; Kaput's own are left out.
    """
    with opened(data) as installation:
        store = installation.store
        only = None if project is None else _watchable(store, project)
        row = store.events.last_row()
        while True:
            for event_row, title in store.events.since(row, PAGE):
                row = event_row.row
                if only in {None, event_row.project_id}:
                    _print_new(event_row, title, as_json=as_json)
            sys.stdout.flush()
            time.sleep(PAUSE)


def _of_issue(store: Store, issue_id: int) -> Iterator[EventRow]:
    before: int | None = None
    while page := store.events.of_issue(issue_id, PAGE, before):
        yield from page
        before = page[-1].row


def _whole(store: Store, text: str) -> str:
    """Returns the id that a person typed, or the beginning of which.

    Raises:
        NotFound: it is none, or no event or several begin with it.
    """
    digits = text.replace("-", "").lower()
    if not FEWEST_DIGITS <= len(digits) <= DIGITS or not HEX.issuperset(digits):
        raise NotFound(
            f"{text!r} is no event id; it has {DIGITS} hexadecimal digits, of which {FEWEST_DIGITS} will do."
        )
    if len(digits) == DIGITS:
        return digits
    rows = store.events.begins(digits, [project.id for project in store.projects.all()], MOST_NAMED + 1)
    ids = list(dict.fromkeys(row.event_id for row in rows))
    if not ids:
        raise NotFound(f"There is no event whose id begins with {digits}; it may have been thinned out.")
    if len(ids) > 1:
        named = ", ".join(ids[:MOST_NAMED]) + (" and others" if len(ids) > MOST_NAMED else "")
        raise NotFound(f"Several events have ids that begin with {digits}: {named}. Give more digits.")
    return ids[0]


def _watchable(store: Store, project: str) -> int:
    found = find_project(store, project)
    if found.internal:
        raise click.UsageError(
            f"Kaput's own events cannot be followed; `kaput issues --project {found.slug}` has them."
        )
    return found.id


def _print_new(row: EventRow, title: str, *, as_json: bool) -> None:
    if as_json:
        print_json(event_fields(row) | {"title": title})
        return
    where = f"{row.project} {row.environment}".rstrip()
    print(visible(f"{moment(row.received)}  {row.level:<7}  {where}  {title}  {row.event_id}"))


def _cells(row: EventRow) -> tuple[str, ...]:
    return row.event_id, moment(row.timestamp), row.level, row.release, row.environment
