"""The `kaput` command: finds the command that was asked for, and turns errors into messages and exit codes.

In: the arguments of the process. Out: its exit code: 0 done, 1 failed, 2 wrong settings or usage, 130 interrupted.
A command's module is imported when the command is called and not before, so that `kaput --help` stays quick and the
server's process stays small. Nobody imports this module but the entry points.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NoReturn

import click

from kaput import __version__
from kaput.errors import ConfigError, KaputError, QueryError

FAILED = 1
WRONG = 2
INTERRUPTED = 130

COMMANDS: Mapping[str, tuple[str, str]] = {
    "serve": ("server", "Run everything, in one process tree."),
    "demo": ("demo", "Run everything with a small broken shop and a mail catcher."),
    "dsn": ("projects", "Print the DSN of a project, and nothing else."),
    "issues": ("issues", "List issues, newest first."),
    "issue": ("issues", "Show one issue with its newest event."),
    "events": ("events", "List the stored events of an issue, newest first."),
    "event": ("events", "Show one event."),
    "releases": ("releases", "List releases, newest first, and how many of their sessions crashed."),
    "tail": ("events", "Show new events as they come."),
    "export": ("events", "Write every stored event as JSON lines."),
    "monitors": ("monitors", "List cron jobs, how each is doing and when it runs next."),
    "stats": ("numbers", "Count what was accepted, digested, dropped and stored."),
    "project": ("projects", "Make and list projects, their keys, filters, channels and rules."),
    "user": ("accounts", "Make, change and remove accounts."),
    "dead": ("dead", "List, retry or drop records that could not be digested."),
    "mail-test": ("mail", "Send a test mail."),
    "check": ("diagnosis", "Find out what is wrong with this installation."),
    "config": ("settings", "Show every setting, its value and where it came from."),
}
"""Each command's module in this package, and the first line of its help. Its function is the name with underscores."""


class Commands(click.Group):
    """All commands by name; imports the module of the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # the signature is click's
        """Returns the names in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # as above
        """Imports one command; None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"kaput.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # as above
        """Writes the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kaput", message="%(prog)s %(version)s")
def kaput() -> None:
    """Kaput tells you the second your application breaks.

    Settings come from flags, from KAPUT_* in the environment and from kaput.toml in the data directory, in this order;
    see `kaput config`. Every command works while the server runs.
    """


def run(arguments: Sequence[str]) -> int:
    """Runs one command.

    Returns:
        The exit code; what went wrong stands on stderr.
    """
    if not all(_is_text(argument) for argument in arguments):
        _say("An argument is not text in this terminal's encoding; type it again.")
        return WRONG
    try:
        code = kaput.main(list(arguments), prog_name="kaput", standalone_mode=False)
        sys.stdout.flush()
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KaputError as error:
        return _report(error)
    except OSError as error:
        _say(str(error))
        return FAILED
    return code if isinstance(code, int) else 0


def main() -> NoReturn:
    """Is the `kaput` program."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows its escape; a page of text is never lost to an encoding.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    except SystemExit as end:  # click ends so when the reader of a pipe has gone
        code = end.code if isinstance(end.code, int) else FAILED
    _let_go_of_stdout()
    sys.exit(code)


def _report(error: KaputError) -> int:
    if isinstance(error, ConfigError):
        for problem in error.problems:
            _say(problem)
        return WRONG
    if isinstance(error, QueryError):
        _say(f"{error} (at character {error.position + 1} of the query)")
        return FAILED
    _say(str(error))
    return FAILED


def _is_text(argument: str) -> bool:
    try:
        argument.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _say(text: str) -> None:
    click.echo(f"kaput: {' '.join(text.split())}", err=True)


def _let_go_of_stdout() -> None:
    """Flushes, and points stdout elsewhere when its reader has gone, so that the interpreter ends without a word."""
    try:
        sys.__stdout__.flush()  # type: ignore[union-attr]  # it is None only in programs without a console
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    main()
