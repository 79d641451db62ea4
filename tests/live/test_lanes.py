"""A storm of one project does not stand in front of the error of another one."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.live.poster import Poster, envelope, error_event
from tests.live.server import running, wait_for

STORM = 1200
TOGETHER = 20
QUIET = "f" * 32


def test_an_error_beside_a_storm(tmp_path: Path) -> None:
    """While many events of a project wait, one of another project that came after them is stored among the first."""
    with running(tmp_path, KAPUT_DIGEST_PROCESSES="1", KAPUT_RETENTION_EVENTS_PER_ISSUE="0") as server:
        storm, quiet = Poster(server.dsn), Poster(server.shell("project", "add", "quiet").stdout.strip())
        worker = server.pids["work"]
        os.kill(worker, signal.SIGSTOP)
        with closing(storm.connect()) as connection:
            for start in range(0, STORM, TOGETHER):
                some = [error_event(f"{start + number:032x}") for number in range(1, TOGETHER + 1)]
                assert storm.post(connection, envelope(*some))[0] == 200
        with closing(quiet.connect()) as connection:
            # Refused with 403 until the door has heard of the new project.
            body = envelope(error_event(QUIET))
            wait_for(lambda: quiet.post(connection, body)[0] == 200, "the new key is not known")
        os.kill(worker, signal.SIGCONT)
        assert server.settle()["dropped"].keys() <= {"key_unknown"}
        with closing(sqlite3.connect(server.data / "kaput.db")) as database:
            stored = [event.hex() for (event,) in database.execute("SELECT event_id FROM event ORDER BY id")]
    assert len(stored) == STORM + 1
    # A window may end within the first of the storm: then twice as many of it are calm.
    assert stored.index(QUIET) < STORM // 2
