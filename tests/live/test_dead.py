"""Many dead records: the server starts as before, and what is asked of them takes bounded time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from kaput.digest.dead import SUFFIX, Header
from kaput.model import Batch, Dead, Verdict
from kaput.store.database import open_store
from tests.live.server import running
from tests.stalls import Stopwatch

COUNT = 10_000
SLACK = 1.0
LONGEST_COMMAND = 30.0


def test_ten_thousand_dead_records(tmp_path: Path) -> None:
    """With 10,000 files in `dead/` a start takes as long as without; they are listed and retried in bounded time."""
    with running(tmp_path) as server:
        usual = server.ready_after
    _bury(tmp_path)
    with running(tmp_path, KAPUT_RETENTION_EVENTS_PER_ISSUE="0") as server:
        assert server.ready_after < 2 * usual + SLACK
        with _quick():
            assert len(server.shell("dead", "list").stdout.splitlines()) == COUNT
        assert server.stats()["dead"] == COUNT
        with _quick():
            done = server.shell("dead", "retry", "--all")
        assert done.stderr == f"{COUNT} of {COUNT} records put back.\n"
        stats = server.settle()
        assert (stats["accepted"], stats["digested"], stats["dead"], stats["events"]) == (COUNT, COUNT, 0, COUNT)
        assert list((tmp_path / "dead").iterdir()) == []


def _bury(data: Path) -> None:
    """Makes the files and the rows that 10,000 records leave, which a newer version can digest."""
    rows = []
    for number in range(COUNT):
        name, event_id = f"1a-000000.seg-{number}", f"{number:032x}"
        header = Header("ValueError: a bug of an older version", 1, event_id, time.time(), "test/1", "", damaged=False)
        body = b'{"message":"broken"}'
        (data / "dead" / f"{name}{SUFFIX}").write_bytes(msgspec.json.encode(header) + b"\n" + body)
        rows.append(Dead(name, header.reason, 1, event_id, header.received))
    store = open_store(data / "kaput.db", time.time)
    store.batches.commit(Batch([], rows, [], []), lambda _changes, _members: Verdict([]))
    store.close()


@contextmanager
def _quick() -> Iterator[None]:
    watch = Stopwatch()
    yield
    assert watch.seconds < LONGEST_COMMAND
