"""`kaput stats`: the sums over everything."""

from kaput.installation import Installation
from tests.cli.samples import Fill, digested
from tests.cli.shell import Shell


def test_stats_of_a_new_directory(shell: Shell) -> None:
    """A new directory counts nothing, with every documented name present."""
    found = shell.json("stats")
    assert list(found) == [
        "accepted",
        "digested",
        "pending",
        "dead",
        "dropped",
        "issues",
        "events",
        "notices",
        "thinned",
        "sessions",
    ]
    assert [found[name] for name in ("accepted", "digested", "pending", "dead", "issues", "events")] == [0] * 6
    assert found["dropped"] == {}
    assert {"sent", "pending", "failed"} <= set(found["notices"])


def test_stats_count_events(shell: Shell, fill: Fill) -> None:
    """A duplicate is digested and dropped, and stored once."""
    fill(digested(1, issue="a"), digested(2, issue="a"))
    fill(digested(2, issue="a"))
    found = shell.json("stats")
    assert (found["accepted"], found["digested"], found["events"], found["issues"]) == (3, 3, 2, 1)
    assert found["dropped"] == {"duplicate": 1}


def test_stats_of_a_project(shell: Shell, fill: Fill, installation: Installation) -> None:
    """Kaput's own events count only when they are asked for."""
    own = next(project for project in installation.store.projects.all() if project.internal)
    fill(digested(1), digested(2, project=own.id), digested(3, project=own.id))
    assert shell.json("stats")["events"] == 1
    assert shell.json("stats", "--project", "kaput")["events"] == 2


def test_stats_for_people(shell: Shell, fill: Fill) -> None:
    """In a pipe each number is a line."""
    fill(digested(1))
    assert "digested\t1" in shell("stats").stdout.splitlines()
