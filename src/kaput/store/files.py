"""The directory `files/`: what clients attached, one file each, under names that are ours.

In: names of 32 hexadecimal digits and bytes. Out: files that are whole and durable, or not there. Imported by this
stage's files only. No name that a client gave ever reaches the file system.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from kaput.errors import NotFound

UNNAMED = ".new"
_NAME = re.compile(r"[0-9a-f]{32}")


class Room(Struct, frozen=True):
    """What the volume of the directory has: bytes that are free for this user, and all of its bytes."""

    free: int
    total: int


class Files:
    """`files/` as contents by name."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, name: str, content: bytes) -> None:
        """Makes the content durable under its name; a file that is there already is left as it is. Raises OSError."""
        path = self._path(name)
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.utime(path)  # young again, so that `sweep` leaves it alone until its row is there
        except FileNotFoundError:
            hidden = path.with_suffix(UNNAMED)
            with open(hidden, "wb", opener=owner_only) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            hidden.rename(path)
        self._sync()

    def open(self, name: str) -> BinaryIO:
        """Opens a file to be read; raises NotFound when it is gone."""
        try:
            return self._path(name).open("rb")
        except OSError as error:
            raise NotFound(f"The file of this attachment is gone: {error.strerror}.") from error

    def missing(self, name: str) -> bool:
        """Answers whether a file is gone."""
        return not self._path(name).is_file()

    def remove(self, names: Iterable[str]) -> None:
        """Deletes files; those that are gone already do no harm. Raises OSError."""
        for name in names:
            self._path(name).unlink(missing_ok=True)

    def older_than(self, time: float) -> list[str]:
        """Returns the names of the files that were written before a time, half-written ones too."""
        if not self._directory.is_dir():
            return []
        with os.scandir(self._directory) as entries:
            return [entry.name for entry in entries if _is_ours(entry.name) and _written(entry) < time]

    def room(self) -> Room:
        """Returns what the volume has."""
        disk = os.statvfs(self._directory if self._directory.is_dir() else self._directory.parent)
        return Room(disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize)

    def _path(self, name: str) -> Path:
        if not _is_ours(name):
            raise NotFound(f"{name[:100]!r} is no name of an attachment.")
        return self._directory / name

    def _sync(self) -> None:
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _is_ours(name: str) -> bool:
    return _NAME.fullmatch(name.removesuffix(UNNAMED)) is not None


def _written(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return float("inf")


def owner_only(path: str, flags: int) -> int:
    """Opens a file for this user alone, whatever the directory allows; one that is there keeps its mode."""
    return os.open(path, flags, 0o600)
