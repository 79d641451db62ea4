"""The worker on a real buffer and a real database: each record is stored once, or lies in `dead/` with its reason."""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kaput.buffer.frames import HEAD_SIZE
from kaput.buffer.reader import SegmentReader, count_pending
from kaput.buffer.writer import SegmentWriter
from kaput.digest import worker
from kaput.digest.dead import DeadDirectory
from kaput.digest.record import digest, read
from kaput.digest.worker import Worker
from kaput.model import (
    ATTACHMENT,
    FEEDBACK,
    Digest,
    Digested,
    Drop,
    Happened,
    Record,
    Situation,
    Verdict,
)
from kaput.serve.watch import Watch
from kaput.store.base import Store
from kaput.store.database import open_store
from tests.migrated import migrated

SIZE = 1024**2
PATIENCE = 60.0


@dataclass
class Yard:
    """A data directory with a worker to be started and stopped."""

    directory: Path
    store: Store
    told: list[int] = field(default_factory=list)
    told_hook: Callable[[], None] = lambda: None

    @property
    def spool(self) -> Path:
        """The directory of the segments."""
        return self.directory / "spool"

    @property
    def dead(self) -> DeadDirectory:
        """What was buried."""
        return DeadDirectory(self.directory / "dead")

    def send(self, *items: Record | Drop, size: int = SIZE) -> None:
        """Appends records and drops as one writer."""
        writer = SegmentWriter(self.spool, size, time.time)
        for item in items:
            if isinstance(item, Drop):
                writer.note([item])
            else:
                writer.append([item]).result(60)
        writer.close()

    @contextmanager
    def working(
        self,
        made: Digest = digest,
        evaluate: Any = None,
        expect: Callable[[Sequence[Record]], None] = lambda _records: None,
        leave: Callable[[int], None] = lambda _count: None,
        stop: threading.Event | None = None,
    ) -> Iterator[SegmentReader]:
        """Runs a worker in a thread; like the process it begins at the committed positions."""
        stop = stop or threading.Event()
        source = SegmentReader(self.spool, self.store.batches.positions())
        worker = Worker(
            source=source,
            batches=self.store.batches,
            digest=made,
            evaluate=evaluate or _nobody,
            bury=self.dead.bury,
            told=self._tell,
            watch=Watch(self.store.monitors, time.time),
            clock=time.time,
            expect=expect,
            leave=leave,
        )
        thread = threading.Thread(target=worker.run, args=(stop,), name="worker")
        thread.start()
        try:
            yield source
        finally:
            stop.set()
            source.wake()
            thread.join(PATIENCE)
            source.close()

    def _tell(self) -> None:
        self.told.append(1)
        self.told_hook()

    def run(self, made: Digest = digest, evaluate: Any = None) -> None:
        """Runs a worker until everything is read and all ended segments are deleted."""
        with self.working(made, evaluate):
            until(lambda: self.pending() == 0 and self.segments() == [] and self.store.batches.positions() == [])

    def pending(self) -> int:
        """Counts the records that are not digested."""
        return count_pending(self.spool, self.store.batches.positions())

    def segments(self) -> list[str]:
        """Returns the names of the segments."""
        return [path.name for path in self.spool.glob("*.seg")]

    def sums(self) -> tuple[int, int, int]:
        """Returns digested, stored events, dead."""
        tallies = self.store.facts.tallies()
        return tallies.digested, tallies.events, tallies.dead

    def reasons(self) -> list[str]:
        """Returns why each dead record died."""
        return [row.dead.reason for row in self.store.batches.known_dead()]


def _nobody(_happened: Sequence[Happened], _situation: Situation) -> Verdict:
    return Verdict([])


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert condition()


def record(number: int, project_id: int = 1, body: bytes = b"") -> Record:
    body = body or json.dumps({"message": f"broken {number % 3}"}).encode()
    return Record(project_id, f"{number:032x}", 1_800_000_000.0 + number, body)


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    migrated(tmp_path / "kaput.db")
    store = open_store(tmp_path / "kaput.db", time.time, busy_seconds=0.05)
    yield Yard(tmp_path, store)
    store.close()


def fails_at(number: int, error: Exception) -> Digest:
    """Makes a digest with a bug that one record hits."""

    def made(given: Record) -> Digested:
        if int(given.event_id, 16) == number:
            raise error
        return digest(given)

    return made


def test_records_become_events(yard: Yard) -> None:
    """All records are stored in their order, positions and files are gone afterwards, and it is told."""
    yard.send(*(record(n) for n in range(120)), Drop("too_large", 3, 1_800_000_000.0))
    yard.run()
    assert yard.sums() == (120, 120, 0)
    assert [int(row.event_id, 16) for row, _ in yard.store.events.export(1, payload=False)] == list(range(120))
    assert yard.store.facts.tallies().dropped == {"too_large": 3}
    assert yard.told != []


def test_attachments_are_stored_and_no_batch_holds_too_many(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each lies in `files/` whole, whatever its size; the worker commits before it holds more than some of them."""
    monkeypatch.setattr(worker, "BATCH_SECONDS", PATIENCE)
    line = json.dumps({"event_id": f"{1:032x}"}).encode() + b"\n"
    files = [bytes([number]) * 6 * SIZE for number in range(6)]
    sizes: list[int] = []
    yard.told_hook = lambda: sizes.append(len(list((yard.directory / "files").glob("*"))))
    records = [Record(1, f"{n:032x}", 1.0, line + content, kind=ATTACHMENT) for n, content in enumerate(files)]
    yard.send(*(item for n, one in enumerate(records) for item in (one, record(n))), size=64 * SIZE)
    yard.run(made=read)
    stored = yard.store.attachments.of(1, [f"{1:032x}"])[f"{1:032x}"]
    contents = [(yard.directory / "files" / row.attachment_id).read_bytes() for row in stored]
    assert (contents, yard.sums()) == (files, (6, 6, 0))
    assert sizes[0] <= 4


def test_an_attachment_that_cannot_be_read_is_counted(yard: Yard) -> None:
    """It is no event: nothing lies in `dead/`, and those around it are stored."""
    yard.send(record(1), Record(1, "ab" * 16, 1.0, b"no line", kind=ATTACHMENT), record(2))
    yard.run(made=read)
    assert (yard.sums(), yard.store.facts.tallies().dropped) == ((2, 2, 0), {"attachment_failed": 1})


def test_a_poison_record_is_buried(yard: Yard) -> None:
    """A record that is no event lies in `dead/` with its body and a reason; those around it are stored."""
    yard.send(record(1), record(2, body=b"[1, 2]"), record(3))
    yard.run()
    assert yard.sums() == (2, 2, 1)
    (row,) = yard.store.batches.known_dead()
    assert yard.dead.read(row.dead.name) == record(2, body=b"[1, 2]")
    assert "object" in row.dead.reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RecursionError("too deep"), "RecursionError: too deep"),
        (KeyError("x" * 9000), "KeyError: 'xxx"),
        (ValueError("half \ud800"), "ValueError: half \\ud800"),
    ],
)
def test_a_bug_costs_its_record_only(yard: Yard, error: Exception, reason: str) -> None:
    """An error that digest does not know costs one record, in one batch with the others, and is short."""
    yard.send(*(record(n) for n in range(5)))
    yard.run(fails_at(3, error))
    assert yard.sums() == (4, 4, 1)
    assert yard.reasons()[0].startswith(reason)
    assert len(yard.reasons()[0]) < 600
    assert len(yard.told) == 1


def test_a_record_that_cannot_be_stored(yard: Yard) -> None:
    """A record of no known project is refused by the database: it is buried, the others are stored once."""
    yard.send(record(1), record(2, project_id=99), record(3), Drop("bad_key", 1, 1_800_000_000.0))
    yard.run()
    assert yard.sums() == (2, 2, 1)
    assert yard.reasons() == ["NotFound: There is no project 99."]
    assert yard.store.facts.tallies().dropped == {"bad_key": 1}


def test_a_bug_in_the_rules(yard: Yard) -> None:
    """When the rules fail for a batch, its records are stored each by itself."""

    def evaluate(happened: Sequence[Happened], _situation: Situation) -> Verdict:
        if len(happened) > 1:
            raise LookupError("rule")
        return Verdict([])

    yard.send(record(0), record(1), record(2))
    yard.run(evaluate=evaluate)
    assert yard.sums() == (3, 3, 0)


def test_a_bug_in_a_statement(yard: Yard) -> None:
    """A statement that the database can never run costs the records that need it, and is not tried for ever."""

    def evaluate(_happened: Sequence[Happened], _situation: Situation) -> Verdict:
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("SELECT colour FROM project")
        return Verdict([])

    yard.send(record(0), record(1))
    yard.run(evaluate=evaluate)
    assert yard.sums() == (0, 0, 2)
    assert yard.reasons()[0].startswith("OperationalError: no such table")


def test_damage_on_the_disk(yard: Yard) -> None:
    """Damaged bytes are buried, a torn end is counted as dropped, and the sum of all is what was accepted."""
    yard.send(record(1), record(2))
    (segment,) = yard.spool.glob("*.seg")
    data = bytearray(segment.read_bytes())
    data[HEAD_SIZE + 24] ^= 0xFF
    segment.write_bytes(bytes(data) + data[HEAD_SIZE : HEAD_SIZE + 24])
    assert yard.pending() == 2
    yard.run()
    assert yard.sums() == (1, 1, 1)
    assert yard.reasons()[0].startswith("Damaged on the disk: the checksum of")
    assert yard.store.facts.tallies().dropped == {"torn_tail": 1}


def test_a_locked_database_is_waited_for(yard: Yard) -> None:
    """While another program holds the database nothing is lost or released; afterwards the worker goes on by itself."""
    with closing(sqlite3.connect(yard.directory / "kaput.db", isolation_level=None)) as other, yard.working():
        other.execute("BEGIN EXCLUSIVE")
        yard.send(*(record(n) for n in range(10)))
        time.sleep(0.4)  # several attempts of the worker
        assert (yard.sums(), yard.pending(), len(yard.segments())) == ((0, 0, 0), 10, 1)
        other.execute("ROLLBACK")
        until(lambda: yard.sums() == (10, 10, 0))
        until(lambda: yard.segments() == [])


def test_a_worker_that_must_end_while_it_waits(yard: Yard) -> None:
    """Told to end while the database is locked, the worker leaves what it has read for the next one."""
    yard.send(*(record(n) for n in range(10)))
    with closing(sqlite3.connect(yard.directory / "kaput.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with yard.working():
            time.sleep(0.2)  # it has read and tries to commit
    assert (yard.pending(), len(yard.segments())) == (10, 1)
    yard.run()
    assert yard.sums() == (10, 10, 0)


def test_one_by_one_is_never_twice(yard: Yard) -> None:
    """A batch that is stored one by one, and meets a locked database half way, counts nothing twice."""
    bodies = [json.dumps({"exception": {"values": [{"type": f"Error{letter}"}]}}).encode() for letter in "abcdef"]
    yard.send(*(record(n, body=body) for n, body in enumerate(bodies)), record(9, project_id=99))
    lock = sqlite3.connect(yard.directory / "kaput.db", isolation_level=None, check_same_thread=False)
    unlock = threading.Timer(0.3, lock.execute, ("ROLLBACK",))  # several attempts of the worker

    def lock_half_way() -> None:
        if len(yard.told) == 3:
            lock.execute("BEGIN EXCLUSIVE")
            unlock.start()

    yard.told_hook = lock_half_way
    with closing(lock):
        yard.run()
        unlock.join()
    assert len(yard.told) == 6
    assert yard.sums() == (6, 6, 1)
    assert yard.store.facts.tallies().dropped == {}


def test_what_is_read_ahead_is_not_released(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that ends after its first batch leaves all that it read beyond it, though that stands in ended files."""
    monkeypatch.setattr(worker, "BATCH_SECONDS", 0.0)
    monkeypatch.setattr(worker, "READ_AT_ONCE", 4)
    stop = threading.Event()
    for first in (0, 4, 8):
        yard.send(*(record(n) for n in range(first, first + 4)))
    expected: list[list[int]] = []

    def expect(records: Sequence[Record]) -> None:
        expected.append([int(one.event_id, 16) for one in records])
        if len(expected) == 3:
            stop.set()

    with yard.working(expect=expect, stop=stop):
        until(stop.is_set)
    assert (yard.sums(), yard.pending(), len(yard.segments())) == ((4, 4, 0), 8, 2)
    assert expected[:3] == [[4, 5, 6, 7], [8, 9, 10, 11], []]
    yard.run()
    assert yard.sums() == (12, 12, 0)


def test_who_digests_ahead_is_told_for_how_long_a_batch_is_stored(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is before the batch is stored."""
    monkeypatch.setattr(worker, "BATCH_SECONDS", 0.0)
    monkeypatch.setattr(worker, "READ_AT_ONCE", 4)
    told: list[tuple[int, int]] = []
    for first in (0, 4):
        yard.send(*(record(n) for n in range(first, first + 4)))
    with yard.working(leave=lambda count: told.append((count, yard.sums()[0]))):
        until(lambda: yard.pending() == 0)
    assert told == [(4 // worker.STORED_IN_A_DIGEST, stored) for stored in (0, 4)]


def test_a_crash_between_commit_and_release(yard: Yard) -> None:
    """When the segment is still there after its commit, the next worker stores nothing twice and deletes it."""
    writer = SegmentWriter(yard.spool, SIZE, time.time)
    writer.note([Drop("bad_key", 1, 1_800_000_000.0)])
    writer.append([*(record(n) for n in range(4)), record(5, body=b"[]")]).result(60)
    with yard.working():
        until(lambda: yard.pending() == 0)
    assert len(yard.segments()) == len(yard.store.batches.positions()) == 1  # a living writer's is not released
    writer.close()
    yard.run()
    assert yard.sums() == (4, 4, 1)
    assert yard.store.facts.tallies().dropped == {"bad_key": 1}


def test_the_file_is_there_before_the_commit(yard: Yard) -> None:
    """While the database is locked, the dead record lies in its file already; the row follows."""
    with closing(sqlite3.connect(yard.directory / "kaput.db", isolation_level=None)) as other, yard.working():
        other.execute("BEGIN EXCLUSIVE")
        yard.send(record(1, body=b"[]"))
        until(lambda: list(yard.directory.glob("dead/*.dead")) != [])
        assert yard.store.batches.known_dead() == []
        other.execute("ROLLBACK")
        until(lambda: len(yard.store.batches.known_dead()) == 1)
    (row,) = yard.store.batches.known_dead()
    assert yard.dead.read(row.dead.name).event_id == f"{1:032x}"


def test_a_directory_that_takes_no_dead(yard: Yard) -> None:
    """When a dead record cannot be kept, the batch waits: it is not committed without it."""
    (yard.directory / "dead").write_text("in the way")
    yard.send(record(1), record(2, body=b"[]"))
    with yard.working():
        time.sleep(0.3)  # several attempts
        assert (yard.sums(), yard.pending()) == ((0, 0, 0), 2)
        (yard.directory / "dead").unlink()
        until(lambda: yard.sums() == (1, 1, 1))


def test_segments_go_while_records_keep_coming(yard: Yard) -> None:
    """Under load without a pause, segments that are done are deleted: the disk holds what waits and no more."""
    writer = SegmentWriter(yard.spool, 20_000, time.time)
    stop = threading.Event()

    def load() -> None:
        number = 0
        while not stop.is_set():
            writer.append([record(number, body=b'{"message": "' + b"x" * 900 + b'"}')]).result(60)
            number += 1

    def slow(given: Record) -> Digested:
        time.sleep(0.001)
        return digest(given)

    thread = threading.Thread(target=load)
    with yard.working(slow):
        thread.start()
        try:
            until(lambda: yard.store.events.last_row() > 200)
            first = min(yard.segments())
            assert "-000000" not in first
        finally:
            stop.set()
            thread.join()
    writer.close()


def feedback(event_id: str, number: int = 1) -> Record:
    """Makes the record of feedback on an event."""
    body = json.dumps({"event_id": event_id, "name": "Joe", "comments": "It broke."}).encode()
    return Record(1, f"{number:032x}", time.time(), body, kind=FEEDBACK)


def test_feedback_is_stored_and_no_event(yard: Yard) -> None:
    """Feedback that comes before its event is attached to it, and no count of events grows by it."""
    yard.send(feedback("ab" * 16), Record(1, "ab" * 16, time.time(), b'{"message":"x"}'))
    assert yard.pending() == 1
    yard.run(read)
    assert yard.sums() == (1, 1, 0)
    (said,) = yard.store.feedback.of_project(1, 9)
    assert (said.event_id, said.short_id, said.name, said.comments) == ("ab" * 16, "APP-1", "Joe", "It broke.")


def test_feedback_that_cannot_be_read_is_counted(yard: Yard) -> None:
    """It is left out under a reason of its own: `dead/` is for events."""
    bad = Record(1, f"{2:032x}", time.time(), b"[]", kind=FEEDBACK)
    yard.send(bad, feedback("ab" * 16))
    yard.run(read)
    assert (yard.sums(), yard.reasons()) == ((0, 0, 0), [])
    assert yard.store.facts.tallies().dropped == {"feedback_failed": 1}
    assert len(yard.store.feedback.of_project(1, 9)) == 1
