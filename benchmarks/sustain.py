"""How many events a second go the whole way: accepted, scrubbed, grouped, counted, alerted and visible.

The floor is one thread that takes the same bytes through gunzip, msgspec decode and encode, zstd 3 with a dictionary
and a batched SQLite insert, and does nothing else. For Kaput the time goes from the first post to the moment when
everything is visible, on two cores shared with the load.
"""

import gzip
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec
import zstandard
from isal import igzip

from benchmarks.bench.corpus import corpus, read
from benchmarks.bench.load import posting
from benchmarks.bench.machine import machine
from benchmarks.bench.servers import kaput
from kaput.config import Settings
from kaput.installation import open_installation

EVENTS = 10_000
"""So many that the start of a second process and the first dictionary take little of the time."""
RUNS = 3
BATCH = 500
PATIENCE = 60
SAMPLES = 400


def floor(bodies: list[bytes], path: Path) -> float:
    """Returns the events per second of the floor."""
    raw: list[bytes | bytearray | memoryview] = [gzip.decompress(body).split(b"\n", 2)[2] for body in bodies[:SAMPLES]]
    dictionary = zstandard.train_dictionary(64 * 1024, raw)
    compressor = zstandard.ZstdCompressor(level=3, dict_data=dictionary)
    unpack: Callable[[bytes], bytes] = igzip.decompress
    decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, event_id BLOB, payload BLOB)")
        begin = time.perf_counter()
        for start in range(0, len(bodies), BATCH):
            rows = []
            for body in bodies[start : start + BATCH]:
                event = decode(unpack(body).split(b"\n", 2)[2])
                rows.append((bytes.fromhex(event["event_id"]), compressor.compress(encode(event))))
            with database:
                database.executemany("INSERT INTO event (event_id, payload) VALUES (?, ?)", rows)
        return len(bodies) / (time.perf_counter() - begin)


def sustained(path: Path, data: Path, count: int) -> float:
    """Returns the events per second from the first post until all are visible."""
    settings = Settings(data=data)
    with open_installation(settings) as installation:
        key = installation.store.projects.keys(1)[0].public
        with kaput(data) as server:
            begin = time.perf_counter()
            with posting(server.port, {1: key}, path, seconds=PATIENCE, limit=count):
                # Not `read_stats`: it reads all that waits, and would take a part of the time that it measures.
                while (events := installation.store.facts.tallies().events) < count:
                    if time.perf_counter() - begin > PATIENCE:
                        raise SystemExit(f"Not everything became visible: {events} of {count} events.")
                    time.sleep(0.05)
            return events / (time.perf_counter() - begin)


def main() -> None:
    """Prints the machine and the figures."""
    print(machine())
    path = corpus(EVENTS)
    bodies = read(path)
    unpacked = sum(len(gzip.decompress(body)) for body in bodies[:SAMPLES]) / SAMPLES
    floors, rates = [], []
    with TemporaryDirectory() as folder:
        for run in range(RUNS):
            floors.append(floor(bodies, Path(folder) / f"{run}.db"))
            rates.append(sustained(path, Path(folder) / str(run), EVENTS))
    print(f"sustain                  {EVENTS} distinct events, {unpacked / 1000:.1f} kB each")
    print(f"one thread, no more      {median(floors):>8.0f} /s")
    print(f"whole way                {median(rates):>8.0f} /s   {median(rates) / median(floors):.2f} of the floor")


if __name__ == "__main__":
    main()
