"""The spool: whole events in order, one who sends, a bound that takes the oldest first."""

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_kaput.spool import STALE_SECONDS, Spool, open_spool, surplus

LIMIT = 1024**2


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """A spool in a folder of its own."""
    made = Spool(tmp_path / "spool", LIMIT)
    made.make()
    return made


def test_events_come_out_as_they_went_in_oldest_first(spool: Spool) -> None:
    """What is appended is read again in the order of time, until it is removed."""
    for number in range(3):
        spool.append(f"{number:032x}", b"event %d" % number)
    names = spool.names()
    assert [spool.read(name) for name in names] == [b"event 0", b"event 1", b"event 2"]
    spool.remove(names[0])
    spool.remove(names[0])
    assert (spool.names(), spool.read(names[0])) == (names[1:], None)


def test_only_the_owner_can_read_it(spool: Spool) -> None:
    """Neither the folder nor an event in it is open to other users of the machine."""
    spool.append("0" * 32, b"secret")
    paths = [spool.folder, spool.folder / spool.names()[0]]
    assert [path.stat().st_mode & 0o077 for path in paths] == [0, 0]


def test_a_full_spool_is_thinned_from_the_oldest_and_counts_it(spool: Spool) -> None:
    """Beyond its limit a spool keeps the very first event and all the newest, and knows how many went."""
    count, size = 400, 8192
    for number in range(count):
        spool.append(f"{number:032x}", b"x" * size)
    ids = [int(name.rpartition("-")[2].removesuffix(".json"), 16) for name in spool.names()]
    assert len(ids) * size <= LIMIT + LIMIT // 16
    assert ids[0] == 0
    assert ids[-20:] == list(range(count - 20, count))
    assert spool.lost() == {"cache_overflow": count - len(ids)}


def test_what_was_lost_is_told_once(spool: Spool) -> None:
    """Counts wait until they were told; those that come meanwhile wait for the next time."""
    spool.lose("send_error", 2)
    assert spool.lost() == spool.lost() == {"send_error": 2}
    spool.lose("send_error", 1)
    spool.told()
    assert spool.lost() == {"send_error": 1}
    spool.told()
    assert spool.lost() == {}


def test_one_process_leads_and_another_follows_when_it_is_killed(spool: Spool) -> None:
    """The lock is with one process at a time, and free as soon as that one is gone, however it went."""
    program = (
        "import sys, signal; from pathlib import Path; from flask_kaput.spool import Spool;"
        "print(Spool(Path(sys.argv[1]), 1).lead() is not None, flush=True); signal.pause()"
    )
    command = [sys.executable, "-c", program, str(spool.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as leader:
        assert leader.stdout is not None
        assert leader.stdout.readline() == "True\n"
        assert spool.lead() is None
        leader.send_signal(signal.SIGKILL)
        leader.wait()
    lead = spool.lead()
    assert lead is not None
    os.close(lead)


def test_unfinished_files_of_killed_processes_are_swept(spool: Spool) -> None:
    """What was never finished is no event, and goes when nobody can be writing it any more."""
    unfinished = spool.folder / "1-1-1-x.part"
    unfinished.write_bytes(b"half")
    written = unfinished.stat().st_mtime
    assert spool.names() == []
    spool.sweep(written + 1)
    assert unfinished.exists()
    spool.sweep(written + STALE_SECONDS + 1)
    assert not unfinished.exists()


def test_a_folder_that_cannot_be_used_is_passed_over_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The next place is taken, and what was wrong with the first one is said."""
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    made = open_spool([blocked, tmp_path / "other"], "http://key@host/1", LIMIT, logging.getLogger("shop"))
    assert made is not None
    assert made.folder.is_relative_to(tmp_path / "other")
    assert str(blocked) in caplog.text
    assert open_spool([blocked], "http://key@host/1", LIMIT, logging.getLogger("shop")) is None


def test_each_dsn_has_a_folder_of_its_own(tmp_path: Path) -> None:
    """Events are never sent to a server for which they were not meant, and no name of a folder shows a key."""
    made = [open_spool([tmp_path], f"http://key@host/{at}", LIMIT, logging.getLogger("shop")) for at in (1, 2)]
    folders = {spool.folder.name for spool in made if spool}
    assert len(folders) == 2
    assert not any("key" in name for name in folders)


@given(st.lists(st.integers(1, 5000), max_size=300), st.integers(5000, 200_000))
def test_thinning_keeps_the_first_and_the_last(sizes: list[int], limit: int) -> None:
    """Nothing goes from what fits; else what stays fits, and the first and the last are among it."""
    gone = surplus(sizes, limit)
    left = [at for at in range(len(sizes)) if at not in set(gone)]
    assert len(gone) == len(set(gone))
    assert gone == [] or sum(sizes) > limit
    assert sum(sizes[at] for at in left) <= limit or len(left) <= 2
    if sizes:
        assert (left[0], left[-1]) == (0, len(sizes) - 1)
