"""How many bytes of the database an event takes: all pages counted, with its indexes and counters.

The floor is a table with nothing but the id and the payload, compressed by zstd 3 with a dictionary of the same events.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import zstandard

from benchmarks.bench.machine import machine
from benchmarks.bench.stores import file_bytes, new_store, records, write
from kaput.digest.record import digest
from kaput.model import Digested

EVENTS = 4000
SAMPLES = 400
DICTIONARY_BYTES = 64 * 1024


def floor(texts: Sequence[bytes], path: Path) -> float:
    """Returns the bytes per event of the floor."""
    samples: list[bytes | bytearray | memoryview] = list(texts[:SAMPLES])
    dictionary = zstandard.train_dictionary(DICTIONARY_BYTES, samples)
    compressor = zstandard.ZstdCompressor(level=3, dict_data=dictionary)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA page_size=8192")
        database.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, payload BLOB)")
        rows = [(compressor.compress(text),) for text in texts]
        database.executemany("INSERT INTO event (payload) VALUES (?)", rows)
    return file_bytes(path) / len(texts)


def stored(items: Sequence[Digested], path: Path, *, tended: bool) -> tuple[float, list[float]]:
    """Returns the bytes per event, and those of each next quarter of the events."""
    steps = []
    with new_store(path) as store:
        before, quarter = file_bytes(path), len(items) // 4
        for start in range(0, len(items), quarter):
            write(store, items[start : start + quarter], tended=tended)
            after = file_bytes(path)
            steps.append((after - before) / quarter)
            before = after
    return file_bytes(path) / len(items), steps


def main() -> None:
    """Prints the machine and the figures."""
    print(machine())
    items = [digest(record) for record in records(EVENTS)]
    texts = [msgspec.json.encode(item.event) for item in items]
    with TemporaryDirectory() as folder:
        least = floor(texts, Path(folder) / "floor.db")
        figures = {
            "without a dictionary": stored(items, Path(folder) / "bare.db", tended=False),
            "with a dictionary": stored(items, Path(folder) / "kaput.db", tended=True),
        }
    print(f"size                     {EVENTS} distinct events, {sum(map(len, texts)) / len(texts) / 1000:.1f} kB each")
    print(f"payload alone            {least:>8.0f} bytes an event")
    for name, (size, steps) in figures.items():
        print(
            f"{name:<24} {size:>8.0f} bytes an event   {size / least:.2f} of the floor   last quarter {steps[-1]:.0f}"
        )


if __name__ == "__main__":
    main()
