"""`kaput project rule list|add|preview|test|on|off|delete|restore`: when a project's people are told.

In: what a person typed. Out: rows on stdout. A change holds from the next event on.
"""

from typing import Any

import click
from msgspec import structs

from kaput.cli.directory import find_project, opened, typed_by_a_person
from kaput.cli.options import data_option, json_option
from kaput.cli.terminal import moment, print_json, print_table
from kaput.errors import KaputError, NotFound
from kaput.model import PAUSE, Rule, Trigger, span
from kaput.store.base import RuleRow, Store
from kaput.view.trial import Outcome, send, told
from kaput.view.wording import condition_of, said, seconds_of, sentence, target_of, whom

WAIT = 60.0
"""Seconds that a test waits for what comes of it."""


@click.group("rule")
def rules() -> None:
    """List, add, try, test, switch, delete and restore the rules of a project, which say who is told when."""


@rules.command("list")
@data_option
@json_option
@click.argument("project")
def list_rules(data: str | None, project: str, *, as_json: bool) -> None:
    """List the rules of PROJECT."""
    with opened(data) as installation:
        row = find_project(installation.store, project)
        found, channels = installation.store.rules.of_project(row.id), _channels(installation.store, row.id)
    if as_json:
        print_json([_fields(one, channels) for one in found])
        return
    heads = ("NUMBER", "NAME", "STATE", "WHEN", "IF", "TELL", "PAUSE", "FIRED (UTC)")
    print_table(heads, (_cells(one, channels) for one in found))


@rules.command("add")
@data_option
@click.argument("project")
@click.argument("name")
@click.option(
    "--when", "trigger", type=click.Choice([one.value for one in Trigger]), required=True, help="Its trigger."
)
@click.option("--number", type=int, default=0, help="How many events or users, or percent of a rise.")
@click.option("--within", default="", help="The window, or the age of an issue: 90s, 5min, 2h, 1d.")
@click.option("--if", "conditions", multiple=True, help='A condition: "level at least error", "tag plan is not free".')
@click.option("--to", "targets", multiple=True, help='members, assignee, channels, "channel NAME", or an address.')
@click.option("--pause", default=f"{PAUSE}s", show_default=True, help="Rest for an issue after it fired for it.")
def add_rule(data: str | None, project: str, name: str, trigger: str, **given: Any) -> None:
    """Make a rule called NAME for PROJECT; without --to it tells all members and channels."""
    with opened(data) as installation, typed_by_a_person():
        row = find_project(installation.store, project)
        channels = _channels(installation.store, row.id)
        rule = Rule(
            0,
            row.id,
            name.strip(),
            Trigger(trigger),
            number=given["number"],
            seconds=seconds_of(given["within"] or "0"),
            conditions=tuple(condition_of(text) for text in given["conditions"]),
            targets=tuple(target_of(text, channels) for text in given["targets"] or ("members", "channels")),
            pause=seconds_of(given["pause"]),
        )
        made = installation.store.rules.add(rule).rule
        click.echo(f"Made rule {made.id} of {row.slug}: when {sentence(made)}.", err=True)


@rules.command("preview")
@data_option
@click.argument("project")
@click.argument("number", type=int)
def preview_rule(data: str | None, project: str, number: int) -> None:
    """Print how often rule NUMBER of PROJECT would have fired in the last 7 days."""
    with opened(data) as installation, typed_by_a_person():
        found = installation.preview(_found(installation.store, project, number))
        if not found.whole:
            click.echo("Some events of these days are not kept; it is counted by those that are.", err=True)
        print(found.fired)


@rules.command("test")
@data_option
@json_option
@click.argument("project")
@click.argument("number", type=int)
def test_rule(data: str | None, project: str, number: int, *, as_json: bool) -> None:
    """Send a test alert to all whom rule NUMBER of PROJECT tells, on the way that alerts take, by the running server.

    It fails when one of them did not get it.
    """
    with opened(data) as installation, typed_by_a_person():
        rule = _found(installation.store, project, number)
        came = send(installation.store.outbox, rule, told(installation.store, rule), WAIT)
    if as_json:
        print_json([{"recipient": one.name, "arrived": one.good, "words": one.words} for one in came])
    else:
        print_table(("RECIPIENT", "WHAT HAPPENED"), ((one.name, _words(one)) for one in came))
    meant = [one for one in came if not one.nobody]
    arrived = sum(one.good is True for one in meant)
    if arrived < len(meant) or not meant:
        raise KaputError(f"The test alert of {rule.name} reached {arrived} of {len(meant)}.")


@rules.command("on")
@data_option
@click.argument("project")
@click.argument("number", type=int)
def switch_on(data: str | None, project: str, number: int) -> None:
    """Switch rule NUMBER of PROJECT on."""
    _switch(data, project, number, enabled=True)


@rules.command("off")
@data_option
@click.argument("project")
@click.argument("number", type=int)
def switch_off(data: str | None, project: str, number: int) -> None:
    """Switch rule NUMBER of PROJECT off."""
    _switch(data, project, number, enabled=False)


@rules.command("delete")
@data_option
@click.argument("project")
@click.argument("number", type=int)
def delete_rule(data: str | None, project: str, number: int) -> None:
    """Delete rule NUMBER of PROJECT; for a day it can be restored."""
    with opened(data) as installation, typed_by_a_person():
        rule = _found(installation.store, project, number)
        installation.store.rules.delete(rule.id)
        click.echo(
            f"The rule {rule.name} is deleted. `kaput project rule restore` brings it back within a day.", err=True
        )


@rules.command("restore")
@data_option
@click.argument("project")
@click.argument("number", type=int)
def restore_rule(data: str | None, project: str, number: int) -> None:
    """Bring the deleted rule NUMBER of PROJECT back."""
    with opened(data) as installation, typed_by_a_person():
        row = find_project(installation.store, project)
        back = installation.store.rules.restore(number, row.id).rule
        click.echo(f"The rule {back.name} is back.", err=True)


def _words(one: Outcome) -> str:
    waits = one.good is None and not one.nobody
    return "It waits. Is the server running? It goes out when one is." if waits else one.words


def _switch(data: str | None, project: str, number: int, *, enabled: bool) -> None:
    with opened(data) as installation, typed_by_a_person():
        rule = _found(installation.store, project, number)
        installation.store.rules.change(structs.replace(rule, enabled=enabled))
        click.echo(f"The rule {rule.name} is {'on' if enabled else 'off'}.", err=True)


def _found(store: Store, project: str, number: int) -> Rule:
    row = find_project(store, project)
    for one in store.rules.of_project(row.id):
        if one.rule.id == number:
            return one.rule
    raise NotFound(f"{row.slug} has no rule {number}; `kaput project rule list {row.slug}` shows them.")


def _channels(store: Store, project_id: int) -> dict[int, str]:
    return {channel.id: channel.name for channel in store.channels.all(project_id)}


def _fields(row: RuleRow, channels: dict[int, str]) -> dict[str, Any]:
    rule = row.rule
    return {
        "id": rule.id,
        "name": rule.name,
        "enabled": rule.enabled,
        "when": rule.trigger.value,
        "number": rule.number,
        "seconds": rule.seconds,
        "if": [said(condition) for condition in rule.conditions],
        "then": whom(rule.targets, channels),
        "pause": rule.pause,
        "fired": row.fired,
    }


def _cells(row: RuleRow, channels: dict[int, str]) -> tuple[str, ...]:
    rule = row.rule
    conditions = " and ".join(said(condition) for condition in rule.conditions)
    state, fired = "on" if rule.enabled else "off", moment(row.fired) if row.fired else ""
    return (
        str(rule.id),
        rule.name,
        state,
        sentence(rule),
        conditions,
        whom(rule.targets, channels),
        span(rule.pause),
        fired,
    )
