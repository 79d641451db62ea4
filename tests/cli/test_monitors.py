"""`kaput monitors`: what is known of each cron job."""

from msgspec.structs import replace

from kaput.installation import Installation
from kaput.model import Batch, Monitor, MonitorConfig, Run, RunStatus, Verdict, Watched
from tests.cli.samples import Fill, digested
from tests.cli.shell import Shell

CONFIG = MonitorConfig("crontab", "0 2 * * *", timezone="Europe/Berlin")
BACKUP = Monitor(
    *(1, "backup", "production", "ab" * 16, 5.0),
    config=CONFIG,
    schedule="At 02:00 every day",
    status=RunStatus.MISSED,
    failing=True,
    last_run=1_790_000_000.0,
    last_duration=2.5,
    expected=1_790_086_400.0,
)


def store(installation: Installation, *watched: Watched) -> None:
    """Stores monitors."""
    installation.store.batches.commit(
        Batch([], [], [], [], watched=list(watched)), lambda _changes, _members: Verdict([])
    )


def test_monitors_for_scripts(shell: Shell, installation: Installation, fill: Fill) -> None:
    """Each monitor has its state, its schedule, its times and its issue; a project can be asked for alone."""
    fill(digested(1, issue="a"))
    event_hash = digested(1, issue="a").grouping.hashes[0]
    other = installation.store.projects.add("Shop").id
    store(
        installation, Watched(replace(BACKUP, hash=event_hash)), Watched(Monitor(other, "new", "live", "cd" * 16, 6.0))
    )
    first, second = shell.json("monitors")
    assert first == {
        "id": 1,
        "monitor": "backup",
        "project": "app",
        "environment": "production",
        "state": "missed",
        "paused": False,
        "failing": True,
        "issue": "APP-1",
        "schedule": {"type": "crontab", "value": "0 2 * * *", "unit": "", "timezone": "Europe/Berlin"},
        "schedule_in_words": "At 02:00 every day",
        "problem": "",
        "last_run": "2026-09-21T14:13:20.000000Z",
        "last_duration": 2.5,
        "next_run": "2026-09-22T14:13:20.000000Z",
    }
    assert (second["state"], second["issue"], second["last_run"]) == ("waiting", None, None)
    assert [one["monitor"] for one in shell.json("monitors", "--project", "shop")] == ["new"]


def test_monitors_for_people(shell: Shell, installation: Installation) -> None:
    """In a pipe each monitor is a line; one whose run is in progress, or whose schedule cannot be read, says so."""
    running = Run("ef" * 16, RunStatus.IN_PROGRESS, 1_790_000_000.0)
    store(installation, Watched(replace(BACKUP, status=RunStatus.OK, failing=False), (running,)))
    (line,) = shell("monitors").stdout.splitlines()
    times = ["2026-09-21 14:13:20", "2026-09-22 14:13:20"]
    assert line.split("\t") == ["backup", "app", "production", "running", "At 02:00 every day", *times, ""]
    store(installation, Watched(replace(BACKUP, slug="restore", problem="There is no time zone 'Mars'.")))
    assert "\tThere is no time zone 'Mars'. At 02:00 every day\t" in shell("monitors").stdout
