"""How many events a second are accepted durably, against a bare application on the same server.

The floor reads the body and answers 200 without touching the disk. Kaput checks the key, decompresses, frames, checks
the syntax, appends and syncs before its 200. Both get the same load from the same tool on the same two cores; the
digest works beside, as in production. Runs in turn, medians.
"""

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.bench.corpus import corpus, read
from benchmarks.bench.load import Load, post
from benchmarks.bench.machine import machine
from benchmarks.bench.servers import bare, kaput
from kaput.config import Settings
from kaput.installation import open_installation

EVENTS = 2000
RUNS = 3
SECONDS = 10
CONNECTIONS = 128
"""With few of them all wait for the same sync, and the disk is measured."""


def floor(path: Path) -> Load:
    """Loads the bare application."""
    with bare() as server:
        return post(server.port, {1: "0" * 32}, path, seconds=SECONDS, connections=CONNECTIONS)


def durable(path: Path, data: Path) -> Load:
    """Loads Kaput on a new directory."""
    with open_installation(Settings(data=data)) as installation:
        key = installation.store.projects.keys(1)[0].public
    with kaput(data) as server:
        return post(server.port, {1: key}, path, seconds=SECONDS, connections=CONNECTIONS)


def main() -> None:
    """Prints the machine and the figures."""
    print(machine())
    path = corpus(EVENTS)
    sizes = [len(body) for body in read(path)]
    floors, rates = [], []
    with TemporaryDirectory() as folder:
        for run in range(RUNS):
            floors.append(floor(path).rate)
            load = durable(path, Path(folder) / str(run))
            if load.refused:
                raise SystemExit(f"{load.refused} of {load.answers} events were refused.")
            rates.append(load.rate)
    print(f"accept                   {EVENTS} distinct events, {sum(sizes) / len(sizes) / 1000:.1f} kB gzipped each")
    print(f"bare application         {median(floors):>8.0f} /s")
    print(f"durable                  {median(rates):>8.0f} /s   {median(rates) / median(floors):.2f} of the floor")


if __name__ == "__main__":
    main()
