"""How long a server takes from its start to its first 200, and how much memory it holds when nobody asks anything.

Run by `make bench`. The floor is the least that the same parts can do: uvicorn with one function, measured in the same
run on the same machine. Figures are medians of RUNS starts; the ratio to the floor says more than the figure.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.bench.machine import machine
from benchmarks.bench.servers import Running, bare, kaput

RUNS = 5
SETTLED = 2.0


@dataclass(frozen=True)
class Start:
    """One start: seconds to the first 200, and bytes held by the whole tree of processes when idle."""

    seconds: float
    memory: int


def measure(server: AbstractContextManager[Running]) -> Start:
    """Starts a server, lets it settle, and ends it."""
    with server as running:
        time.sleep(SETTLED)
        return Start(running.seconds, running.memory)


def several(run: Callable[[], Start]) -> Start:
    """Measures RUNS times and takes the medians."""
    starts = [run() for _ in range(RUNS)]
    return Start(median(start.seconds for start in starts), int(median(start.memory for start in starts)))


def line(name: str, start: Start, floor: Start) -> str:
    """Returns one row of the table."""
    return (
        f"{name:<24} {start.seconds * 1000:>8.0f} ms {start.seconds / floor.seconds:>6.1f} x"
        f" {start.memory / 1e6:>9.1f} MB {start.memory / floor.memory:>6.1f} x"
    )


def main() -> None:
    """Prints the machine and the table."""
    print(machine())
    with TemporaryDirectory() as folder:
        root = Path(folder)
        floor = several(lambda: measure(bare()))
        numbers = iter(range(RUNS))
        empty = several(lambda: measure(kaput(root / str(next(numbers)))))
        existing = several(lambda: measure(kaput(root / "0")))
    print(f"{'start':<24} {'first 200':>11} {'floor':>8} {'idle memory':>12} {'floor':>8}")
    print(line("uvicorn alone", floor, floor))
    print(line("kaput, empty directory", empty, floor))
    print(line("kaput, existing one", existing, floor))


if __name__ == "__main__":
    main()
