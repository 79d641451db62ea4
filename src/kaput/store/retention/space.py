"""Pages of the database that hold nothing, given back to the disk.

In: the open database. Out: a smaller file. `sweep.py` imports it.

`incremental_vacuum` moves the last pages of the file into the holes. The driver runs it to its end through
`executescript` only; `execute` steps it once, which frees one page.
"""

import os
from contextlib import suppress
from pathlib import Path

from kaput.store.base import Pages
from kaput.store.engine import Database

LARGEST_LOG = 16 * 1024**2
"""Bytes above which the write-ahead log is cut although nothing was given back."""


def count_pages(database: Database) -> Pages:
    """Returns how many pages the file has, and how many of them hold nothing."""
    with database.read() as connection:
        names = ("freelist_count", "page_count", "page_size")
        free, total, size = (connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names)
    return Pages(free=free, total=total, size=size, log=log_size(database.path))


def free_pages(database: Database, count: int) -> None:
    """Takes that many pages out of the file; it shrinks when the write-ahead log is written back."""
    with database.raw() as driver:
        driver.executescript(f"PRAGMA incremental_vacuum({int(count)})")


def cut_log(database: Database) -> bool:
    """Writes the write-ahead log back and empties it; waits for nobody, and answers whether it could."""
    with database.raw() as driver:
        (wait,) = driver.execute("PRAGMA busy_timeout").fetchone()
        driver.execute("PRAGMA busy_timeout = 0")
        try:
            # What can be written back without the lock is, so that the cut holds it only for the rest.
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            driver.execute(f"PRAGMA busy_timeout = {int(wait)}")
    return not busy


def sync_log(path: Path) -> None:
    """Brings what was committed to the disk."""
    with suppress(FileNotFoundError):
        log = os.open(path.with_name(f"{path.name}-wal"), os.O_RDONLY)
        try:
            os.fdatasync(log)
        finally:
            os.close(log)


def log_size(path: Path) -> int:
    """Returns the bytes of the write-ahead log of a database."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size
    except FileNotFoundError:
        return 0
