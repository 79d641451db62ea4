"""Cron jobs check in with a real client and with curl; what goes wrong is an issue and a mail, exactly once."""

import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.live.server import Server, run_program, running, wait_for
from tests.tell.servers import Mailbox, MailServers

HOUR = 3600
SUMS = ("accepted", "digested", "pending", "dead", "events")


def monitors(server: Server) -> list[dict[str, Any]]:
    """Returns `kaput monitors --json`."""
    found = server.shell.json("monitors")
    assert isinstance(found, list)
    return found


def runs(server: Server) -> list[str]:
    """Returns what became of each run, without a process of its own for each look."""
    return [status for (status,) in rows(server, "SELECT status FROM check_in ORDER BY id")]


def issues(server: Server) -> list[Any]:
    """Returns the state and the events of each issue."""
    return rows(server, "SELECT status, count FROM issue ORDER BY id")


def rows(server: Server, query: str) -> list[Any]:
    """Asks the database."""
    with closing(sqlite3.connect(server.data / "kaput.db")) as database:
        return database.execute(query).fetchall()


def move_back(server: Server, seconds: float) -> None:
    """Makes the next run have been expected long ago, as it is after a long time without the server."""
    with closing(sqlite3.connect(server.data / "kaput.db")) as database, database:
        database.execute("UPDATE monitor SET expected = expected - ?, due = due - ?", (seconds, seconds))


def test_a_job_fails_recovers_and_is_missed(tmp_path: Path, servers: MailServers) -> None:
    """A failed run mails, a good one resolves the issue, and one that is missed while Kaput is down mails again."""
    mailbox = Mailbox()
    port = servers.start(mailbox).port
    with running(tmp_path, KAPUT_SMTP_HOST="127.0.0.1", KAPUT_SMTP_PORT=str(port)) as server:
        server.begin()  # the DSN has the server's address from then on
        added = server.shell("user", "add", "dev@example.org", "--admin", "--password-stdin", typed="correct horse\n")
        assert added.returncode == 0
        run_program("nightly.py", server.dsn, "failing")
        wait_for(lambda: len(mailbox.taken) == 1, "no mail came")
        (monitor,) = monitors(server)
        assert (monitor["monitor"], monitor["state"], monitor["issue"]) == ("nightly-report", "failing", "APP-1")
        assert (monitor["schedule_in_words"], monitor["schedule"]["timezone"]) == (
            "At 02:00 every day",
            "Europe/Berlin",
        )
        run_program("nightly.py", server.dsn, "good")
        wait_for(lambda: issues(server) == [("resolved", 1)], "the issue is not resolved")
        assert runs(server) == ["error", "ok"]
        assert server.stop() == 0
        move_back(server, 10 * 24 * HOUR)
        server.start()
        wait_for(lambda: len(mailbox.taken) == 2, "no second mail came")
        assert issues(server) == [("unresolved", 2)]
        stats = server.settle()
        assert tuple(stats[name] for name in SUMS) == (2, 2, 0, 0, 2)
        subjects = [re.sub(r"\d\d:\d\d", "T", subject) for subject in mailbox.subjects]
        assert subjects == [
            "[App] Cron job nightly-report failed its run of T in production",
            "[App] regressed: Cron job nightly-report missed its run of T in production",
        ]
        assert mailbox.subjects[1].endswith("02:00 in production")


def test_a_run_that_never_ends_is_told_once_though_kaput_is_killed(tmp_path: Path) -> None:
    """The job dies in the middle, Kaput is killed before and after it noticed, and there is one event."""
    with running(tmp_path) as server:
        server.begin()
        run_program("nightly.py", server.dsn, "killed")
        server.kill_all()
        server.start()
        wait_for(lambda: runs(server) == ["timeout"], "nobody noticed")
        server.kill_all()
        server.start()
        server.kill("work")
        wait_for(lambda: "work" in server.pids, "the worker is not back")
        stats = server.settle()
        assert tuple(stats[name] for name in SUMS) == (1, 1, 0, 0, 1)
        (issue,) = server.shell.json("issues")
        assert re.fullmatch(
            r"Cron job nightly-report did not end its run of \d\d:\d\d within 1.2 seconds", issue["title"]
        )


def test_a_shell_script_checks_in_with_curl(tmp_path: Path) -> None:
    """The address that the page shows is enough; a script that says nothing more is one run."""
    with running(tmp_path) as server:
        server.begin()
        split = urlsplit(server.dsn)
        address = f"{split.scheme}://{split.hostname}:{split.port}/api{split.path}/cron/backup/{split.username}/"

        def curl(*arguments: str) -> str:
            command = ["curl", "--silent", "--max-time", "20", "--write-out", "%{http_code}", *arguments]
            return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout

        assert curl(f"{address}?status=in_progress") == "202"
        wait_for(lambda: runs(server) == ["in_progress"], "the run is not there")
        config = '{"monitor_config": {"schedule": {"type": "interval", "value": 1, "unit": "hour"}}}'
        assert curl(f"{address}?status=ok", "--data", config) == "202"
        wait_for(lambda: runs(server) == ["ok"], "the run did not end")
        (monitor,) = monitors(server)
        assert (monitor["state"], monitor["schedule_in_words"], monitor["issue"]) == ("ok", "every hour", None)
        assert curl(f"{address}?status=done").endswith("400")
        assert server.settle()["accepted"] == 0
