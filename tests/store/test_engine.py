"""The database as transactions: readers go on beside the writer, and faults are told as what they are."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from kaput.errors import StoreUnavailable
from kaput.store.base import Store
from kaput.store.engine import Database


def test_a_locked_database(store: Store, path: Path) -> None:
    """A write that another program's lock keeps off is unavailable, with the path; reading goes on."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked") as caught:
            store.facts.set("a", "b")
        assert str(path) in str(caught.value)
        assert store.facts.get("a") == ""
        other.execute("ROLLBACK")
    store.facts.set("a", "b")
    assert store.facts.get("a") == "b"


def test_a_damaged_database(path: Path) -> None:
    """A file that is no database any more is told to be damaged."""
    path.write_bytes(b"no database" * 1000)
    database = Database(path)
    with pytest.raises(StoreUnavailable, match="Restore"), database.read() as connection:
        connection.execute(text("SELECT * FROM project"))
    database.close()


def test_a_bug_is_no_database_that_is_away(path: Path) -> None:
    """A statement that can never work is not told as something to be tried again."""
    database = Database(path)

    def run(statement: str) -> None:
        with database.write() as connection:
            connection.execute(text(statement))

    with pytest.raises(OperationalError, match="no such column"):
        run("SELECT colour FROM project")
    with pytest.raises(OperationalError, match="syntax error"):
        run("SELECT FROM")
    with pytest.raises(IntegrityError):
        run("INSERT INTO fact VALUES ('a', 'b'), ('a', 'c')")
    database.close()


def test_a_database_that_may_not_grow(path: Path) -> None:
    """A database that is full is unavailable, and takes the same again when there is room."""
    database = Database(path)

    def grow() -> None:
        with database.write() as connection:
            connection.execute(text("INSERT INTO fact VALUES ('a', :value)"), {"value": "x" * 100_000})

    with database.read() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StoreUnavailable, match="full"):
        grow()
    with database.read() as connection:
        connection.execute(text("PRAGMA max_page_count = 1000000"))
    grow()
    database.close()


def test_what_a_database_promises(path: Path) -> None:
    """Foreign keys hold, commits are synced, and a failed write leaves nothing."""
    database = Database(path)
    with database.read() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"

    def write() -> None:
        with database.write() as connection:
            connection.execute(text("INSERT INTO fact VALUES ('kept', 'no')"))
            connection.execute(text("INSERT INTO member VALUES (98, 99)"))

    with pytest.raises(IntegrityError):
        write()
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM fact")).scalar() == 0
    database.close()


def test_a_reader_sees_one_state(path: Path) -> None:
    """What is committed while a reader looks comes with its next transaction, and it holds no writer up."""
    database = Database(path, 5)

    def write() -> None:
        with database.write() as connection:
            connection.execute(text("INSERT INTO fact VALUES ('a', 'b')"))

    count = text("SELECT count(*) FROM fact")
    with database.read() as connection:
        assert connection.execute(count).scalar() == 0
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(30)
        assert not thread.is_alive()
        assert connection.execute(count).scalar() == 0
    with database.read() as connection:
        assert connection.execute(count).scalar() == 1
    database.close()


def test_each_write_says_whether_it_is_synced(path: Path) -> None:
    """What must last is synced at its end, also on a connection that was used for what need not."""
    database = Database(path)
    found = []
    for synced in (True, False, True):
        with database.write(synced=synced) as connection:
            found.append(connection.exec_driver_sql("PRAGMA synchronous").scalar())
    database.close()
    assert found == [2, 1, 2]
