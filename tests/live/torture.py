"""Durability under torture: clients post without a pause while the server is killed and its files are damaged.

    python -m tests.live.torture --rounds 100 [--seed 1]

Each round does one harm (see `HARMS`), and the server starts again. At the end everything that was acknowledged is
compared with everything that is stored. What is done, and to which record, comes from the seed; when, also from the
machine. A failure prints the seed and what was done.
"""

import argparse
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaput.buffer.frames import HEAD_SIZE, Part, decode, decode_head, encode
from kaput.buffer.writer import salt_of
from kaput.model import EVENT, Record
from tests.live.load import Load
from tests.live.server import Server, wait_for

THREADS = 4
SETTINGS = {
    "KAPUT_SEGMENT_SIZE": "300kB",
    "KAPUT_RETENTION_EVENTS_PER_ISSUE": "0",
    "KAPUT_RETENTION_DISK": "0",
}
"""Many small segments, and nothing deleted that is to be compared."""

LEAST_WAITING = 6
LONGEST_PAUSE = 0.4


@dataclass(frozen=True)
class Segment:
    """A segment at rest, with the events in it that nobody digested yet and that were synced.

    Attributes:
        synced: how many bytes its writer knew to be on the disk.
        waiting: the frames of these events.
    """

    path: Path
    synced: int
    waiting: list[Part]

    @property
    def salt(self) -> int:
        """What its checksums begin with."""
        return salt_of(self.path.name)


@dataclass
class Torture:
    """One run.

    Attributes:
        harmed: segments that were damaged; none is damaged twice, so that it is known what must come of it.
        cost: ids of events that the damage may have cost.
        pieces: how many damaged pieces there must be in `dead/`.
        torn: how many torn ends must be counted.
        done: what was done.
    """

    server: Server
    load: Load
    choices: random.Random
    harmed: set[str] = field(default_factory=set)
    cost: set[str] = field(default_factory=set)
    pieces: int = 0
    torn: int = 0
    done: list[str] = field(default_factory=list)

    def run(self, rounds: int) -> dict[str, Any]:
        """Does the rounds and returns the counts of the end; raises AssertionError when a promise is broken."""
        with self.load.running(THREADS):
            for number in range(rounds):
                # Each harm comes once before chance decides.
                harm = list(HARMS)[number] if number < len(HARMS) else self.choices.choice(list(HARMS))
                self._wait_for_traffic()
                self.done.append(f"{number}: {harm}")
                HARMS[harm](self)
        return self._judge()

    def kill_one(self) -> None:
        """Kills web or worker; the supervisor starts it again."""
        self._pause()
        victim = self.choices.choice(["web", "work"])
        self.done.append(f"   {victim}")
        self.server.kill(victim)

    def kill_supervisor(self) -> None:
        """Kills the supervisor; the others end by themselves."""
        self._pause()
        self.server.kill("supervisor")
        self._reap()
        self.server.start()

    def kill_tree(self) -> None:
        """Kills all processes at once."""
        self._pause()
        self.server.kill_all()
        self.server.start()

    def kill_at_start(self) -> None:
        """Kills all processes, and again while they start."""
        self.server.kill_all()
        self.server.launch()
        self._pause()
        self.server.kill_all()
        self.server.start()

    def restart(self) -> None:
        """Ends and starts the server as an operator does."""
        self._pause()
        assert self.server.stop() == 0
        self.server.start()

    def tear(self) -> None:
        """Leaves half a frame at the end of a segment, as a power cut in mid write does."""

        def harm(segment: Segment) -> None:
            frame = encode(Record(1, "f" * 32, time.time(), b"{}" * self.choices.randint(1, 5000)), segment.salt)
            with segment.path.open("r+b") as file:
                file.truncate(segment.synced)
                file.seek(0, os.SEEK_END)
                file.write(frame[: self.choices.randint(1, len(frame) - 1)])
            self.torn += 1

        self._harm_at_rest(harm)

    def cut(self) -> None:
        """Truncates a segment in or before an event that was acknowledged, as a failing disk does."""

        def harm(segment: Segment) -> None:
            first = self.choices.choice(segment.waiting)
            os.truncate(segment.path, first.start + self.choices.choice([0, 1, 20]))
            self._lose(part for part in segment.waiting if part.start >= first.start)

        self._harm_at_rest(harm)

    def flip(self) -> None:
        """Changes one byte of an event that was acknowledged."""

        def harm(segment: Segment) -> None:
            part = self.choices.choice(segment.waiting)
            place = part.start + self.choices.choice([self.choices.randint(0, 15), self.choices.randint(0, 99)])
            data = bytearray(segment.path.read_bytes())
            data[place] ^= 1 << self.choices.randint(0, 7)
            segment.path.write_bytes(data)
            self._lose([part])

        self._harm_at_rest(harm)

    def litter(self) -> None:
        """Puts garbage between two frames: all events are still there."""

        def harm(segment: Segment) -> None:
            place = self.choices.choice(segment.waiting).start
            data = segment.path.read_bytes()
            segment.path.write_bytes(data[:place] + self.choices.randbytes(500) + data[place:])
            self._lose([])

        self._harm_at_rest(harm)

    def _harm_at_rest(self, harm: Callable[[Segment], None]) -> None:
        """Stops the worker until enough waits, kills all processes, damages one segment, starts again."""
        wait_for(lambda: "work" in self.server.pids, "there is no worker")
        with suppress(ProcessLookupError):
            os.kill(self.server.pids["work"], signal.SIGSTOP)
        with suppress(AssertionError):
            wait_for(lambda: self._fit(LEAST_WAITING) != [], "", seconds=10)
        self.server.kill_all()
        fit = self._fit(1)
        if fit:
            segment = self.choices.choice(fit)
            self.harmed.add(segment.path.name)
            self.done.append(f"   {segment.path.name} of {segment.path.stat().st_size} bytes")
            harm(segment)
        self.server.start()

    def _lose(self, parts: Any) -> None:
        self.pieces += 1
        lost = {part.content.event_id for part in parts}
        self.cost |= lost
        self.done.append(f"   costs {sorted(lost)}")

    def _fit(self, least: int) -> list[Segment]:
        """Returns segments that were not harmed and have enough that waits."""
        with closing(sqlite3.connect(self.server.data / "kaput.db", timeout=30)) as database:
            offsets = dict(database.execute("SELECT segment, offset FROM position"))
        paths = sorted((self.server.data / "spool").glob("*.seg"))
        found = [_segment(path, offsets.get(path.name, HEAD_SIZE)) for path in paths if path.name not in self.harmed]
        return [segment for segment in found if len(segment.waiting) >= least]

    def _wait_for_traffic(self) -> None:
        before = len(self.load.acknowledged)
        wait_for(lambda: len(self.load.acknowledged) > before + 10, "no event is taken")

    def _pause(self) -> None:
        time.sleep(self.choices.uniform(0, LONGEST_PAUSE))

    def _reap(self) -> None:
        assert self.server.process is not None
        self.server.process.wait()
        if self.server.process.stdout is not None:
            self.server.process.stdout.close()

    def _judge(self) -> dict[str, Any]:
        """Compares what was acknowledged with what is there."""
        stats = self.server.settle()
        stored = Counter(line["event_id"] for line in self.server.export())
        reasons = [row["reason"] for row in self.server.shell.json("dead", "list")]
        with closing(sqlite3.connect(self.server.data / "kaput.db")) as database:
            (integrity,) = database.execute("PRAGMA integrity_check").fetchone()
        lost = self.load.acknowledged - set(stored)
        dropped = stats["dropped"]
        assert lost <= self.cost, f"acknowledged and lost: {sorted(lost - self.cost)}"
        assert [event_id for event_id, count in stored.items() if count > 1] == [], "stored twice"
        assert self.load.wrong == []
        assert integrity == "ok"
        assert [reason for reason in reasons if not reason.startswith("Damaged on the disk")] == []
        assert len(reasons) == stats["dead"] == self.pieces, reasons
        assert dropped.get("torn_tail", 0) >= self.torn
        assert stats["events"] == len(stored)
        assert stats["digested"] == len(stored) + dropped.get("duplicate", 0)
        assert stats["accepted"] == stats["digested"] + stats["pending"] + stats["dead"]
        return {
            "acknowledged": len(self.load.acknowledged),
            "damaged": len(lost),
            "lost": 0,
            "twice": 0,
            "answers": dict(self.load.answers),
            **{name: stats[name] for name in ("accepted", "digested", "pending", "dead", "events", "dropped")},
        }


HARMS: dict[str, Callable[[Torture], None]] = {
    "kill_one": Torture.kill_one,
    "tear": Torture.tear,
    "flip": Torture.flip,
    "kill_tree": Torture.kill_tree,
    "cut": Torture.cut,
    "kill_supervisor": Torture.kill_supervisor,
    "litter": Torture.litter,
    "kill_at_start": Torture.kill_at_start,
    "restart": Torture.restart,
}


def torture(data: Path, rounds: int, seed: int) -> dict[str, Any]:
    """Runs a server in a directory through the rounds; raises AssertionError with the seed and what was done."""
    server = Server(data, SETTINGS)
    server.start()
    run = Torture(server, Load(server.dsn, seed), random.Random(seed))
    try:
        return run.run(rounds)
    except AssertionError as error:
        raise AssertionError("\n".join([f"{error}", f"seed {seed}", *run.done])) from error
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


def _segment(path: Path, offset: int) -> Segment:
    data, salt = path.read_bytes(), salt_of(path.name)
    synced = decode_head(data, salt) or 0
    begin = max(offset, HEAD_SIZE)
    parts = [
        Part(part.start + begin, part.end + begin, part.content)
        for part in decode(data[begin:synced], salt, finished=True)
        if isinstance(part.content, Record) and part.content.kind == EVENT
    ]
    return Segment(path, synced, parts)


def main() -> int:
    """Runs as the arguments say and prints the counts."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    given = arguments.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kaput-torture-") as folder:
        counts = torture(Path(folder), given.rounds, given.seed)
    counts = {"rounds": given.rounds, "seed": given.seed, "seconds": round(time.monotonic() - began)} | counts
    sys.stdout.write("".join(f"{name:14}{value}\n" for name, value in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
