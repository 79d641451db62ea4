"""`kaput dead`: records that could not be digested, in the hands of an operator."""

import pytest

from kaput.digest.dead import DeadDirectory
from kaput.installation import Installation
from kaput.model import Record
from tests.cli.samples import START, Fill
from tests.cli.shell import Shell

NAMES = ["1-a-0", "1-a-900"]


@pytest.fixture
def buried(fill: Fill, installation: Installation) -> list[str]:
    """Buries two records as the worker does, and returns their names."""
    directory = DeadDirectory(installation.settings.dead)
    record = Record(1, "d" * 32, START, b'{"message": "x"}')
    fill(dead=[directory.bury(name, record, f"it broke \x1b[2J {name}") for name in NAMES])
    return NAMES


def test_list(shell: Shell, buried: list[str]) -> None:
    """The list has each record's name, project, times and reason."""
    first, second = shell.json("dead", "list")
    assert [first["name"], second["name"]] == buried
    assert (first["project"], first["event_id"]) == ("app", "d" * 32)
    assert first["received"] == "2026-09-21T14:13:20.000000Z"
    assert first["reason"] == f"it broke \x1b[2J {buried[0]}"


def test_list_for_people(shell: Shell, buried: list[str]) -> None:
    """In the terminal a reason cannot move the cursor."""
    lines = shell("dead", "list").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == buried
    assert "it broke \\x1b[2J" in lines[0]


def test_retry_puts_back(shell: Shell, buried: list[str]) -> None:
    """A record that is retried waits in the buffer again; the other one stays dead, and no event is lost."""
    done = shell("dead", "retry", buried[0])
    assert (done.returncode, done.stdout) == (0, "")
    stats = shell.json("stats")
    assert (stats["accepted"], stats["pending"], stats["dead"]) == (2, 1, 1)
    assert [row["name"] for row in shell.json("dead", "list")] == buried[1:]


def test_drop_all(shell: Shell, buried: list[str], installation: Installation) -> None:
    """Dropped records and their files are gone, and counted under the reason `dead`."""
    assert buried == NAMES
    assert shell("dead", "drop", "--all").returncode == 0
    stats = shell.json("stats")
    assert (stats["accepted"], stats["digested"], stats["dead"], stats["dropped"]) == (2, 2, 0, {"dead": 2})
    assert list(installation.settings.dead.iterdir()) == []


@pytest.mark.parametrize("action", ["retry", "drop"])
def test_unknown_names_change_nothing(action: str, shell: Shell, buried: list[str]) -> None:
    """One wrong name among right ones, a path, no name, or names with --all: nothing is done."""
    for arguments, code in (
        ([buried[0], "nope"], 1),
        (["../kaput.db"], 1),
        ([], 2),
        (["--all", buried[0]], 2),
    ):
        done = shell("dead", action, *arguments)
        assert (done.returncode, done.stdout) == (code, "")
        assert len(shell.json("dead", "list")) == 2
