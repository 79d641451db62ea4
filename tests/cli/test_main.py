"""The command itself: its help, its exit codes, and what it loads."""

import json
import subprocess
import sys

import click
import pytest

from kaput import __version__
from kaput.cli.main import COMMANDS, kaput
from tests.cli.samples import Fill, digested
from tests.cli.shell import Shell

SAID: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("config", "dsn", "export", "issues", "releases", "stats"), ()),
    **dict.fromkeys(("issue", "events"), ("APP-1",)),
    **dict.fromkeys(("project", "dead"), ("list",)),
    "event": ("0" * 32,),
    "mail-test": ("ada@example.org",),
    "serve": ("--port", "many"),
    "user": ("password", "nobody@example.org", "--password-stdin"),
}
"""What each command is given; the others are asked for their help."""


def _loaded(statement: str) -> set[str]:
    """Returns the modules that a new process has loaded after the statement."""
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_help_names_every_command(shell: Shell) -> None:
    """`kaput --help` lists every command with one line of help."""
    done = shell("--help")
    assert done.returncode == 0
    assert [name for name in COMMANDS if f"\n  {name} " in done.stdout] == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_loads_and_is_described_alike(name: str) -> None:
    """The line in the list of commands is the first line of the command's own help."""
    command = kaput.get_command(click.Context(kaput), name)
    assert command is not None
    assert command.name == name
    assert (command.help or "").splitlines()[0] == COMMANDS[name][1]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_process_says_what_the_other_tests_read(shell: Shell, fill: Fill, name: str) -> None:
    """Each command ends and prints as a program what it does inside the tests, where most of them run it."""
    fill(digested(1))
    arguments = (name, *SAID.get(name, ("--help",)))
    here, there = shell(*arguments), shell.process(*arguments)
    assert (there.returncode, there.stderr) == (here.returncode, here.stderr)
    assert there.stdout.split() == here.stdout.split()  # the tests' runner has a width of its own for help


def test_module_is_a_program(shell: Shell) -> None:
    """`python -m kaput` is the same command."""
    command = [sys.executable, "-m", "kaput", "--version"]
    done = subprocess.run(command, env=shell.environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"kaput {__version__}\n"


def test_unknown_command_is_wrong_usage(shell: Shell) -> None:
    """A command that is not there ends with 2, a word on stderr and nothing on stdout."""
    done = shell("nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such command 'nonsense'" in done.stderr


def test_all_wrong_settings_are_reported_at_once(shell: Shell) -> None:
    """Wrong settings end a command with 2 and one line for each, with the fix."""
    done = shell("issues", KAPUT_PORT="many", KAPUT_SMTP_TLS="perhaps")
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert [line.split()[:2] for line in lines] == [["kaput:", "KAPUT_PORT"], ["kaput:", "KAPUT_SMTP_TLS"]]
    assert "none, starttls, implicit" in lines[1]


def test_a_directory_that_cannot_be_made_is_one_line(fresh: Shell) -> None:
    """A data directory below a file ends a command with 1 and one line."""
    fresh.data.write_text("a file")
    done = fresh("issues", "--data", str(fresh.data / "below"))
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert str(fresh.data / "below") in done.stderr


def test_an_argument_that_is_no_text_is_refused(shell: Shell) -> None:
    """Bytes that are no UTF-8 in an argument are wrong usage, not a traceback."""
    done = shell("issues", "--query", "\udcff")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error_message(shell: Shell, fill: Fill) -> None:
    """`kaput export | head -1` ends without a word on stderr."""
    fill(*(digested(number, value="x" * 3000) for number in range(1, 101)))
    with shell.running("export") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith('{"event_id"')
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(30) != 0


def test_help_loads_no_stage() -> None:
    """The list of commands is printed without a database, a template or a table library."""
    loaded = _loaded("from kaput.cli.main import run; run(['--help'])")
    assert loaded & {"sqlalchemy", "rich", "msgspec", "flask", "uvicorn", "alembic", "kaput.store.base"} == set()


def test_config_loads_no_database() -> None:
    """`kaput config` works without the database's library."""
    loaded = _loaded("from kaput.cli.main import run; run(['config'])")
    assert loaded & {"sqlalchemy", "flask", "uvicorn", "alembic"} == set()
    assert "kaput.cli.settings" in loaded


def test_serve_loads_what_a_supervisor_may() -> None:
    """The process that becomes the supervisor has loaded the standard library, click, platformdirs and no stage."""
    loaded = _loaded("import kaput.cli.main, kaput.cli.server")
    assert loaded & {"sqlalchemy", "rich", "msgspec", "flask", "uvicorn", "alembic", "kaput.store.base"} == set()
    assert "kaput.serve.supervisor" in loaded
