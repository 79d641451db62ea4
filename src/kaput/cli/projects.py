"""`kaput dsn`, `kaput project add|list` and `kaput project key add|list|disable|enable|limit`.

In: names that a person typed. Out: DSNs and tables on stdout. A running server follows a change within a second.
"""

import click

from kaput.cli.channels import channels
from kaput.cli.directory import find_project, first_project, opened, typed_by_a_person
from kaput.cli.fields import key_fields, project_fields
from kaput.cli.filters import filters
from kaput.cli.grouping import grouping
from kaput.cli.options import data_option, json_option
from kaput.cli.rules import rules
from kaput.cli.terminal import moment, print_json, print_table
from kaput.errors import NotFound
from kaput.installation import Installation
from kaput.store.base import KeyRow, ProjectRow
from kaput.view.dsn import dsn as dsn_of


@click.command()
@data_option
@click.argument("project", required=False)
def dsn(data: str | None, project: str | None) -> None:
    """Print the DSN of a project, and nothing else.

    Without PROJECT it is that of the first one. Its address is KAPUT_URL, else the one that the running or last
    server listened on.
    """
    with opened(data) as installation:
        row = find_project(installation.store, project) if project else first_project(installation.store)
        print(_first_dsn(installation, row))


@click.group()
def project() -> None:
    """Make and list projects, their keys, filters, channels and rules."""


@project.command("add")
@data_option
@click.argument("name")
def add_project(data: str | None, name: str) -> None:
    """Make a project with one key, and print its DSN."""
    with opened(data) as installation, typed_by_a_person():
        row = installation.store.projects.add(name)
        click.echo(f"Made the project {row.slug} (number {row.id}). Its DSN:", err=True)
        print(_first_dsn(installation, row))


@project.command("list")
@data_option
@json_option
def list_projects(data: str | None, *, as_json: bool) -> None:
    """List all projects."""
    with opened(data) as installation:
        rows = installation.store.projects.all()
    if as_json:
        print_json([project_fields(row) for row in rows])
        return
    heads = ("NUMBER", "PROJECT", "NAME", "MADE (UTC)")
    print_table(heads, ((str(row.id), row.slug, row.name, moment(row.created)) for row in rows))


project.add_command(filters)
project.add_command(grouping)
project.add_command(channels)
project.add_command(rules)


@project.group()
def key() -> None:
    """Make, list, disable, enable and limit keys of a project."""


@key.command("add")
@data_option
@click.argument("project")
@click.argument("label", default="")
def add_key(data: str | None, project: str, label: str) -> None:
    """Make another key of PROJECT, called LABEL, and print its DSN."""
    with opened(data) as installation:
        row = find_project(installation.store, project)
        print(dsn_of(installation.base_url(), installation.store.projects.add_key(row.id, label)))


@key.command("list")
@data_option
@json_option
@click.argument("project")
def list_keys(data: str | None, project: str, *, as_json: bool) -> None:
    """List the keys of PROJECT with their DSNs."""
    with opened(data) as installation:
        rows = installation.store.projects.keys(find_project(installation.store, project).id)
        base_url = installation.base_url()
    if as_json:
        print_json([key_fields(row, dsn_of(base_url, row)) for row in rows])
        return
    heads = ("NUMBER", "LABEL", "STATE", "LIMIT", "DSN")
    print_table(heads, ((str(row.id), row.label, _state(row), _limit(row), dsn_of(base_url, row)) for row in rows))


@key.command("disable")
@data_option
@click.argument("project")
@click.argument("key")
def disable_key(data: str | None, project: str, key: str) -> None:
    """Take no more events with KEY (the key itself, or its number) of PROJECT."""
    _set_disabled(data, project, key, disabled=True)


@key.command("enable")
@data_option
@click.argument("project")
@click.argument("key")
def enable_key(data: str | None, project: str, key: str) -> None:
    """Take events with KEY (the key itself, or its number) of PROJECT again."""
    _set_disabled(data, project, key, disabled=False)


@key.command("limit")
@data_option
@click.argument("project")
@click.argument("key")
@click.option("--events", type=int, help="How many events KEY may bring in each window.")
@click.option("--seconds", type=int, help="How long a window lasts, at most 86400 (a day).")
@click.option("--off", is_flag=True, help="Take the limit away.")
def limit_key(data: str | None, project: str, key: str, events: int | None, seconds: int | None, *, off: bool) -> None:
    """Limit KEY (the key itself, or its number) of PROJECT to some events in each window of seconds.

    What comes above it is answered with 429, and clients are told when to come back. It is counted as rate_limited.
    """
    if off is not (events is None and seconds is None) or (events is None) is not (seconds is None):
        raise click.UsageError("Give --events and --seconds, or --off.")
    if events == seconds == 0:
        raise click.UsageError("A limit has at least 1 event in 1 second; --off takes it away.")
    with opened(data) as installation, typed_by_a_person():
        row = find_project(installation.store, project)
        found = _find_key(installation, row, key)
        installation.store.projects.set_key_limit(found.id, events or 0, seconds or 0)
        now = "has no limit" if off else f"takes {events} events in {seconds} seconds"
        click.echo(f"The key {found.public} of {row.slug} {now}.", err=True)


def _set_disabled(data: str | None, project: str, key: str, *, disabled: bool) -> None:
    with opened(data) as installation:
        row = find_project(installation.store, project)
        found = _find_key(installation, row, key)
        installation.store.projects.set_key_disabled(found.id, disabled=disabled)
        done = "disabled" if disabled else "enabled"
        click.echo(f"The key {found.public} of {row.slug} is {done}.", err=True)


def _find_key(installation: Installation, row: ProjectRow, key: str) -> KeyRow:
    for candidate in installation.store.projects.keys(row.id):
        if key in {candidate.public, str(candidate.id)}:
            return candidate
    raise NotFound(f"The project {row.slug} has no key {key!r}; `kaput project key list {row.slug}` shows them.")


def _first_dsn(installation: Installation, row: ProjectRow) -> str:
    for candidate in installation.store.projects.keys(row.id):
        if not candidate.disabled:
            return dsn_of(installation.base_url(), candidate)
    raise NotFound(f"Every key of {row.slug} is disabled; make one with `kaput project key add {row.slug}`.")


def _state(row: KeyRow) -> str:
    return "disabled" if row.disabled else "enabled"


def _limit(row: KeyRow) -> str:
    return f"{row.limit_events} in {row.limit_seconds} s" if row.limit_events else "none"
