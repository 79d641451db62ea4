"""The watch with a real worker, buffer and database, and a clock that is set: a failed run is told exactly once."""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from kaput.accept import check_in
from kaput.buffer.reader import SegmentReader
from kaput.buffer.writer import SegmentWriter
from kaput.config import Settings
from kaput.digest.dead import DeadDirectory
from kaput.digest.record import read
from kaput.digest.worker import BATCH_SECONDS, READ_AT_ONCE, Worker
from kaput.installation import Installation, open_installation
from kaput.model import CHECK_IN, Digest, Record
from kaput.serve import watch as watching
from kaput.serve.watch import MOST_MONITORS, TOO_MANY, Watch
from kaput.store.base import Status
from kaput.tell.rules import evaluate
from tests.clock import SettableClock

PATIENCE = 60.0
EVERY_MINUTE = {"schedule": {"type": "interval", "value": 1, "unit": "minute"}, "checkin_margin": 1, "max_runtime": 5}


@dataclass
class Yard:
    """An installation whose clock is set, and a worker that is started and ended."""

    installation: Installation
    clock: SettableClock
    sent: int = 0
    told: list[int] = field(default_factory=list)
    digest: Digest = read

    def send(self, slug: str = "report", status: str = "ok", count: int = 1) -> None:
        """Appends check-ins, one for each job when there are several."""
        settings = self.installation.settings
        writer = SegmentWriter(settings.spool, settings.segment_size, time.time)
        for number in range(count):
            self.sent += 1
            name = f"{slug}-{number}" if count > 1 else slug
            said = {"monitor_slug": name, "status": status, "monitor_config": EVERY_MINUTE}
            body = check_in.of_item(json.dumps(said).encode())
            writer.append([Record(1, f"{self.sent:032x}", self.clock.now, body, kind=CHECK_IN)]).result(60)
        writer.close()

    def work(self, done: Callable[[], bool]) -> None:
        """Runs a worker, as a process after a restart, until something is so."""
        stop, settings, store = threading.Event(), self.installation.settings, self.installation.store
        source = SegmentReader(settings.spool, store.batches.positions())
        worker = Worker(
            source=source,
            batches=store.batches,
            digest=self.digest,
            evaluate=evaluate,
            bury=DeadDirectory(settings.dead).bury,
            told=lambda: self.told.append(1),
            watch=Watch(store.monitors, self.clock),
            clock=self.clock,
        )
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        deadline = time.monotonic() + PATIENCE
        while not done() and time.monotonic() < deadline:
            time.sleep(0.005)
        stop.set()
        source.wake()
        thread.join(PATIENCE)
        source.close()
        assert done()

    def settle(self) -> None:
        """Digests what waits, and lets the clock say what it has to say."""
        store = self.installation.store
        self.work(
            lambda: (
                not any(self.installation.settings.spool.glob("*.seg")) and not store.monitors.due(self.clock.now, 1)
            )
        )

    def slowly(self, record: Record) -> Any:
        """Digests so slowly that a batch is what is read at once."""
        time.sleep(2 * BATCH_SECONDS / READ_AT_ONCE)
        return read(record)

    @property
    def words(self) -> list[str]:
        """What was told, oldest first."""
        return [
            payload["logentry"]["formatted"] for _, payload in self.installation.store.events.export(1, payload=True)
        ]

    def sums(self) -> tuple[int, int, int, int]:
        """Returns accepted, digested, events, notices to be sent."""
        stats = self.installation.read_stats()
        assert stats.accepted == stats.digested + stats.pending + stats.dead
        return stats.accepted, stats.digested, stats.events, stats.notices["pending"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a data directory as the first start makes it; to be copied."""
    data = tmp_path_factory.mktemp("template") / "data"
    with open_installation(Settings(data=data)):
        return data


@pytest.fixture
def yard(tmp_path: Path, template: Path) -> Iterator[Yard]:
    clock = SettableClock()
    with open_installation(Settings(data=copytree(template, tmp_path / "data")), clock) as installation:
        installation.store.accounts.add("dev@example.org", "correct horse battery", admin=True)
        yield Yard(installation, clock)


def test_a_failed_run_is_an_issue_and_a_notice(yard: Yard) -> None:
    """A failure is an event like any other: counted, in an issue, with a notice; check-ins are not counted."""
    yard.send()
    yard.settle()
    assert yard.sums() == (0, 0, 0, 0)
    yard.send(status="error")
    yard.settle()
    assert yard.sums() == (1, 1, 1, 1)
    (row,) = yard.installation.store.monitors.all(None, 9)
    assert (row.short_id, row.monitor.failing, len(row.runs)) == ("APP-1", True, 2)
    assert yard.told


def test_a_missed_run_is_told_once_whoever_restarts(yard: Yard) -> None:
    """The clock finds the missed run; a worker that starts again does not find it again."""
    yard.send()
    yard.settle()
    yard.clock.now += 119
    yard.settle()
    assert yard.words == []
    yard.clock.now += 1
    for _ in range(3):
        yard.settle()
    assert len(yard.words) == 1
    assert "missed its run" in yard.words[0]
    assert yard.sums() == (1, 1, 1, 1)


def test_down_time_costs_one_report(yard: Yard) -> None:
    """After a day without Kaput each monitor has one missed run, and the check-ins that waited come first."""
    yard.send(count=3)
    yard.settle()
    yard.clock.now += 86_400
    yard.send("report-1")
    yard.settle()
    assert sorted(words.split()[2] for words in yard.words) == ["report-0", "report-1", "report-2"]
    states = {row.monitor.slug: row.monitor.status for row in yard.installation.store.monitors.all(None, 1)}
    assert states == {"report-0": "missed", "report-1": "ok", "report-2": "missed"}


def test_a_good_run_resolves_and_the_next_failure_is_a_regression(yard: Yard) -> None:
    """Kaput resolves the issue by itself; after that a failure makes a second notice."""
    for status in ("error", "ok"):
        yard.clock.now += 1
        yard.send(status=status)
        yard.settle()
    issue = yard.installation.store.issues.get("APP-1")
    assert issue.status is Status.RESOLVED
    yard.clock.now += 1
    yard.send(status="error")
    yard.settle()
    assert yard.installation.store.issues.get("APP-1").regressed
    assert yard.sums() == (2, 2, 2, 2)


def test_nothing_is_told_before_it_is_stored(yard: Yard) -> None:
    """While another program holds the database nothing is half done; then the run is told once."""
    yard.send()
    yard.settle()
    yard.clock.now += 300
    with closing(sqlite3.connect(yard.installation.settings.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.5, lambda: None)
        timer.start()
        yard.work(lambda: not timer.is_alive())
        assert (yard.words, yard.told) == ([], [])
        other.execute("ROLLBACK")
    yard.settle()
    assert len(yard.words) == 1
    assert yard.sums() == (1, 1, 1, 1)


def test_a_worker_that_is_behind_does_not_cry(yard: Yard) -> None:
    """While old check-ins are read, a newer one that waits may be the one that is missing."""
    yard.send()
    yard.settle()
    yard.clock.now += 30
    for _ in range(READ_AT_ONCE):
        yard.send("other")
    yard.send()
    yard.clock.now += 105
    yard.digest = yard.slowly
    yard.settle()
    assert yard.words == []
    yard.clock.now += 30
    yard.settle()
    assert {words.split()[2] for words in yard.words} == {"report", "other"}


def test_jobs_are_bounded(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit of a project new jobs are left out and counted; those that are known go on."""
    assert MOST_MONITORS == 500
    monkeypatch.setattr(watching, "MOST_MONITORS", 3)
    yard.send(count=5)
    yard.send("report-0")
    yard.settle()
    assert len(yard.installation.store.monitors.all(None, 1)) == 3
    assert yard.installation.read_stats().dropped == {TOO_MANY: 2}
    assert len(yard.installation.store.monitors.all(None, 9)[0].runs) == 2
