"""Whether a full store digests as fast as an empty one: `python -m benchmarks.growth [EVENTS]`, a million by default.

The floor is an empty store in the same run, in turn with the full one: the same records, digested and committed. Both
know the issues of these records and have a dictionary before it begins. The full store is filled through the commit
of the worker, with distinct events of 10,000 issues and 50,000 users.
"""

import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from benchmarks.bench.machine import machine
from benchmarks.bench.stores import BATCH, file_bytes, new_store, records, write
from kaput.digest.record import digest
from kaput.model import Digested, Record, User
from kaput.store.base import Store

STORED = (100_000, 1_000_000)
CORPUS = 2000
ISSUES = 10_000
USERS = 50_000
MEASURED_ISSUES = 100
WARM = 1200
ROUNDS = 9


@dataclass(frozen=True)
class Pace:
    """Events per second, by the clock and by this process's CPU time."""

    wall: float
    cpu: float


class Source:
    """Makes distinct events of the corpus: each with an id, an issue and a user of its own choice."""

    def __init__(self) -> None:
        self.records = records(CORPUS)
        self.digested = [digest(record) for record in self.records]
        self._chance = random.Random(3)

    def any(self, count: int, issues: int) -> Iterator[Digested]:
        """Yields distinct events of so many issues."""
        for _ in range(count):
            yield self._placed(self._chance.choice(self.digested), issues)

    def pace(self, store: Store) -> Pace:
        """Measures one batch from its records to the commit."""
        taken = self._chance.sample(self.records, BATCH)
        wall, cpu = time.perf_counter(), time.process_time()
        items = [self._placed(digest(record), MEASURED_ISSUES) for record in self._renamed(taken)]
        write(store, items, tended=False)
        return Pace(BATCH / (time.perf_counter() - wall), BATCH / (time.process_time() - cpu))

    def _renamed(self, taken: Sequence[Record]) -> Iterator[Record]:
        return (replace(record, event_id=f"{self._chance.getrandbits(128):032x}") for record in taken)

    def _placed(self, item: Digested, issues: int) -> Digested:
        number = self._chance.randrange(issues)
        event = replace(
            item.event,
            event_id=f"{self._chance.getrandbits(128):032x}",
            user=User(id=f"u{self._chance.randrange(USERS)}"),
            timestamp=item.event.timestamp - self._chance.randrange(90 * 86_400),
        )
        # Spread over the hashes, as those of real issues are.
        name = f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
        return replace(item, event=event, grouping=replace(item.grouping, hashes=(name,)))


def fill(store: Store, source: Source, count: int) -> None:
    """Stores events up to a count, some thousands at a time."""
    events = source.any(count, ISSUES)
    while chunk := list(islice(events, 10 * BATCH)):
        write(store, chunk)


def compare(full: Store, source: Source, folder: Path) -> tuple[Pace, Pace]:
    """Measures an empty store and the full one in turn."""
    empty_paces, full_paces = [], []
    with new_store(folder / f"empty-{time.monotonic_ns()}.db") as empty:
        write(empty, list(source.any(WARM, MEASURED_ISSUES)))
        for _ in range(ROUNDS):
            empty_paces.append(source.pace(empty))
            full_paces.append(source.pace(full))
    return _median(empty_paces), _median(full_paces)


def _median(paces: Sequence[Pace]) -> Pace:
    return Pace(median(pace.wall for pace in paces), median(pace.cpu for pace in paces))


def main() -> None:
    """Prints the machine and the figures."""
    print(machine())
    most = int(sys.argv[1]) if len(sys.argv) > 1 else STORED[-1]
    source = Source()
    print(f"growth                   batches of {BATCH}, {ROUNDS} in turn; /s by the clock, then by CPU time")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "full.db"
        with new_store(path) as full:
            write(full, list(source.any(WARM, MEASURED_ISSUES)))
            stored = WARM
            for count in sorted({*(step for step in STORED if step < most), most}):
                fill(full, source, count - stored)
                stored = count
                floor, pace = compare(full, source, Path(folder))
                print(f"empty store              {floor.wall:>8.0f} /s {floor.cpu:>8.0f} /s")
                ratios = f"{pace.wall / floor.wall:.2f} and {pace.cpu / floor.cpu:.2f} of the floor"
                size = f"{file_bytes(path) / 1e6:.0f} MB"
                print(
                    f"{count:>9,} stored         {pace.wall:>8.0f} /s {pace.cpu:>8.0f} /s   {ratios}, {size}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
