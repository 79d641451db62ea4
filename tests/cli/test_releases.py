"""`kaput releases`: what is known of each release."""

import time

from kaput.installation import Installation
from kaput.model import Batch, SessionCounts, Sessions, Verdict
from tests.cli.samples import START, Fill, digested
from tests.cli.shell import Shell


def run(installation: Installation, project: int, environment: str, counts: SessionCounts, *, hours: int = 0) -> None:
    """Stores sessions that were started some hours ago."""
    now = time.time()
    told = Sessions("1.0", environment, {int(now // 3600) - hours: counts}, project_id=project, received=now)
    installation.store.batches.commit(Batch([], [], [], [], [told]), lambda _changes, _members: Verdict([]))


def test_releases_with_their_sessions_and_events(shell: Shell, installation: Installation, fill: Fill) -> None:
    """Sessions of the last day and week, the rate rounded down, and events; a project or an environment alone."""
    other = installation.store.projects.add("Shop").id
    fill(digested(1, issue="a"), digested(2, issue="a"))
    run(installation, 1, "live", SessionCounts(30_000, 20, crashed=1))
    run(installation, 1, "test", SessionCounts(10, crashed=10), hours=30)
    run(installation, 1, "live", SessionCounts(5), hours=200)
    run(installation, other, "live", SessionCounts(1))
    first, second = shell.json("releases")
    assert first | {"last_24_hours": None, "last_7_days": None} == {
        "release": "1.0",
        "project": "app",
        "first_seen": "2026-09-21T14:13:21.500000Z",
        "events": 2,
        "new_issues": 1,
        "last_24_hours": None,
        "last_7_days": None,
    }
    day = {"sessions": 30_000, "errored": 20, "unhandled": 0, "abnormal": 0, "crashed": 1, "crash_free": 99.99}
    assert first["last_24_hours"] == day
    assert first["last_7_days"] == day | {"sessions": 30_010, "crashed": 11, "crash_free": 99.96}
    assert (second["project"], second["events"], second["last_7_days"]["crash_free"]) == ("shop", 0, 100.0)
    assert [one["project"] for one in shell.json("releases", "--project", "shop")] == ["shop"]
    (only,) = shell.json("releases", "--project", "app", "--environment", "test")
    assert (only["last_24_hours"]["crash_free"], only["last_7_days"]["crash_free"]) == (None, 0.0)
    assert installation.store.releases.get(1, "1.0").first_seen == START + 1.5


def test_releases_for_people(shell: Shell, installation: Installation) -> None:
    """In a pipe each release is a line; a rate of no sessions is no number."""
    run(installation, 1, "live", SessionCounts(3, crashed=1), hours=30)
    (line,) = shell("releases").stdout.splitlines()
    name, project, _, *numbers = line.split("\t")
    assert (name, project, *numbers) == ("1.0", "app", "0", "", "3", "66.66", "0", "0")
    assert (shell("releases", "--project", "shop").returncode, shell.json("releases", "--limit", "1")[0]["events"]) == (
        1,
        0,
    )


def test_sessions_are_counted_by_themselves(shell: Shell, installation: Installation) -> None:
    """The stats have them, and count no events for them."""
    run(installation, 1, "live", SessionCounts(3, crashed=1), hours=30)
    found = shell.json("stats")
    assert (found["sessions"], found["accepted"], found["digested"], found["events"]) == (3, 0, 0, 0)
    assert "sessions\t3" in shell("stats").stdout.splitlines()
