"""An event as it lies in the database: JSON, compressed by zstd, with a dictionary of its project if there is one.

In: events, rows. Out: bytes, and back. Imported by this stage's files only.

A dictionary holds what most events of a project have in common, so that a payload holds what is its own. Which one a
payload needs stands beside it, and not in it.
"""

import threading
from collections import OrderedDict
from typing import Any

import msgspec
import zstandard
from sqlalchemy import Connection, select

from kaput.errors import StoreUnavailable
from kaput.model import Event
from kaput.store import schema

LEVEL = 3
MOST_DICTIONARIES = 16
"""Kept in memory at a time, for reading and for writing: some 0.1 MB each for the one, 0.7 MB for the other."""

_NEWEST = "SELECT coalesce(max(id), 0) FROM dictionary"

_dictionary = schema.dictionary.c
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def compressor(dictionary: bytes | None = None) -> zstandard.ZstdCompressor:
    """Returns a compressor for payloads, for one thread; one with a dictionary holds 0.7 MB."""
    if dictionary is None:
        return zstandard.ZstdCompressor(level=LEVEL)
    return zstandard.ZstdCompressor(
        level=LEVEL, dict_data=zstandard.ZstdCompressionDict(dictionary), write_dict_id=False
    )


def shrink_dictionary(content: bytes) -> bytes:
    """Returns a dictionary as it lies in the database."""
    return zstandard.ZstdCompressor(level=LEVEL).compress(content)


def grow_dictionary(stored: bytes) -> bytes:
    """Returns the content of a dictionary as it lies in the database."""
    return zstandard.ZstdDecompressor().decompress(stored)


class Payloads:
    """Reads payloads; used by any thread. A new dictionary has a new id, so that what is kept here stays true."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._dictionaries: OrderedDict[int, zstandard.ZstdCompressionDict] = OrderedDict()

    def event(self, connection: Connection, row: Any) -> Event:
        """Returns the event of a row; `connection` is of the transaction that read it."""
        return _decoder.decode(self.text(connection, row))

    def text(self, connection: Connection, row: Any) -> bytes:
        """Returns the JSON of a row that has `dictionary_id` and `payload`."""
        if row.dictionary_id is None:
            return zstandard.ZstdDecompressor().decompress(row.payload)
        dictionary = self._dictionary(connection, row.dictionary_id)
        return zstandard.ZstdDecompressor(dict_data=dictionary).decompress(row.payload)

    def _dictionary(self, connection: Connection, dictionary_id: int) -> zstandard.ZstdCompressionDict:
        with self._lock:
            if dictionary_id in self._dictionaries:
                self._dictionaries.move_to_end(dictionary_id)
                return self._dictionaries[dictionary_id]
        query = select(_dictionary.content).where(_dictionary.id == dictionary_id)
        stored: bytes | None = connection.execute(query).scalar()
        if stored is None:
            raise StoreUnavailable(f"The dictionary {dictionary_id} of some events is gone. Restore a backup.")
        made = zstandard.ZstdCompressionDict(grow_dictionary(stored))
        with self._lock:
            self._dictionaries[dictionary_id] = made
            while len(self._dictionaries) > MOST_DICTIONARIES:
                self._dictionaries.popitem(last=False)
        return made


class Packing(msgspec.Struct, frozen=True):
    """How the payloads of a project are compressed now; `dictionary_id` and `ratio` are None without a dictionary.

    Attributes:
        ratio: bytes compressed to bytes of JSON, as it was when the dictionary was trained.
    """

    dictionary_id: int | None
    ratio: float | None
    compressor: zstandard.ZstdCompressor


class Packed(msgspec.Struct, frozen=True):
    """A payload, how it was compressed, and the bytes of JSON that it was."""

    packing: Packing
    raw: int
    payload: bytes


class Packings:
    """The newest dictionary of each project, ready to compress; used by one thread."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._newest = 0
        self._packings: OrderedDict[int, Packing] = OrderedDict()
        self._bare = Packing(None, None, compressor())

    def follow(self, connection: Connection) -> None:
        """Forgets all when there is a dictionary that was not there before; to be called in each transaction."""
        newest = connection.exec_driver_sql(_NEWEST).scalar_one()
        if newest != self._newest:
            self._newest = newest
            self._packings.clear()

    def pack(self, connection: Connection, project_id: int, event: Event, text: bytes = b"") -> Packed:
        """Compresses an event for a project; `text` is its JSON, when somebody has made it already."""
        packing = self._of(connection, project_id)
        if text:
            return Packed(packing, len(text), packing.compressor.compress(text))
        _encoder.encode_into(event, self._text)  # into the same bytes each time: a fifth faster
        return Packed(packing, len(self._text), packing.compressor.compress(self._text))

    def _of(self, connection: Connection, project_id: int) -> Packing:
        if project_id in self._packings:
            self._packings.move_to_end(project_id)
            return self._packings[project_id]
        packing = self._packings[project_id] = self._made(connection, project_id)
        while len(self._packings) > MOST_DICTIONARIES:
            self._packings.popitem(last=False)
        return packing

    def _made(self, connection: Connection, project_id: int) -> Packing:
        row = newest_dictionary(connection, project_id)
        if row is None:
            return self._bare
        return Packing(row.id, row.ratio, compressor(grow_dictionary(row.content)))


def newest_dictionary(connection: Connection, project_id: int) -> Any:
    """Returns the row of the dictionary that a project's payloads are compressed with now, or None."""
    query = select(schema.dictionary).where(_dictionary.project_id == project_id)
    return connection.execute(query.order_by(_dictionary.id.desc()).limit(1)).one_or_none()
