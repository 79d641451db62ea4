"""Connections to the SQLite file: one way to read, one way to write.

In: the path of the file. Out: connections within a transaction. Imported by this stage's files only.

WAL mode lets readers go on beside the one writer. A write begins with BEGIN IMMEDIATE, so that a transaction that read
first is never refused when it comes to write. `synchronous=FULL` because the worker deletes a segment of the buffer
after the commit that holds its events: that commit must be on the disk by then.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from kaput.errors import StoreUnavailable

BUSY_SECONDS = 5.0
CHUNK = 500
"""Values that one statement asks for; SQLite takes 32,766 at most, and older ones 999."""
WRITE_OPTION = "kaput_write"
PRIMARY = 0xFF
"""The part of SQLite's extended error codes that names the kind of error (https://sqlite.org/rescode.html)."""

DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_INTERRUPT,
    }
)
"""Errors of the disk, of other programs and of the machine, which end when their cause does."""

_Key = TypeVar("_Key", bound=tuple[Any, ...])


class Database:
    """The SQLite file as transactions."""

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self.engine = _engine(path, busy_seconds)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Opens a transaction that sees one state of the database; raises StoreUnavailable when it cannot be used."""
        with _translated(self.path), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, synced: bool = True) -> Iterator[Connection]:
        """Opens the one writing transaction; commits at the end; raises StoreUnavailable when it cannot be had.

        Args:
            synced: it is on the disk at the end. Else it is with the next one that is, and a power cut before may
                undo it: good for what would be done again.
        """
        writing = self.engine.execution_options(**{WRITE_OPTION: "FULL" if synced else "NORMAL"})
        with _translated(self.path), writing.begin() as connection:
            yield connection

    @contextmanager
    def raw(self) -> Iterator[sqlite3.Connection]:
        """Lends the driver's own connection, in no transaction, for what SQLite does in none or in one of its own."""
        with _translated(self.path):
            lent = self.engine.raw_connection()
            try:
                yield cast("sqlite3.Connection", lent.driver_connection)
            finally:
                lent.close()

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()


def _engine(path: Path, busy_seconds: float) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": busy_seconds})

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins no transactions: `begin` below does
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        synchronous = connection.get_execution_options().get(WRITE_OPTION)
        if synchronous is None:
            connection.exec_driver_sql("BEGIN")
            return
        connection.exec_driver_sql(f"PRAGMA synchronous={synchronous}")  # stays with the connection; each write sets it
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def look_up(connection: Connection, query: str, keys: Iterable[_Key]) -> dict[_Key, Any]:
    """Asks for one value by key, for many keys; returns those that are there.

    The driver is asked key by key: 5 us each. SQLAlchemy takes as long to write out one statement for all of them.

    Args:
        connection: within its transaction.
        query: SQL with a `?` for each part of a key; its first column is the value.
        keys: tuples.
    """
    return {key: row[0] for key, row in look_up_rows(connection, query, keys).items()}


def look_up_rows(connection: Connection, query: str, keys: Iterable[_Key]) -> dict[_Key, tuple[Any, ...]]:
    """Asks as `look_up` does, and returns all columns."""
    cursor = connection.connection.cursor()
    try:
        found = ((key, cursor.execute(query, key).fetchone()) for key in keys)
        return {key: row for key, row in found if row is not None}
    finally:
        cursor.close()


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:  # the driver's own comes from `look_up`
        told = _unavailable(path, error.orig if isinstance(error, DBAPIError) else error)
        if told is None:
            raise
        raise told from error


def _unavailable(path: Path, error: BaseException | None) -> StoreUnavailable | None:
    """Returns what to tell when the database cannot be used, None for any other error of the driver."""
    # What has no code of SQLite, or another one, is a bug: to try it again would be to try it for ever.
    code = getattr(error, "sqlite_errorcode", 0) & PRIMARY
    if code in PASSING:
        return StoreUnavailable(f"The database {path} cannot be used now: {error}. Try again in a moment.")
    if code in DAMAGED:
        return StoreUnavailable(f"The database {path} is damaged: {error}. Restore it from a backup.")
    return None
