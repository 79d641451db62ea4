"""`kaput user`: accounts from the shell."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kaput.installation import Installation
from tests.cli.shell import Shell


def test_account_can_log_in(shell: Shell, installation: Installation) -> None:
    """An account made from the shell has the password that was on stdin, without its line end."""
    done = shell("user", "add", "ada@example.org", "--admin", "--password-stdin", typed="correct horse battery\n")
    assert (done.returncode, done.stdout) == (0, "")
    account = installation.store.accounts.verify("ada@example.org", "correct horse battery")
    assert account is not None
    assert (account.email, account.admin) == ("ada@example.org", True)


def test_password_can_be_changed(shell: Shell, installation: Installation) -> None:
    """After `user password` only the new password is good."""
    shell("user", "add", "ada@example.org", "--password-stdin", typed="correct horse battery")
    done = shell("user", "password", "ada@example.org", "--password-stdin", typed="another long password\r\n")
    assert done.returncode == 0
    accounts = installation.store.accounts
    assert accounts.verify("ada@example.org", "correct horse battery") is None
    changed = accounts.verify("ada@example.org", "another long password")
    assert changed is not None
    assert changed.admin is False


def test_refusals_are_one_line(shell: Shell) -> None:
    """A taken address, a short password, a wrong or an unknown address: exit code 1 and one line."""
    shell("user", "add", "ada@example.org", "--password-stdin", typed="correct horse battery")
    long = "correct horse battery"
    for arguments, typed in (
        (("add", "ada@example.org"), long),
        (("add", "eve@example.org"), "x"),
        (("add", "nobody"), long),
        (("password", "eve@example.org"), long),
    ):
        done = shell("user", *arguments, "--password-stdin", typed=typed)
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1


def test_accounts_are_changed_and_removed(shell: Shell, installation: Installation) -> None:
    """The right of an admin is given and taken, an account is removed, and the last admin stays."""
    for email in ("ada@example.org", "bob@example.org"):
        shell("user", "add", email, "--password-stdin", typed="correct horse battery")
    assert shell("user", "admin", "ada@example.org", "on").returncode == 0
    for arguments in (("admin", "ada@example.org", "off"), ("remove", "ada@example.org")):
        done = shell("user", *arguments)
        assert (done.returncode, "is the last admin" in done.stderr) == (1, True)
    assert shell("user", "remove", "bob@example.org").returncode == 0
    assert [(one.email, one.admin) for one in installation.store.accounts.all()] == [("ada@example.org", True)]
    assert shell("user", "remove", "bob@example.org").returncode == 1


def test_no_terminal_to_ask(shell: Shell) -> None:
    """Without a terminal and without --password-stdin nothing is made, and the message names the option."""
    done = shell("user", "add", "ada@example.org", typed="correct horse battery\n")
    assert done.returncode == 2
    assert "--password-stdin" in done.stderr


@contextmanager
def _terminal() -> Iterator[tuple[int, int]]:
    """Opens a terminal: the end that a person types at, and the end that a command reads."""
    person, command = os.openpty()
    try:
        yield person, command
    finally:
        os.close(person)
        os.close(command)


def _read_until(process: "subprocess.Popen[str]", prompt: str) -> None:
    assert process.stderr is not None
    shown = ""
    while not shown.endswith(prompt):
        character = process.stderr.read(1)
        assert character, shown
        shown += character
    assert "correct horse" not in shown


@pytest.mark.parametrize("second", ["correct horse battery", "something else"])
def test_a_terminal_is_asked_twice(second: str, shell: Shell, installation: Installation) -> None:
    """On a terminal the password is asked for twice, and nothing is made before both times are the same."""
    with _terminal() as (person, command), shell.running("user", "add", "ada@example.org", stdin=command) as process:
        for prompt, typed in (("Password: ", "correct horse battery"), ("The same again: ", second)):
            _read_until(process, prompt)
            os.write(person, typed.encode() + b"\n")
        if second == "something else":
            _read_until(process, "Password: ")
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == (0 if second == "correct horse battery" else 130)
    account = installation.store.accounts.verify("ada@example.org", "correct horse battery")
    assert (account is not None) == (second == "correct horse battery")
