"""`kaput user add`, `password`, `admin` and `remove`.

In: an address and a password, asked for twice or read from stdin; a password is never an argument, which everyone on
the machine can read. Out: a message on stderr.
"""

import sys

import click

from kaput.cli.directory import opened, typed_by_a_person
from kaput.cli.options import data_option

LONGEST = 4096
"""Bytes read of a password on stdin."""

password_option = click.option("--password-stdin", is_flag=True, help="Read the password from stdin (its first line).")


@click.group()
def user() -> None:
    """Make, change and remove accounts."""


@user.command("add")
@data_option
@click.option("--admin", is_flag=True, help="May change everything, and is a member of every project.")
@password_option
@click.argument("email")
def add_user(data: str | None, email: str, *, admin: bool, password_stdin: bool) -> None:
    """Make an account for EMAIL. Sends no mail; the set-up link of the first start is void from then on."""
    password = _password(from_stdin=password_stdin)
    with opened(data) as installation, typed_by_a_person():
        row = installation.store.accounts.add(email, password, admin=admin)
    click.echo(f"Made the account {row.email}{', an admin' if row.admin else ''}.", err=True)


@user.command("password")
@data_option
@password_option
@click.argument("email")
def change_password(data: str | None, email: str, *, password_stdin: bool) -> None:
    """Change the password of EMAIL and end all its sessions."""
    password = _password(from_stdin=password_stdin)
    with opened(data) as installation, typed_by_a_person():
        installation.store.accounts.set_password(email, password)
    click.echo(f"Changed the password of {email} and ended all its sessions.", err=True)


@user.command("admin")
@data_option
@click.argument("email")
@click.argument("state", type=click.Choice(["on", "off"]))
def change_admin(data: str | None, email: str, state: str) -> None:
    """Make EMAIL an admin, or an ordinary account. It takes effect at once; the last admin stays one."""
    with opened(data) as installation, typed_by_a_person():
        installation.store.accounts.set_admin(email, admin=state == "on")
    click.echo(f"{email} is {'an admin' if state == 'on' else 'no admin'} now.", err=True)


@user.command("remove")
@data_option
@click.argument("email")
def remove_user(data: str | None, email: str) -> None:
    """Remove the account EMAIL and end its sessions. What it did stays, without a name; so does the last admin."""
    with opened(data) as installation, typed_by_a_person():
        installation.store.accounts.remove(email)
    click.echo(f"Removed the account {email}.", err=True)


def _password(*, from_stdin: bool) -> str:
    if not from_stdin:
        if not sys.stdin.isatty():
            raise click.UsageError("There is no terminal to ask for the password; pipe it in with --password-stdin.")
        answer: str = click.prompt("Password", hide_input=True, confirmation_prompt="The same again", err=True)
        return answer
    line = sys.stdin.buffer.readline(LONGEST).rstrip(b"\r\n")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise click.UsageError("The password on stdin is not UTF-8 text.") from None
