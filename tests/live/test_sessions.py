"""Real clients tell a real server how sessions went, and each session counts once."""

import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.live.poster import Poster
from tests.live.server import Server, run_program, running, wait_for

SID = "7c7b6585-f901-4351-bf8d-02711b721929"


def wait_for_sessions(server: Server, count: int) -> None:
    """Waits until so many sessions are counted."""
    wanted = f"kaput_sessions_total {count}.0"
    wait_for(lambda: wanted in server.get("/metrics")[1], f"{count} sessions are not counted")


def releases(server: Server) -> dict[str, dict[str, Any]]:
    """Returns the sessions of the last day by release, in the order of the list."""
    return {row["release"]: row["last_24_hours"] for row in server.shell.json("releases")}


def say(server: Server, **fields: Any) -> None:
    """Posts an update of one session as a browser's SDK does."""
    attributes = {"release": "web@1", "environment": "production", "user_agent": "Mozilla/5.0"}
    update = {"sid": SID, "errors": 0, "attrs": attributes, **fields}
    with closing(Poster(server.dsn).connect()) as connection:
        body = f'{{}}\n{{"type":"session"}}\n{json.dumps(update)}\n'.encode()
        assert Poster(server.dsn).post(connection, body) == (200, {})


def test_requests_of_flask_are_sessions(tmp_path: Path) -> None:
    """Five requests, one with an error that was handled, one that failed: the counts and the rate of the release."""
    with running(tmp_path) as server:
        run_program("sessions_shop.py", server.dsn, "shop@2.4.1", "/", "/", "/handled", "/", "/broken")
        wait_for_sessions(server, 5)
        run_program("sessions_shop.py", server.dsn, "shop@2.4.2")
        wait_for_sessions(server, 6)
        stats = server.settle()
        assert [stats[name] for name in ("sessions", "accepted", "events", "dead")] == [6, 3, 3, 0]
        assert [reason for reason in stats["dropped"] if not reason.startswith("client:")] == []
        none = {"errored": 0, "unhandled": 0, "abnormal": 0, "crashed": 0}
        assert list(releases(server).items()) == [
            ("shop@2.4.2", none | {"sessions": 1, "errored": 1, "crash_free": 100.0}),
            ("shop@2.4.1", none | {"sessions": 5, "errored": 1, "crashed": 1, "crash_free": 80.0}),
        ]


def test_an_acknowledged_crash_counts_once_after_a_kill(tmp_path: Path) -> None:
    """A session is told of before and after all processes are killed, its crash twice."""
    started = time.time()
    with running(tmp_path) as server:
        server.kill("work")
        say(server, started=started, init=True, status="ok")
        say(server, started=started, init=False, status="crashed", errors=1)
        server.kill_all()
        server.start()
        say(server, started=started, init=False, status="crashed", errors=2)
        say(server, started=started, init=True, status="ok", sid=SID[::-1])
        wait_for_sessions(server, 2)
        found = releases(server)["web@1"]
        assert (found["sessions"], found["crashed"], found["crash_free"]) == (2, 1, 50.0)
