"""The overload answer: refuses at its thresholds, says when to come back, and ends by itself."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kaput.app.pressure import RETRY_SECONDS, Pressure, most_backlog
from kaput.config import Settings, Size
from kaput.directory import LEAST_FREE, free_bytes

SETTINGS = Settings(data=Path("/srv/kaput"), max_backlog=Size(5_000_000), min_free=Size(2_000_000))


@dataclass
class Machine:
    """What is measured."""

    backlog: int = 0
    free: int = 10_000_000


@pytest.mark.parametrize(
    ("backlog", "free", "refusal"),
    [
        (0, 2_000_000, None),
        (0, 1_999_999, (503, "disk_full")),
        (5_000_000, 10_000_000, None),
        (5_000_001, 10_000_000, (429, "overload")),
        (5_000_001, 0, (503, "disk_full")),
    ],
)
def test_thresholds(backlog: int, free: int, refusal: tuple[int, str] | None) -> None:
    """Each limit itself is still taken; beyond it clients are told when to come back and people what to do."""
    pressure = Pressure(SETTINGS, lambda: backlog, lambda _path: free)
    assert pressure() is None
    pressure.measure()
    refused = pressure()
    if refusal is None:
        assert refused is None
        assert pressure.problems() == []
        return
    assert refused is not None
    assert (refused.status, refused.reason, refused.retry_after) == (*refusal, RETRY_SECONDS)
    (problem,) = pressure.problems()
    assert ("/srv/kaput" in problem) == (refusal[1] == "disk_full")


def test_what_waits_takes_no_more_than_half_of_the_directory() -> None:
    """When the directory may take less than twice the largest backlog, clients are told sooner."""
    assert most_backlog(replace(SETTINGS, retention_disk=Size(4_000_000))) == 2_000_000
    assert most_backlog(replace(SETTINGS, retention_disk=Size(0))) == 5_000_000
    pressure = Pressure(replace(SETTINGS, retention_disk=Size(4_000_000)), lambda: 2_000_001, lambda _path: 10_000_000)
    pressure.measure()
    refused = pressure()
    assert refused is not None
    assert refused.reason == "overload"


def test_it_ends_by_itself() -> None:
    """When the cause is gone, so is the refusal; between two measurements nothing changes."""
    machine = Machine(backlog=9_000_000)
    pressure = Pressure(SETTINGS, lambda: machine.backlog, lambda _path: machine.free)
    pressure.measure()
    assert "9 MB of accepted events" in pressure.problems()[0]
    machine.backlog = 0
    assert pressure() is not None
    pressure.measure()
    assert (pressure(), pressure.problems()) == (None, [])


def test_a_floor_of_its_own() -> None:
    """Whatever is set, a disk on which the database could begin nothing is full."""
    settings = Settings(data=Path("/srv/kaput"), min_free=Size(0))
    machine = Machine(free=LEAST_FREE)
    pressure = Pressure(settings, lambda: 0, lambda _path: machine.free)
    pressure.measure()
    assert pressure() is None
    machine.free -= 1
    pressure.measure()
    assert pressure() is not None


def test_a_failing_disk_is_told() -> None:
    """While the buffer is refused by a disk that has room, the page has the system's words."""
    words = ["Input/output error"]
    pressure = Pressure(SETTINGS, lambda: 0, lambda _path: 10_000_000, failure=lambda: words[0])
    pressure.measure()
    assert pressure() is None
    assert "The disk of /srv/kaput does not take events: Input/output error." in pressure.problems()[0]
    words[0] = ""
    assert pressure.problems() == []


def test_free_bytes_are_those_of_the_disk(tmp_path: Path) -> None:
    """What is free is what an ordinary user can still write."""
    disk = os.statvfs(tmp_path)
    assert 0 < free_bytes(tmp_path) <= disk.f_blocks * disk.f_frsize
    with pytest.raises(FileNotFoundError):
        free_bytes(tmp_path / "none")
