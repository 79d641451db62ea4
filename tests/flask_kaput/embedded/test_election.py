"""One leader among several candidates, in one process and among processes."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flask_kaput.embedded.election import Election
from kaput.directory import lock_directory, make_directory
from kaput.errors import StartError
from tests.flask_kaput.embedded.home import home

PATIENCE = 60.0


class Standing:
    """A leader that does nothing until it is told to stop."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self._stop = threading.Event()

    def run(self) -> None:
        """Waits."""
        self.began.set()
        self._stop.wait(PATIENCE)

    def stop(self) -> None:
        """Ends it."""
        self._stop.set()

    def let_go(self) -> None:
        """Has no files."""


def until(condition: Callable[[], bool]) -> None:
    """Waits until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_one_leads_and_the_next_takes_over(tmp_path: Path) -> None:
    """Of two candidates one leads; when it stops, the other one does."""
    settings = home(tmp_path).settings
    first, second = Election(settings, Standing), Election(settings, Standing)
    first.start()
    until(lambda: first.leads)
    second.start()
    time.sleep(0.6)
    assert (first.leads, second.leads) == (True, False)
    first.stop()
    until(lambda: second.leads)
    assert not first.leads
    second.stop()


def test_a_server_on_the_directory_keeps_the_lead(tmp_path: Path) -> None:
    """While `kaput serve` has the directory nobody leads, and a server does not start while one does."""
    settings = home(tmp_path).settings
    make_directory(settings)
    lock = lock_directory(settings)
    election = Election(settings, Standing)
    election.start()
    time.sleep(0.5)
    assert not election.leads
    os.close(lock)
    until(lambda: election.leads)
    with pytest.raises(StartError, match="Another server"):
        lock_directory(settings, 0)
    election.stop()


def test_a_leader_that_fails_is_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A leader that cannot begin says why, lets go of the lead, and another candidate takes it."""
    settings = home(tmp_path).settings

    def broken() -> Standing:
        raise StartError("The database is newer.")

    failing, other = Election(settings, broken), Election(settings, Standing)
    failing.start()
    until(lambda: failing.problem == "The database is newer.")
    other.start()
    until(lambda: other.leads)
    failing.stop()
    other.stop()
    assert [record.getMessage() for record in caplog.records] == [
        "Kaput cannot work inside the application: The database is newer."
    ]


def test_the_lead_ends_with_a_killed_process(tmp_path: Path) -> None:
    """A child that was forked from the leader and lives on does not keep the lead from others."""
    settings = home(tmp_path).settings
    ready, begin = os.pipe()
    leader = os.fork()
    if leader == 0:
        election = Election(settings, Standing)
        election.start()
        until(lambda: election.leads)
        child = os.fork()
        if child == 0:
            election.let_go()
            signal.pause()
        os.write(begin, f"{child}\n".encode())
        signal.pause()
    child = int(os.read(ready, 20))
    os.close(ready)
    os.close(begin)
    election = Election(settings, Standing)
    election.start()
    time.sleep(0.5)
    assert not election.leads
    os.kill(leader, signal.SIGKILL)
    os.waitpid(leader, 0)
    until(lambda: election.leads)
    os.kill(child, signal.SIGKILL)
    election.stop()
