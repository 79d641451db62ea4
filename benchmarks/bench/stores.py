"""Stores to measure by themselves: new ones, and events on the way into them, without a server around."""

import gzip
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from benchmarks.bench.corpus import corpus, read
from kaput.model import Batch, Digested, Happened, Position, Record, Situation, Verdict
from kaput.store.base import Store
from kaput.store.database import open_store
from kaput.store.migrate import migrate

BATCH = 300


class _Id(msgspec.Struct):
    event_id: str


def records(count: int) -> list[Record]:
    """Returns the events of a corpus as the buffer hands them out."""
    bodies = [gzip.decompress(body).split(b"\n", 2)[2] for body in read(corpus(count))]
    ids = msgspec.json.Decoder(_Id)
    return [Record(1, ids.decode(body).event_id, time.time(), body) for body in bodies]


@contextmanager
def new_store(path: Path) -> Iterator[Store]:
    """Opens a store in a new file."""
    migrate(path)
    store = open_store(path, time.time)
    try:
        yield store
    finally:
        store.close()


def write(store: Store, items: Sequence[Digested], *, tended: bool = True) -> None:
    """Stores events in batches, as the worker does; `tended` as the thread beside it does."""
    for start in range(0, len(items), BATCH):
        batch = items[start : start + BATCH]
        store.batches.commit(Batch(list(batch), [], [], [Position("bench.seg", start)]), _nobody)
        while tended and store.dictionaries.tend():
            pass


def file_bytes(path: Path) -> int:
    """Returns the bytes of all pages of a database, free ones too."""
    with closing(sqlite3.connect(path)) as database:
        pages, size = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return int(pages * size)


def _nobody(_happened: Sequence[Happened], _situation: Situation) -> Verdict:
    return Verdict([])
