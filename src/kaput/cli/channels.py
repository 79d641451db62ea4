"""`kaput project channel add|list|test|disable|enable|delete`: where a project's alerts go beside mail.

In: names and addresses that a person typed. Out: rows on stdout; the secret of a webhook once, when it is added.
"""

import sys

import click

from kaput.cli.directory import find_project, opened, typed_by_a_person
from kaput.cli.fields import channel_fields
from kaput.cli.options import data_option, json_option
from kaput.cli.terminal import moment, print_json, print_table
from kaput.errors import KaputError, NotFound
from kaput.installation import Installation
from kaput.model import channel_recipient
from kaput.store.base import ChannelRow, NoticeRow
from kaput.view.trial import followed

LONGEST = 4096
"""Characters read of an address on stdin."""
TEST_SECONDS = 60.0


@click.group("channel")
def channels() -> None:
    """Add, list, test, disable, enable and delete channels of a project."""


@channels.command("list")
@data_option
@json_option
@click.argument("project")
def list_channels(data: str | None, project: str, *, as_json: bool) -> None:
    """List the channels of PROJECT, and how the last alert on each went."""
    with opened(data) as installation:
        store = installation.store
        rows = store.channels.all(find_project(store, project).id)
        last = store.outbox.last([channel_recipient(row.id) for row in rows])
    pairs = [(row, last.get(channel_recipient(row.id))) for row in rows]
    if as_json:
        print_json([channel_fields(row, notice) for row, notice in pairs])
        return
    heads = ("NAME", "ADDRESS", "STATE", "LAST ALERT", "MADE (UTC)")
    print_table(heads, ((row.name, row.shown, _state(row), _went(last), moment(row.created)) for row, last in pairs))


@channels.command("add")
@data_option
@click.argument("project")
@click.argument("name")
@click.argument("address", default="")
def add_channel(data: str | None, project: str, name: str, address: str) -> None:
    """Send alerts of PROJECT to ADDRESS too, called NAME; without ADDRESS it is read from standard input.

    An address that begins with https:// or http:// is a webhook: the secret of its signatures is printed, this once.
    Any other is one of Apprise's, such as slack://..., tgram://... or ntfys://...; see
    https://github.com/caronc/apprise/wiki.
    """
    given = address or sys.stdin.readline(LONGEST)
    with opened(data) as installation, typed_by_a_person():
        row = find_project(installation.store, project)
        made, secret, note = installation.add_channel(row.id, name, given)
        click.echo(f"Alerts of {row.slug} go to {made.name} ({made.shown}) from now on.", err=True)
        if note:
            click.echo(note, err=True)
    if secret:
        click.echo("The secret of its signatures, which is not shown again:", err=True)
        print(secret)


@channels.command("test")
@data_option
@click.argument("project")
@click.argument("name")
def test_channel(data: str | None, project: str, name: str) -> None:
    """Send a test alert of PROJECT to its channel NAME, on the way that alerts take, by the running server."""
    with opened(data) as installation:
        row = _find(installation, project, name)
        outbox = installation.store.outbox
        (notice,) = followed(outbox, [outbox.test(row.project_id, channel_recipient(row.id))], TEST_SECONDS)
    if notice.state == "sent":
        click.echo(f"{row.name} took the test alert.", err=True)
    elif notice.error:
        raise KaputError(notice.error)
    else:
        raise KaputError("The test alert waits. Is the server running? It goes out when one is.")


@channels.command("disable")
@data_option
@click.argument("project")
@click.argument("name")
def disable_channel(data: str | None, project: str, name: str) -> None:
    """Send no more alerts of PROJECT to its channel NAME; what waits for it is given up."""
    _set_disabled(data, project, name, disabled=True)


@channels.command("enable")
@data_option
@click.argument("project")
@click.argument("name")
def enable_channel(data: str | None, project: str, name: str) -> None:
    """Send alerts of PROJECT to its channel NAME again."""
    _set_disabled(data, project, name, disabled=False)


@channels.command("delete")
@data_option
@click.argument("project")
@click.argument("name")
def delete_channel(data: str | None, project: str, name: str) -> None:
    """Remove the channel NAME of PROJECT; what waits for it is given up."""
    with opened(data) as installation:
        row = _find(installation, project, name)
        installation.store.channels.delete(row.id)
        click.echo(f"The channel {row.name} is deleted.", err=True)


def _set_disabled(data: str | None, project: str, name: str, *, disabled: bool) -> None:
    with opened(data) as installation:
        row = _find(installation, project, name)
        installation.store.channels.set_disabled(row.id, disabled=disabled)
        click.echo(f"The channel {row.name} is {'disabled' if disabled else 'enabled'}.", err=True)


def _find(installation: Installation, project: str, name: str) -> ChannelRow:
    row = find_project(installation.store, project)
    for channel in installation.store.channels.all(row.id):
        if channel.name == name:
            return channel
    raise NotFound(
        f"The project {row.slug} has no channel {name!r}; `kaput project channel list {row.slug}` shows them."
    )


def _state(row: ChannelRow) -> str:
    return "disabled" if row.disabled else "enabled"


def _went(notice: NoticeRow | None) -> str:
    if notice is None:
        return "none yet"
    return notice.error or notice.state
