"""`kaput stats`.

In: nothing, or a project. Out: the sums over everything, as a table or one JSON object on stdout.
"""

from collections.abc import Iterator

import click

from kaput.cli.directory import opened, project_id
from kaput.cli.options import data_option, json_option, project_option
from kaput.cli.terminal import print_json, print_table
from kaput.model import Stats


@click.command()
@data_option
@project_option
@json_option
def stats(data: str | None, project: str | None, *, as_json: bool) -> None:
    """Count what was accepted, digested, dropped and stored.

    All are events since the data directory was made: accepted = digested + pending + dead. Sessions are counted by
    themselves. Without a project all but Kaput's own.
    """
    with opened(data) as installation:
        found = installation.read_stats(project_id(installation.store, project))
    if as_json:
        print_json(found)
    else:
        print_table(("WHAT", "COUNT"), _rows(found))


def _rows(found: Stats) -> Iterator[tuple[str, str]]:
    for name in ("accepted", "digested", "pending", "dead"):
        yield name, str(getattr(found, name))
    for reason, count in sorted(found.dropped.items()):
        yield f"dropped: {reason}", str(count)
    for name in ("issues", "events", "thinned", "sessions"):
        yield name, str(getattr(found, name))
    for state, count in sorted(found.notices.items()):
        yield f"notices: {state}", str(count)
