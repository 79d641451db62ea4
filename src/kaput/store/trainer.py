"""Trains the dictionaries that payloads are compressed with, and packs again what came before the first one.

In: what the worker wrote (`store/drift.py`). Out: dictionaries, smaller payloads. Handed out as
`store.base.Dictionaries`; used by one thread, beside the worker's.

A dictionary is never changed: a better one is another row, and events are read with the one that they name. An old one
is deleted when no event names it. Each step is one transaction, so that a kill at any moment leaves events that can be
read.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any

import zstandard
from sqlalchemy import Connection, Row, Select, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from kaput.model import Clock
from kaput.store import schema
from kaput.store.drift import Drift
from kaput.store.engine import CHUNK, Database
from kaput.store.payload import (
    Payloads,
    compressor,
    grow_dictionary,
    newest_dictionary,
    shrink_dictionary,
)

DICTIONARY_BYTES = 64 * 1024
PART = 8
"""A dictionary has at most this part of the bytes that it learned from."""
SAMPLE_BYTES = 8 * 1024 * 1024
FEWEST_SAMPLES = 10
TEST_EVERY = 5
"""One sample of so many is not learned from; it says what the dictionary is worth."""
WORTH = 0.95
"""At most what a new dictionary may take of the bytes that it would take without."""
REPACKED_AT_ONCE = 50
SWEEP_SECONDS = 86_400

_SHRINK_ISSUE = "UPDATE issue SET kept_bytes = kept_bytes - ? WHERE id = ?"

_log = logging.getLogger(__name__)
_event = schema.event.c
_dictionary = schema.dictionary.c


class Trainer:
    """Implements `kaput.store.base.Dictionaries`."""

    def __init__(self, database: Database, clock: Clock, drift: Drift, payloads: Payloads) -> None:
        self._database = database
        self._clock = clock
        self._drift = drift
        self._payloads = payloads
        self._repacking: int | None = None
        self._swept_at = 0.0

    def wait(self, seconds: float) -> None:
        """See `kaput.store.base.Dictionaries.wait`."""
        self._drift.wait(seconds)

    def wake(self) -> None:
        """See `kaput.store.base.Dictionaries.wake`."""
        self._drift.wake()

    def tend(self) -> bool:
        """See `kaput.store.base.Dictionaries.tend`."""
        if self._repacking is not None:
            if not self._repack(self._repacking):
                self._repacking = None
            return True
        if due := self._drift.next():
            project_id, rows = due
            if self._train(project_id, rows):
                self._repacking = project_id
            return True
        if abs(self._clock() - self._swept_at) > SWEEP_SECONDS:
            self._sweep()
            self._swept_at = self._clock()
        return False

    def _train(self, project_id: int, rows: Sequence[int]) -> bool:
        """Trains a dictionary for a project if it is worth having; answers whether it has its first one now."""
        with self._database.read() as connection:
            samples = self._samples(connection, rows)
            before = newest_dictionary(connection, project_id)
        learned = [sample for at, sample in enumerate(samples) if at % TEST_EVERY]
        tested = samples[::TEST_EVERY]
        content = train(learned)
        if content is None:
            return False
        size = _packed(tested, content)
        if size > WORTH * _packed(tested, grow_dictionary(before.content) if before else None):
            return False
        with self._database.write() as connection:
            self._insert(connection, project_id, content, size / sum(map(len, tested)))
        # Only with the first: `_unused` looks for the events of a later one behind the one before it.
        return before is None

    def _samples(self, connection: Connection, rows: Sequence[int]) -> list[bytes]:
        samples: list[bytes] = []
        room = SAMPLE_BYTES
        for start in range(0, len(rows), REPACKED_AT_ONCE):
            for row in connection.execute(_payloads(rows[start : start + REPACKED_AT_ONCE])):
                samples.append(self._payloads.text(connection, row))
                room -= len(samples[-1])
            if room < 0:
                break
        return samples

    def _insert(self, connection: Connection, project_id: int, content: bytes, ratio: float) -> None:
        last_row = connection.execute(select(func.coalesce(func.max(_event.id), 0))).scalar_one()
        connection.execute(
            insert(schema.dictionary).values(
                project_id=project_id,
                content=shrink_dictionary(content),
                ratio=ratio,
                last_row=last_row,
                created=self._clock(),
            )
        )

    def _repack(self, project_id: int) -> bool:
        """Packs some events with the newest dictionary; False when none is left.

        They are read in the transaction that writes them: what was deleted meanwhile is not there.
        """
        rows = self._drift.bare(project_id, REPACKED_AT_ONCE)
        if not rows:
            return False
        with self._database.write() as connection:
            newest = newest_dictionary(connection, project_id)
            pack = compressor(grow_dictionary(newest.content)).compress
            query = select(schema.event).where(_event.id.in_(rows), _event.dictionary_id.is_(None))
            bare = connection.execute(query.order_by(_event.id)).all()
            packed = [
                {**row._mapping, "dictionary_id": newest.id, "payload": pack(self._payloads.text(connection, row))}
                for row in bare
            ]
            if packed:
                _replace(connection, bare, packed)
        return True

    def _sweep(self) -> None:
        """Deletes the dictionaries that are not the newest of their project and that no event names."""
        with self._database.read() as connection:
            unused = list(_unused(connection))
        for start in range(0, len(unused), CHUNK):
            with self._database.write() as connection:
                old = _dictionary.id.in_(unused[start : start + CHUNK])
                connection.execute(delete(schema.dictionary).where(old))


def train(samples: Sequence[bytes]) -> bytes | None:
    """Returns a dictionary of what the samples have in common, or None when they are too few or too small."""
    if len(samples) < FEWEST_SAMPLES:
        return None
    size = min(DICTIONARY_BYTES, sum(map(len, samples)) // PART)
    try:
        return zstandard.train_dictionary(size, list(samples)).as_bytes()
    except zstandard.ZstdError as error:  # zstd's own idea of too little
        _log.info("No dictionary came of %d samples: %s", len(samples), error)
        return None


def _packed(samples: Sequence[bytes], dictionary: bytes | None) -> int:
    pack = compressor(dictionary).compress
    return sum(len(pack(sample)) for sample in samples)


def _replace(connection: Connection, before: Sequence[Row[Any]], after: Sequence[dict[str, Any]]) -> None:
    """Writes events anew: deleted and inserted, since SQLite does not fill pages again from which only bytes went."""
    connection.execute(delete(schema.event).where(_event.id.in_([row.id for row in before])))
    connection.execute(insert(schema.event), after)
    saved: Counter[int] = Counter()
    for old, new in zip(before, after, strict=True):
        saved[old.issue_id] += len(old.payload) - len(new["payload"])
    connection.exec_driver_sql(_SHRINK_ISSUE, [(size, issue_id) for issue_id, size in saved.items()])


def _payloads(rows: Sequence[int]) -> Select[Any]:
    return select(_event.id, _event.dictionary_id, _event.payload).where(_event.id.in_(rows))


def _unused(connection: Connection) -> Iterator[int]:
    """Yields the dictionaries that were followed by another and that no event names any more."""
    columns = (_dictionary.id, _dictionary.project_id, _dictionary.last_row)
    query = select(*columns).order_by(_dictionary.project_id, _dictionary.id)
    for _, group in groupby(connection.execute(query).all(), key=lambda row: row.project_id):
        first = 0
        for old, new in pairwise(group):
            # Written between the two; with the first one, what came before it was packed again.
            written = (_event.id > first, _event.id <= new.last_row, _event.dictionary_id == old.id)
            if connection.execute(select(_event.id).where(*written).limit(1)).first() is None:
                yield old.id
            first = new.last_row
