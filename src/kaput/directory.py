"""The data directory: made, locked, and its database brought up to date.

In: settings. Out: a directory that the processes can work in; StartError with one line that says what to do.
The roots import it; it keeps to the standard library for a quick start.
"""

import contextlib
import fcntl
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from kaput.config import Settings
from kaput.errors import StartError
from kaput.store.revision import Revision, read_revision

LOCK = "kaput.lock"
SECRET = "secret.key"  # noqa: S105 - the name of a file
SECRET_BYTES = 32
LOCK_SECONDS = 10.0
LEAST_FREE = 1024**2
"""Bytes below which a disk counts as full, whatever is set: the database needs as much to begin anything."""


def make_directory(settings: Settings) -> None:
    """Makes the directory and what stands in it, readable by its owner only; raises StartError."""
    try:
        for path in (settings.data, settings.spool, settings.dead, settings.data / "files"):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_secret(settings.data / SECRET)
    except OSError as error:
        raise _unusable(settings, error) from error


def read_secret(settings: Settings) -> bytes:
    """Returns the installation's secret; raises StartError when it cannot be read."""
    path = settings.data / SECRET
    try:
        secret = path.read_bytes()
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror}. Let this user read it.") from error
    if len(secret) < SECRET_BYTES:
        raise StartError(f"{path} is damaged. Remove it: Kaput makes a new one, and everyone logs in again.")
    return secret


def migrate_database(settings: Settings) -> None:
    """Brings the database up to date, in a child process since that needs much memory; raises StartError."""
    path = settings.database
    try:
        revision = read_revision(path)
    except sqlite3.Error as error:
        raise StartError(f"{path} cannot be read: {error}. {way_out(path)}") from error
    if revision is Revision.NEWER:
        raise StartError(
            f"{path} was made by a newer version of Kaput. Install that version, or choose another --data."
        )
    if revision is Revision.FOREIGN:
        raise StartError(f"{path} is not a database of Kaput. Move it away, or choose another --data.")
    if revision is Revision.CURRENT:
        return
    command = [_python(), "-m", "kaput.store.migrate", str(path)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StartError(f"{path} cannot be brought up to date: {done.stderr.strip()}. Nothing in it was changed.")


def _python() -> str:
    """Returns the interpreter; a server that has Python inside gives its own program instead."""
    program = Path(sys.executable or "")
    return str(program if "python" in program.name else Path(sys.prefix) / "bin" / "python3")


def free_bytes(path: Path) -> int:
    """Returns the bytes that an ordinary user can still write on the disk of a path."""
    disk = os.statvfs(path)
    return disk.f_bavail * disk.f_frsize


def way_out(path: Path) -> str:
    """Returns what to do about a database that cannot be read: on a full disk SQLite cannot even open it."""
    if free_bytes(path.parent) < LEAST_FREE:
        return "The disk is full: make space there, and leave the file as it is."
    return "Move it away, or restore it from a backup."


def lock_directory(settings: Settings, seconds: float = LOCK_SECONDS) -> int:
    """Returns the open lock of the directory.

    The lock ends when all processes that have the file open are gone: after the supervisor was killed, a new one waits
    until the last of the old processes has ended.

    Raises:
        StartError: another server has it, after `seconds` of waiting for one that is ending.
    """
    fd = open_lock(settings)
    deadline = time.monotonic() + seconds
    while not take_lock(fd):
        holder = os.pread(fd, 20, 0).decode("ascii", "replace").strip()
        if _lives(holder) or time.monotonic() > deadline:
            os.close(fd)
            raise StartError(
                f"Another server (process {holder}) uses {settings.data}. Stop it, or choose another --data."
            )
        time.sleep(0.02)
    return fd


def open_lock(settings: Settings) -> int:
    """Opens the file of the lock; raises StartError."""
    try:
        return os.open(settings.data / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(settings, error) from error


def take_lock(fd: int) -> bool:
    """Answers whether the lock is ours now, without waiting; it is until the file is closed."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    with contextlib.suppress(OSError):  # a full disk has no room for it; it is for a message only
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
    return True


def _unusable(settings: Settings, error: OSError) -> StartError:
    return StartError(
        f"The directory {settings.data} cannot be used: {error.strerror}. "
        "Let this user write there, or choose another with --data."
    )


def _lives(holder: str) -> bool:
    if not holder.isdecimal():
        return False
    with contextlib.suppress(PermissionError):
        try:
            os.kill(int(holder), 0)
        except ProcessLookupError:
            return False
    return True


def _make_secret(path: Path) -> None:
    """Writes the secret once, whole or not at all, whoever is first."""
    if path.exists():
        return
    hidden = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
    fd = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, os.urandom(SECRET_BYTES))
        os.fsync(fd)
    finally:
        os.close(fd)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(hidden, path)
    finally:
        hidden.unlink()
