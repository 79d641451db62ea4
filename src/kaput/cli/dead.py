"""`kaput dead list|retry|drop`: records that could not be digested.

In: names of records, as `list` shows them. Out: a table or JSON on stdout; what was done on stderr.
"""

from collections.abc import Sequence

import click

from kaput.cli.directory import opened
from kaput.cli.fields import dead_fields
from kaput.cli.options import data_option, json_option
from kaput.cli.terminal import moment, print_json, print_table
from kaput.errors import NotFound
from kaput.store.base import DeadRow, Store

all_option = click.option("--all", "every", is_flag=True, help="All of them.")


@click.group()
def dead() -> None:
    """List, retry or drop records that could not be digested."""


@dead.command("list")
@data_option
@json_option
def list_dead(data: str | None, *, as_json: bool) -> None:
    """List the records and why each could not be digested, oldest first."""
    with opened(data) as installation:
        rows = installation.store.batches.known_dead()
        slugs = {project.id: project.slug for project in installation.store.projects.all()}
    if as_json:
        print_json([dead_fields(row, _project(row, slugs)) for row in rows])
        return
    cells = ((row.dead.name, _project(row, slugs), moment(row.dead.received), row.dead.reason) for row in rows)
    print_table(("NAME", "PROJECT", "RECEIVED (UTC)", "REASON"), cells)


@dead.command("retry")
@data_option
@all_option
@click.argument("names", nargs=-1)
def retry_dead(data: str | None, names: tuple[str, ...], *, every: bool) -> int:
    """Put the records NAMES back into the buffer, as after an upgrade that can digest them."""
    with opened(data) as installation:
        chosen = _chosen(installation.store, names, every=every)
        return _told("put back", installation.retry_dead(chosen), len(chosen))


@dead.command("drop")
@data_option
@all_option
@click.argument("names", nargs=-1)
def drop_dead(data: str | None, names: tuple[str, ...], *, every: bool) -> int:
    """Remove the records NAMES for good."""
    with opened(data) as installation:
        chosen = _chosen(installation.store, names, every=every)
        return _told("dropped", installation.drop_dead(chosen), len(chosen))


def _chosen(store: Store, names: Sequence[str], *, every: bool) -> list[str]:
    if every == bool(names):
        raise click.UsageError("Give the names of records as `kaput dead list` shows them, or --all; not both.")
    known = [row.dead.name for row in store.batches.known_dead()]
    if every:
        return known
    for name in names:
        if name not in known:
            raise NotFound(f"There is no dead record {name!r}; `kaput dead list` shows them.")
    return list(dict.fromkeys(names))


def _told(done: str, count: int, wanted: int) -> int:
    """Says how many records were done with, and returns the exit code."""
    click.echo(f"{count} of {wanted} records {done}.", err=True)
    return 0 if count == wanted else 1


def _project(row: DeadRow, slugs: dict[int, str]) -> str:
    return slugs.get(row.dead.project_id, str(row.dead.project_id))
