"""Whether a full store digests as fast as an empty one: `python -m benchmarks.growth [EVENTS]`, a million by default.

The floor is a store with 3,000 events in the same run, in turn with the full one: each time a batch of the same corpus,
digested and committed. Both know the issues of the batch and have a dictionary. The full store is filled through the
commit of the worker, with distinct events of 10,000 issues and 50,000 users, in bursts of 100 issues.
"""

import gc
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from benchmarks.bench.machine import machine
from benchmarks.bench.stores import BATCH, file_bytes, new_store, records, write
from kaput.digest.record import digest
from kaput.model import Digested, User
from kaput.store.base import Store

STORED = (100_000, 1_000_000)
CORPUS = 2000
GROUPS = 100
IN_GROUP = 100
USERS = 50_000
BURST = 3000
ROUNDS = 15


@dataclass(frozen=True)
class Pace:
    """Events per second, by the clock and by this process's CPU time."""

    wall: float
    cpu: float


class Source:
    """Makes distinct events of the corpus: each with an id and a user of its own, and an issue of a group."""

    def __init__(self) -> None:
        self._records = records(CORPUS)
        self._digested = [digest(record) for record in self._records]
        self._chance = random.Random(3)

    def burst(self, group: int) -> list[Digested]:
        """Makes distinct events of a group of issues."""
        return [self._placed(item, group) for item in self._chance.choices(self._digested, k=BURST)]

    def pace(self, store: Store, group: int) -> Pace:
        """Measures one batch of a group, from its records to the commit."""
        taken = self._chance.sample(self._records, BATCH)
        wall, cpu = time.perf_counter(), time.process_time()
        write(store, [self._placed(digest(record), group) for record in taken], tended=False)
        return Pace(BATCH / (time.perf_counter() - wall), BATCH / (time.process_time() - cpu))

    def _placed(self, item: Digested, group: int) -> Digested:
        number = group * IN_GROUP + self._chance.randrange(IN_GROUP)
        event = replace(
            item.event,
            event_id=f"{self._chance.getrandbits(128):032x}",
            user=User(id=f"u{self._chance.randrange(USERS)}"),
            timestamp=item.event.timestamp - self._chance.randrange(90 * 86_400),
        )
        # Spread over the hashes, as those of real issues are.
        name = f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
        return replace(item, event=event, grouping=replace(item.grouping, hashes=(name,)))


def fill(store: Store, source: Source, bursts: range) -> None:
    """Stores bursts, each of the next group of issues."""
    for burst in bursts:
        write(store, source.burst(burst % GROUPS))


def compare(full: Store, source: Source, bursts: int, folder: Path) -> tuple[Pace, Pace]:
    """Measures an empty store and the full one in turn, each with issues that it knows."""
    empty_paces, full_paces = [], []
    with new_store(folder / f"empty-{bursts}.db") as empty:
        fill(empty, source, range(1))
        for round_ in range(ROUNDS):
            empty_paces.append(source.pace(empty, 0))
            full_paces.append(source.pace(full, round_ * 7 % min(bursts, GROUPS)))
    return _median(empty_paces), _median(full_paces)


def _median(paces: Sequence[Pace]) -> Pace:
    return Pace(median(pace.wall for pace in paces), median(pace.cpu for pace in paces))


def main() -> None:
    """Prints the machine and the figures."""
    print(machine())
    most = int(sys.argv[1]) if len(sys.argv) > 1 else STORED[-1]
    source = Source()
    gc.freeze()  # the work process does so too; what the corpus holds would be looked at again and again
    print(f"growth                   batches of {BATCH}, {ROUNDS} in turn; /s by the clock, then by CPU time")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "full.db"
        with new_store(path) as full:
            done = 0
            for count in sorted({*(step for step in STORED if step < most), most}):
                bursts = -(-count // BURST)
                fill(full, source, range(done, bursts))
                done = bursts
                floor, pace = compare(full, source, bursts, Path(folder))
                print(f"empty store              {floor.wall:>8.0f} /s {floor.cpu:>8.0f} /s")
                ratios = f"{pace.wall / floor.wall:.2f} and {pace.cpu / floor.cpu:.2f} of the floor"
                size = f"{file_bytes(path) / 1e6:.0f} MB"
                print(
                    f"{count:>9,} stored         {pace.wall:>8.0f} /s {pace.cpu:>8.0f} /s   {ratios}, {size}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
