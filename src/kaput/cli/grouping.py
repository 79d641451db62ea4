"""`kaput project grouping show|test|set`: a project's own rules of grouping.

In: a text that a person wrote. Out: the rules on stdout, and what they would do to stored events. A running server
follows a change within a second.
"""

from typing import IO

import click
import msgspec

from kaput.cli.directory import find_project, opened, typed_by_a_person
from kaput.cli.options import data_option, json_option
from kaput.cli.terminal import print_json
from kaput.model import Rehearsal

MOST_SHOWN = 20


@click.group("grouping")
def grouping() -> None:
    """Show, test and set a project's rules of grouping."""


@grouping.command("show")
@data_option
@click.argument("project")
def show_rules(data: str | None, project: str) -> None:
    """Show the rules of PROJECT."""
    with opened(data) as installation:
        row = find_project(installation.store, project)
        click.echo(installation.store.projects.grouping().get(row.id, ""), nl=False)


@grouping.command("test")
@data_option
@json_option
@click.argument("project")
@click.argument("rules", type=click.File("r", encoding="utf-8"))
def test_rules(data: str | None, project: str, rules: IO[str], *, as_json: bool) -> None:
    """Say what the rules in the file RULES (- is the standard input) would do to stored events of PROJECT."""
    with opened(data) as installation:
        row = find_project(installation.store, project)
        found = installation.rehearse(row.id, rules.read())
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        _print(found, err=False)


@grouping.command("set")
@data_option
@click.argument("project")
@click.argument("rules", type=click.File("r", encoding="utf-8"))
def set_rules(data: str | None, project: str, rules: IO[str]) -> None:
    """Set the rules of PROJECT to those in the file RULES (- is the standard input), and say what they do.

    One rule a line, the first that fits decides: type:KeyError path:**/pricing.py -> pricing-{{ transaction }}
    """
    text = rules.read()
    with opened(data) as installation, typed_by_a_person():
        row = find_project(installation.store, project)
        found = installation.rehearse(row.id, text)
        installation.store.projects.set_grouping(row.id, text)
    _print(found, err=True)


def _print(found: Rehearsal, *, err: bool) -> None:
    click.echo(
        f"Of {found.events} stored events of {found.issues} issues, {found.changed} change their group.", err=err
    )
    for one in found.gathered[:MOST_SHOWN]:
        merges = f", merging {len(one.issues)} issues" if one.merges else ""
        click.echo(f"{one.events} of {', '.join(one.issues[:5])}{merges}: {one.reason}", err=err)
    for part in found.parted[:MOST_SHOWN]:
        click.echo(f"{part.issue} splits into {part.parts}", err=err)
