"""How much memory the whole tree of processes holds: idle, and at most while it is loaded as fast as it takes.

The load are distinct events from 16 connections; the digest works beside, and dictionaries are trained. The floor is
uvicorn with one function, idle. Pages that processes share count for each of them.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bench.corpus import corpus
from benchmarks.bench.load import posting, seen
from benchmarks.bench.machine import machine
from benchmarks.bench.servers import Running, bare, kaput
from kaput.config import Settings
from kaput.installation import open_installation

EVENTS = 4000
SECONDS = 20
SETTLED = 3.0
GLANCE = 0.05


@dataclass
class Peak:
    """The largest number of bytes that was seen."""

    memory: int = 0


@contextmanager
def watching(server: Running) -> Iterator[Peak]:
    """Looks at a server's memory many times a second for as long as the block lasts."""
    peak, stopped = Peak(), threading.Event()

    def watch() -> None:
        while not stopped.wait(GLANCE):
            peak.memory = max(peak.memory, server.memory)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        stopped.set()
        thread.join()


def settled(server: Running) -> int:
    """Returns the bytes of a server that nobody asks anything."""
    time.sleep(SETTLED)
    return server.memory


def main() -> None:
    """Prints the machine and the figures."""
    print(machine())
    path = corpus(EVENTS)
    with bare() as server:
        floor = settled(server)
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with open_installation(Settings(data=data)) as installation:
            key = installation.store.projects.keys(1)[0].public
            with kaput(data) as server:
                idle = settled(server)
                with watching(server) as peak, posting(server.port, {1: key}, path, seconds=SECONDS) as wrk:
                    load = seen(wrk)
                after = settled(server)
            stored = installation.store.facts.tallies().events
    print(f"memory                   {load.rate:.0f} events/s for {SECONDS} s, {stored} stored meanwhile")
    print(f"{'uvicorn alone':<24} {floor / 1e6:>8.1f} MB")
    for name, memory in (("idle", idle), ("loaded, at most", peak.memory), ("after the load", after)):
        print(f"{name:<24} {memory / 1e6:>8.1f} MB   {memory / floor:.1f} of the floor")
    if load.refused:
        print(f"{load.refused} of {load.answers} events were refused, as they are when the backlog is full.")


if __name__ == "__main__":
    main()
