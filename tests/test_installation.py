"""One installation: its sums hold while everything moves."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from kaput.buffer.frames import HEAD_SIZE
from kaput.buffer.reader import SegmentReader
from kaput.buffer.writer import SegmentWriter
from kaput.config import Settings, Size
from kaput.digest.dead import DeadDirectory
from kaput.digest.record import digest
from kaput.digest.worker import Worker
from kaput.installation import DEFAULT_ADDRESS, STEP_RECORDS, Installation, open_installation
from kaput.model import Digest, Drop, Happened, Record, Situation, Verdict
from kaput.serve.watch import Watch
from tests.verdicts import leave_out

PATIENCE = 60.0


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a data directory as the first start makes it; to be copied."""
    data = tmp_path_factory.mktemp("template") / "data"
    with open_installation(Settings(data=data)):
        return data


@pytest.fixture
def installation(tmp_path: Path, template: Path) -> Iterator[Installation]:
    settings = Settings(data=copytree(template, tmp_path / "data"), segment_size=Size(30_000))
    with open_installation(settings) as opened:
        yield opened


def record(number: int, body: bytes = b'{"message": "x"}', project_id: int = 1) -> Record:
    return Record(project_id, f"{number:032x}", time.time(), body)


def open_writer(installation: Installation) -> SegmentWriter:
    return SegmentWriter(installation.settings.spool, installation.settings.segment_size, time.time)


def send(installation: Installation, *records: Record) -> None:
    writer = open_writer(installation)
    writer.append(records).result(60)
    writer.close()


def nobody(_happened: Sequence[Happened], _situation: Situation) -> Verdict:
    return Verdict([])


def work(installation: Installation, done: Callable[[], bool], made: Digest = digest) -> None:
    """Runs a worker until something is so."""
    stop = threading.Event()
    source = SegmentReader(installation.settings.spool, installation.store.batches.positions())
    bury = DeadDirectory(installation.settings.dead).bury
    watch = Watch(installation.store.monitors, time.time)
    worker = Worker(source, installation.store.batches, made, nobody, bury, lambda: None, watch, time.time)
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not done() and time.monotonic() < deadline:
        time.sleep(0.002)
    stop.set()
    source.wake()
    thread.join()
    source.close()
    assert done()


def sums(installation: Installation) -> tuple[int, int, int, int]:
    stats = installation.read_stats()
    return stats.accepted, stats.digested, stats.pending, stats.dead


def test_the_sums_hold_while_everything_moves(installation: Installation) -> None:
    """While one appends and one digests, `accepted` never falls and is never more than was appended."""
    total = 1500
    begun, kept = [0], [0]

    def append() -> None:
        writer = open_writer(installation)
        for n in range(0, total, 5):
            begun[0] += 5
            bodies = [b"[]" if m % 50 == 0 else b'{"message": "x"}' for m in range(n, n + 5)]
            writer.append([record(n + m, body) for m, body in enumerate(bodies)]).result(60)
            kept[0] += 5
        writer.close()

    seen: list[int] = []

    def look() -> bool:
        low = kept[0]
        stats = installation.read_stats()
        high = begun[0]
        assert low <= stats.accepted <= high
        assert stats.accepted == stats.digested + stats.pending + stats.dead
        seen.append(stats.accepted)
        return stats.accepted == total and stats.pending == 0

    appender = threading.Thread(target=append)
    appender.start()
    work(installation, look)
    appender.join()
    assert seen == sorted(seen)
    assert len(set(seen)) > 5
    assert sums(installation) == (total, total - 30, 0, 30)


def test_dead_records_are_tried_again(installation: Installation) -> None:
    """A retried record goes through the buffer once more; the sum of all stays what was accepted."""
    send(installation, record(1), record(2, b"[]"), record(3))

    def bug(given: Record) -> Any:
        raise ValueError(given.event_id)

    work(installation, lambda: installation.read_stats().dead == 3, bug)
    names = [row.dead.name for row in installation.store.batches.known_dead()]
    assert installation.retry_dead([*names, "unknown", "../x"]) == 3
    assert sums(installation) == (3, 0, 3, 0)
    assert list(installation.settings.dead.iterdir()) == []
    work(installation, lambda: installation.read_stats().pending == 0)
    assert sums(installation) == (3, 2, 0, 1)


def test_no_record_is_counted_twice_while_it_is_put_back(installation: Installation) -> None:
    """While dead records go back into the buffer, in several steps, whoever counts sees what was accepted."""
    total = 3 * STEP_RECORDS + 7
    send(installation, *(record(n, b"[]") for n in range(total)))
    work(installation, lambda: installation.read_stats().dead == total)
    names = [row.dead.name for row in installation.store.batches.known_dead()]
    seen: set[int] = set()
    done = threading.Event()

    def count() -> None:
        while not done.is_set():
            seen.add(installation.read_stats().accepted)

    counter = threading.Thread(target=count)
    counter.start()
    try:
        assert installation.retry_dead(names) == total
    finally:
        done.set()
        counter.join()
    assert seen == {total}
    assert sums(installation) == (total, 0, total, 0)


def test_dead_records_are_given_up(installation: Installation) -> None:
    """A dropped record counts as digested and as dropped, whatever its project; unknown names change nothing."""
    send(installation, record(1, b"[]"), record(2, project_id=99), record(3))
    (segment,) = installation.settings.spool.glob("*.seg")
    send(installation, record(4))
    other = next(path for path in installation.settings.spool.glob("*.seg") if path != segment)
    data = bytearray(other.read_bytes())
    data[HEAD_SIZE + 24] ^= 0xFF
    other.write_bytes(data)
    work(installation, lambda: installation.read_stats().pending == 0)
    assert sums(installation) == (4, 1, 0, 3)
    names = [row.dead.name for row in installation.store.batches.known_dead()]
    assert installation.drop_dead(["../kaput.db", "unknown", *names[:1]]) == 1
    assert sums(installation) == (4, 2, 0, 2)
    assert installation.drop_dead(names) == 2
    assert sums(installation) == (4, 4, 0, 0)
    assert installation.read_stats().dropped == {"dead": 3}
    assert list(installation.settings.dead.iterdir()) == []


def test_damage_cannot_be_tried_again(installation: Installation) -> None:
    """Damaged bytes stay dead when they are retried."""
    send(installation, record(1))
    (segment,) = installation.settings.spool.glob("*.seg")
    data = bytearray(segment.read_bytes())
    data[HEAD_SIZE + 24] ^= 0xFF
    segment.write_bytes(data)
    work(installation, lambda: installation.read_stats().dead == 1)
    (row,) = installation.store.batches.known_dead()
    assert installation.retry_dead([row.dead.name]) == 0
    assert sums(installation) == (1, 0, 0, 1)


def test_one_project_has_its_own_sums(installation: Installation) -> None:
    """The internal project is left out of the whole; what names no project belongs to the whole alone."""
    internal = next(project.id for project in installation.store.projects.all() if project.internal)
    send(installation, record(1), record(2, project_id=internal), record(3, b"[]", project_id=internal))
    work(installation, lambda: installation.read_stats().pending == 0)
    leave_out(installation.store, [Drop("bad_key", 2, time.time(), project) for project in (0, 1, internal)])
    whole, one, own = (installation.read_stats(project) for project in (None, 1, internal))
    assert (whole.accepted, whole.digested, whole.dead, whole.issues, whole.events) == (1, 1, 0, 1, 1)
    assert (one.accepted, one.dropped) == (1, {"bad_key": 2})
    assert (own.accepted, own.dead, own.issues, own.events, own.dropped) == (2, 1, 1, 1, {"bad_key": 2})
    assert whole.dropped == {"bad_key": 4}


def test_the_backlog_is_what_waits(installation: Installation) -> None:
    """The backlog has the bytes that were accepted and not digested, and none afterwards."""
    assert installation.backlog() == 0
    send(installation, record(1, b'{"message": "' + b"x" * 5000 + b'"}'))
    assert 5000 < installation.backlog() < 6000
    work(installation, lambda: installation.read_stats().pending == 0)
    assert installation.backlog() == 0


def test_the_address(installation: Installation, tmp_path: Path) -> None:
    """People and clients get KAPUT_URL, else the address that was listened on last, else the default."""
    assert installation.base_url() == DEFAULT_ADDRESS
    installation.store.facts.set("address", "http://127.0.0.1:4711")
    assert installation.base_url() == "http://127.0.0.1:4711"
    with open_installation(Settings(data=tmp_path / "data", url="https://kaput.example.org/errors/")) as given:
        assert given.base_url() == "https://kaput.example.org/errors"
