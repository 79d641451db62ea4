"""How much the data directory takes, and how much it may."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from kaput.config import Settings, Share, Size
from kaput.model import Space
from kaput.space import budget, measure, problem

GIB = 1024**3
MIB = 1024**2
SETTINGS = Settings(data=Path("/srv/kaput"), retention_disk=Share(50))


@pytest.mark.parametrize(
    ("total", "free", "used", "allowed"),
    [
        (100 * GIB, 90 * GIB, 1 * GIB, 50 * GIB),
        (100 * GIB, 3 * GIB, 10 * GIB, 12 * GIB),
        (100 * GIB, GIB // 2, 10 * GIB, 9 * GIB + GIB // 2),
        (100 * GIB, 0, 10 * MIB, 256 * MIB),
        (100 * MIB, 50 * MIB, 10 * MIB, 50 * MIB),
    ],
)
def test_a_part_of_the_volume(total: int, free: int, used: int, allowed: int) -> None:
    """A part, but never the last 1 GiB of the volume; a small directory is not made smaller for what others do."""
    assert budget(SETTINGS, total, free, used) == allowed


def test_it_begins_before_clients_are_turned_away() -> None:
    """Where an operator keeps much free, events are thinned out at twice of that."""
    settings = replace(SETTINGS, min_free=Size(4 * GIB))
    assert budget(settings, 100 * GIB, 8 * GIB, 10 * GIB) == 10 * GIB


@pytest.mark.parametrize("size", [0, 5 * GIB])
def test_a_number_is_what_it_is(size: int) -> None:
    """A size does not depend on the disk; 0 is no limit, and nothing is too much then."""
    settings = replace(SETTINGS, retention_disk=Size(size))
    assert budget(settings, 10 * GIB, 0, GIB) == size
    assert Space(used=6 * GIB, budget=size).excess == (GIB if size else 0)


def test_every_file_counts(tmp_path: Path) -> None:
    """The database with its log, the spool, dead records and attachments, at any depth; what is gone counts nothing."""
    for name, size in (("kaput.db", 1), ("kaput.db-wal", 2), ("spool/1.seg", 4), ("dead/a", 8), ("files/ab/cd", 16)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(os.urandom(size * 65536))
    (tmp_path / "files" / "link").symlink_to("/")
    space = measure(Settings(data=tmp_path), 1000)
    assert (space.spool, space.dead, space.files) == (4 * 65536, 8 * 65536, 16 * 65536)
    assert space.used == 31 * 65536
    assert space.excess == 0


def test_pages_that_are_free_inside_do_not_count() -> None:
    """What the database gives back anyway is no reason to delete more."""
    assert Space(used=100, budget=70, spare=40).excess == 0
    assert Space(used=100, budget=70, spare=10).excess == 20


def test_the_banner_says_what_takes_the_room() -> None:
    """Only when nothing more can be thinned out; it names what else is large."""
    assert problem(None) == []
    full = Space(used=10**9, budget=10**8, spool=10**6, dead=4 * 10**8, files=5 * 10**8)
    assert problem(full) == []
    (text,) = problem(Space(10**9, 10**8, 0, 10**6, 4 * 10**8, 5 * 10**8, exhausted=True))
    assert "takes 1.0 GB, more than its 100.0 MB (KAPUT_RETENTION_DISK)" in text
    assert "In it are 400.0 MB of dead records and 500.0 MB of attachments." in text
