"""What every test shares: whoever starts a thread or a process, or opens a file, ends it."""

import gc
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.processes import children

PATIENCE = 60.0

# The same examples in each run, so that a change is judged by what it changes; `make fuzz` looks further. No time is
# measured, since other programs may be busy.
settings.register_profile("kaput", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kaput")


def _files() -> set[str]:
    """Returns what this process has open, one text for each descriptor; that of the listing itself is gone by then."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.add(f"file {entry.readlink()} as {entry.name}")
    return found


def _running() -> set[str]:
    """Returns the threads of this process and the processes it started and did not wait for."""
    threads = {f"thread {thread.name} ({thread.ident})" for thread in threading.enumerate()}
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # there is none, and no need to look at every process of the machine
        return threads
    return threads | {f"process {child}" for child in children().get(os.getpid(), [])}


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """Lets programs that tests start be interrupted, even when the tests run in the background of a script.

    A shell has its background jobs ignore SIGINT, and a process that ignores it hands that on to what it starts.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def leaks() -> Iterator[None]:
    """Fails a test that leaves a thread, a process or more open files than before behind."""
    files, running = _files(), _running()

    def left() -> list[str]:
        opened = _files()
        return sorted((_running() - running) | (opened - files if len(opened) > len(files) else set()))

    yield
    deadline = time.monotonic() + PATIENCE
    while left() and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)
    assert left() == [], "the test left these behind"
