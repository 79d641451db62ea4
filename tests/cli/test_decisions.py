"""`kaput issue` with the options that decide."""

import pytest

from kaput.installation import Installation
from kaput.store.base import Mute, Resolution, Status
from tests.cli.samples import Fill, digested
from tests.cli.shell import Shell


@pytest.mark.parametrize(
    ("options", "status", "resolution", "release"),
    [
        (["--resolve"], Status.RESOLVED, Resolution.NOW, ""),
        (["--resolve-in", "next"], Status.RESOLVED, Resolution.NEXT, "1.0"),
        (["--resolve-in", "2.0"], Status.RESOLVED, Resolution.RELEASE, "2.0"),
        (["--mute"], Status.MUTED, Resolution.NOW, ""),
    ],
)
def test_an_issue_is_decided(
    shell: Shell,
    fill: Fill,
    installation: Installation,
    options: list[str],
    status: Status,
    resolution: str,
    release: str,
) -> None:
    """The decision is in the store, in what is shown, and is taken back by `--reopen`."""
    fill(digested(1))
    shown = shell.json("issue", "APP-1", *options)
    row = installation.store.issues.get("APP-1")
    assert (row.status, row.resolution, row.resolved_release) == (status, resolution, release)
    assert shown["status"] == status
    assert shell.json("issue", "APP-1", "--reopen")["status"] == "unresolved"


@pytest.mark.parametrize(
    ("options", "mute"),
    [
        (["--mute-events", "100"], Mute(events=101)),
        (["--mute-events", "100/5m"], Mute(events=100, window=300)),
        (["--mute-users", "10"], Mute(users=10)),
    ],
)
def test_an_issue_is_muted_until_something(
    shell: Shell, fill: Fill, installation: Installation, options: list[str], mute: Mute
) -> None:
    """Counts are those at which the mute ends."""
    fill(digested(1))
    shell.json("issue", "APP-1", *options)
    assert installation.store.issues.get("APP-1").mute == mute


def test_an_issue_is_muted_for_a_time(shell: Shell, fill: Fill, installation: Installation) -> None:
    """A length is counted from now."""
    fill(digested(1))
    before = installation.clock()
    shell.json("issue", "APP-1", "--mute-for", "2h")
    until = installation.store.issues.get("APP-1").mute.until
    assert until is not None
    assert before + 7200 <= until <= installation.clock() + 7200


def test_issues_are_merged_and_split(shell: Shell, fill: Fill, installation: Installation) -> None:
    """The counts that are shown are those after it."""
    fill(digested(1), digested(2), digested(3))
    assert shell.json("issue", "APP-1", "--merge", "app-2", "--merge", "APP-3")["count"] == 3
    assert len(shell.json("issues")) == 1
    assert shell.json("issue", "APP-1", "--split", "APP-2")["count"] == 2
    assert installation.store.issues.get("APP-2").merged_into is None


@pytest.mark.parametrize(
    "options", [["--mute-for", "soon"], ["--mute-events", "20000/1h"], ["--mute-events", "0"], ["--mute", "--resolve"]]
)
def test_what_cannot_be_decided(shell: Shell, fill: Fill, installation: Installation, options: list[str]) -> None:
    """A length that is none, a window too large and two decisions at once are refused, and nothing changes."""
    fill(digested(1))
    assert shell("issue", "APP-1", *options).returncode != 0
    assert installation.store.issues.get("APP-1").status is Status.UNRESOLVED


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--resolve"], "resolved; error"),
        (["--resolve-in", "next"], "resolved in the next release, after 1.0; error"),
        (["--resolve-in", "2.0"], "resolved in 2.0; error"),
        (["--mute"], "muted for good; error"),
        (["--mute-for", "2h"], "muted for 1 h more; error"),
        (["--mute-events", "100"], "muted until 100 more events; error"),
        (["--mute-events", "100/1h"], "muted until 100 events in 1 h; error"),
        (["--mute-users", "10"], "muted until 10 more users; error"),
        (["--priority", "high"], "high priority"),
        (["--assign", "ada@example.org"], "assigned to ada@example.org"),
    ],
)
def test_the_effect_is_said(shell: Shell, fill: Fill, options: list[str], said: str) -> None:
    """In text the issue says what a decision made of it, and a second time that nothing changed."""
    fill(digested(1))
    shell("user", "add", "ada@example.org", "--admin", "--password-stdin", typed="a long enough password\n")
    done = shell("issue", "APP-1", *options)
    assert (said in done.stdout, done.stderr) == (True, ""), done.stdout
    if options[0] != "--mute-for":
        assert shell("issue", "APP-1", *options).stderr == "Nothing to change: it is like that already.\n"
    assert shell.json("issue", "APP-1", *options)
