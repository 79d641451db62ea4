"""`kaput project filter show|set`: which events of a project are left out.

In: patterns that a person typed. Out: the filters on stdout. A running server follows a change within a second.
"""

from typing import Any

import click
import msgspec

from kaput.cli.directory import find_project, opened, typed_by_a_person
from kaput.cli.options import data_option, json_option
from kaput.cli.terminal import print_json, print_table
from kaput.errors import KaputError
from kaput.model import Filters

NAMES = Filters.__struct_fields__
SWITCHES = ("crawlers", "localhost", "extensions")
STATES = {("on",): True, ("off",): False}


@click.group("filter")
def filters() -> None:
    """Show and set which events of a project are left out."""


@filters.command("show")
@data_option
@json_option
@click.argument("project")
def show_filters(data: str | None, project: str, *, as_json: bool) -> None:
    """Show the filters of PROJECT."""
    with opened(data) as installation:
        row = find_project(installation.store, project)
        found = installation.store.projects.filters().get(row.id, Filters())
    if as_json:
        print_json({name: getattr(found, name) for name in NAMES})
        return
    print_table(("FILTER", "LEAVES OUT"), ((name, _shown(getattr(found, name))) for name in NAMES))


@filters.command("set")
@data_option
@click.argument("project")
@click.argument("name", type=click.Choice(NAMES), metavar="NAME")
@click.argument("values", nargs=-1)
def set_filter(data: str | None, project: str, name: str, values: tuple[str, ...]) -> None:
    """Set the filter NAME of PROJECT to VALUES; the other filters stay.

    crawlers, localhost and extensions take on or off. error_types, messages, releases and environments take patterns,
    in which * stands for any characters and ? for one; the whole text has to match, whatever its case. Without a
    pattern the filter is off.
    """
    value: Any = values
    if name in SWITCHES:
        if values not in STATES:
            raise KaputError(f"The filter {name} is on or off, not {' '.join(values) or 'nothing'!r}.")
        value = STATES[values]
    with opened(data) as installation, typed_by_a_person():
        row = find_project(installation.store, project)
        before = installation.store.projects.filters().get(row.id, Filters())
        installation.store.projects.set_filters(row.id, msgspec.structs.replace(before, **{name: value}))
        click.echo(f"The filter {name} of {row.slug} leaves out: {_shown(value)}", err=True)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "  ".join(value) or "off"
