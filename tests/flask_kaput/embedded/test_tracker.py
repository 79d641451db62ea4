"""The tracker of one process, and of those that are forked from it."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flask_kaput.embedded.tracker import Tracker
from kaput.config import load
from kaput.installation import attach
from tests.flask_kaput.embedded.home import home

PATIENCE = 60.0


def until(condition: Callable[[], bool]) -> None:
    """Waits until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def event(number: int) -> tuple[str, bytes]:
    """Makes an event's id and its JSON."""
    event_id = f"{number:032x}"
    return event_id, json.dumps({"event_id": event_id, "message": f"number {number}"}).encode()


def forked(work: Callable[[], None]) -> int:
    """Forks a child that does some work and then waits to be killed; returns it when the work is done."""
    done, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work()
            os.write(tell, b"!")
        finally:
            signal.pause()
    os.close(tell)
    told = os.read(done, 1)
    os.close(done)
    assert told == b"!"
    return child


def test_a_forked_child_begins_anew(tmp_path: Path) -> None:
    """It does not lead, its events are stored once beside its parent's, and it keeps nothing from who leads next."""
    tracker = Tracker(home(tmp_path), lambda: False)
    tracker.stand({})
    until(lambda: tracker.leads)
    tracker.deliver(*event(1))

    def work() -> None:
        assert not tracker.leads
        tracker.deliver(*event(2))

    child = forked(work)
    try:
        tracker.deliver(*event(3))
        settings = load({"KAPUT_DATA": str(tmp_path)}, {}).settings
        until(lambda: (tmp_path / "kaput.db").exists() and tracker.page() is not None)
        with attach(settings) as installation:
            until(lambda: installation.read_stats().digested == 3)
            assert (installation.read_stats().events, installation.read_stats().pending) == (3, 0)
        tracker.close()
        following = Tracker(home(tmp_path), lambda: False)
        following.stand({})
        until(lambda: following.leads)
        following.close()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_nothing_begins_before_it_is_used(tmp_path: Path) -> None:
    """A tracker that is made and closed touches no file."""
    Tracker(home(tmp_path / "data"), lambda: False).close()
    assert not (tmp_path / "data").exists()


def test_a_closed_tracker_keeps_nothing(tmp_path: Path) -> None:
    """After its end it neither takes events nor begins again."""
    tracker = Tracker(home(tmp_path / "data"), lambda: False)
    tracker.close()
    tracker.deliver(*event(1))
    tracker.stand({})
    assert not tracker.leads
    assert not (tmp_path / "data").exists()


def test_a_directory_that_is_gone_costs_no_request(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where events cannot be kept, the log says so, and nothing is raised."""
    (tmp_path / "data").write_text("")
    tracker = Tracker(home(tmp_path / "data"), lambda: False)
    tracker.deliver(*event(1))
    tracker.close()
    assert "cannot be used" in caplog.text
