"""A disk that is full, in truth: a small one, filled by the load itself or by another program."""

import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from kaput.buffer.writer import SegmentWriter
from kaput.model import Record
from tests.live.load import Load
from tests.live.person import Person
from tests.live.server import Server, wait_for
from tests.live.volume import Volume, small_disk

SIZE = 48 * 1024**2
EMAIL, PASSWORD = "ada@example.org", "correct horse"
RECOVERY = 60.0
EXTRA = 2000  # bytes beside an exception, so that the clients alone do not fill the disk


@contextmanager
def crowded(folder: Path, **environment: str) -> Iterator[tuple[Volume, Server, Load]]:
    """Runs a server with an account on a small disk, its log too, and yields it with clients that wait to begin."""
    with small_disk(folder / "disk", SIZE) as volume:
        keep_all = {"KAPUT_RETENTION_EVENTS_PER_ISSUE": "0", "KAPUT_RETENTION_DISK": "0"}
        server = Server(volume.path / "data", keep_all | environment, log=volume.path / "log")
        server.start()
        try:
            server.shell("user", "add", EMAIL, "--admin", "--password-stdin", typed=PASSWORD)
            yield volume, server, Load(server.dsn, seed=1, extra=EXTRA)
        finally:
            server.stop()


def judge(server: Server, load: Load, dead: int) -> None:
    """Compares what was acknowledged with what is there."""
    stats = server.settle()
    stored = Counter(line["event_id"] for line in server.export())
    assert load.acknowledged - set(stored) == set()
    assert set(stored.values()) == {1}
    assert load.wrong == []
    assert stats["dead"] == dead
    assert stats["accepted"] == stats["digested"] + stats["dead"]
    with closing(sqlite3.connect(server.data / "kaput.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_disk_that_the_load_fills(tmp_path: Path) -> None:
    """Below KAPUT_MIN_FREE clients are told to come back and the page says so; with space again, events are taken."""
    with crowded(tmp_path, KAPUT_MIN_FREE="16MiB") as (volume, server, load):
        volume.fill(left=17 * 1024**2)
        with load.running(3):
            wait_for(lambda: load.answers[503] > 0, "the disk is nearly full and nobody was told")
            person = Person(server.address)
            assert "Clients are told to come back" in person.log_in(EMAIL, PASSWORD).text
            volume.empty()
            before = load.answers[200]
            wait_for(lambda: load.answers[200] > before, "nothing is taken again", RECOVERY)
            assert "Clients are told to come back" not in person.get("/server").text
        judge(server, load, dead=0)


def test_a_disk_that_fills_suddenly(tmp_path: Path) -> None:
    """Another program takes the last byte of a server that has work, and its processes are killed: nothing is lost."""
    with crowded(tmp_path, KAPUT_MIN_FREE="0") as (volume, server, load):
        with load.running(3):
            wait_for(lambda: server.stats()["issues"] > 0, "no event is digested")
            os.kill(server.pids["work"], signal.SIGSTOP)
            _bring_poison(server)
            before = len(load.acknowledged)
            wait_for(lambda: len(load.acknowledged) > before + 30, "no event is taken")
            volume.fill()
            os.kill(server.pids["work"], signal.SIGCONT)
            wait_for(lambda: load.answers[503] > 0, "the disk is full and nobody was told")
            _look_around(server)
            server.kill("work")
            server.kill("web")
            wait_for(server.ready, "the web process does not start on a full disk")
            volume.empty()
            before = len(load.acknowledged)
            wait_for(lambda: len(load.acknowledged) > before, "nothing is taken again", RECOVERY)
            wait_for(lambda: server.stats()["dead"] == 1, "nothing is digested again", RECOVERY)
        judge(server, load, dead=1)


def test_a_start_on_a_full_disk(tmp_path: Path) -> None:
    """When the database cannot even be opened, a start and the diagnosis say that the disk is full."""
    with crowded(tmp_path) as (volume, server, _):
        server.stop()
        with closing(sqlite3.connect(server.data / "kaput.db")) as database:
            # A server that was cut off leaves its log, and with that the database can be opened on any disk.
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        volume.fill()
        done = server.shell.process("serve", "--port", str(server.port))
        assert done.returncode == 1
        assert "The disk is full: make space there, and leave the file as it is." in done.stderr
        assert "The disk is full: make space there" in server.shell("check").stdout
        volume.empty()
        server.start()


def _bring_poison(server: Server) -> None:
    """Appends a record that cannot be digested."""
    writer = SegmentWriter(server.data / "spool", 1000, time.time)
    writer.append([Record(1, "0" * 32, time.time(), b"[1]")]).result()
    writer.close()


def _look_around(server: Server) -> None:
    """Does on a full disk what a person would do."""
    person = Person(server.address)
    page = person.log_in(EMAIL, PASSWORD)
    assert page.status == 200
    wait_for(lambda: "Clients are told to come back" in person.get("/server").text, "the page does not say so")
    for path in ("/issues", "/issues/APP-1", "/metrics", "/health/ready", "/health/live"):
        assert person.get(path).status == 200, path
    wait_for(lambda: _refused(person), "decisions are taken on a full disk")
    assert server.stats()["pending"] > 0
    assert "FAIL  disk: " in server.shell("check").stdout


def _refused(person: Person) -> bool:
    """Decides, and answers whether that was refused; the log of the database may have room for some decisions yet."""
    for decision in ("resolved", "unresolved"):
        answer = person.send("/issues/APP-1/decision", "/issues/APP-1", decision=decision)
        if answer.status == 503:
            assert answer.headers["Retry-After"] == "5"
            assert "the disk is full" in answer.text
            return True
        assert answer.status == 200
    return False
