"""The directory `dead/`: records that could not be digested, with the reason, until a person decides.

In: records, or bytes that were damaged on the disk. Out: one file each, durable before the batch is committed, and
records again for a retry. The roots make it; the worker gets `bury`.

A file is one line of JSON (`Header`) and the body as it was accepted, so that a person can read it. Its name is the
place in the buffer, so that a batch which is digested again after a crash writes the same file.
"""

import os
import re
from pathlib import Path

import msgspec
from msgspec import Struct

from kaput.errors import NotFound
from kaput.model import Dead, Record

SUFFIX = ".dead"
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}", re.ASCII)


class Header(Struct, frozen=True):
    """The first line of a file. `damaged`: the body is raw bytes of a segment and can not be tried again."""

    reason: str
    project_id: int
    event_id: str
    received: float
    client: str
    address: str
    damaged: bool


class DeadDirectory:
    """`dead/` as records by name."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def bury(self, name: str, content: Record | bytes, reason: str) -> Dead:
        """Writes a record, or damaged bytes, and returns what the store keeps of it; raises OSError."""
        damaged = isinstance(content, bytes)
        record = Record(0, "", 0.0, content) if isinstance(content, bytes) else content
        header = Header(
            reason, record.project_id, record.event_id, record.received, record.client, record.address, damaged
        )
        self._write(name, msgspec.json.encode(header) + b"\n" + record.body)
        return Dead(name, reason, record.project_id, record.event_id, record.received)

    def read(self, name: str) -> Record:
        """Returns a record for another try; raises NotFound when there is none that could be tried."""
        try:
            line, _, body = self._path(name).read_bytes().partition(b"\n")
            header = msgspec.json.decode(line, type=Header)
        except (OSError, msgspec.MsgspecError) as error:
            raise NotFound(f"The dead record {name} cannot be read: {error}. Drop it.") from error
        if header.damaged:
            raise NotFound(f"The dead record {name} was damaged on the disk and cannot be tried again. Drop it.")
        return Record(
            header.project_id, header.event_id, header.received, body, client=header.client, address=header.address
        )

    def remove(self, name: str) -> None:
        """Deletes a record's file; does nothing when it is gone; raises NotFound for what cannot be a name."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if NAME.fullmatch(name) is None:
            raise NotFound(f"{name!r} is no name of a dead record.")
        return self._directory / f"{name}{SUFFIX}"

    def _write(self, name: str, data: bytes) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(name)
        hidden = path.with_suffix(".new")
        with open(hidden, "wb", opener=_owner_only) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        hidden.rename(path)
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _owner_only(path: str, flags: int) -> int:
    """Opens a file for this user alone: a record holds the secrets that digest would have filtered."""
    return os.open(path, flags, 0o600)
