"""Brings a database up to date and gives a new one its first projects; run in a child, for Alembic is large.

In: the path of the SQLite file, as the argument of `python -m kaput.store.migrate`. Out: the migrated file; a line on
stderr and exit code 1 when that fails. The roots start it, nobody imports it but its tests.
"""

import fcntl
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, func, select

from kaput.store import schema
from kaput.store.engine import Database
from kaput.store.files import owner_only
from kaput.store.projects import insert_project

MIGRATIONS = Path(__file__).parent / "migrations"
FIRST_PROJECT = "App"
INTERNAL_PROJECT = "Kaput"
BUSY_SECONDS = 30.0
PAGE_BYTES = 8192


def migrate(path: Path) -> None:
    """Runs all migrations that the database has not seen; several processes may call it at once."""
    with open(path.with_name("migrate.lock"), "w", opener=owner_only) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open(path, "ab", opener=owner_only):  # what SQLite puts beside it gets the mode of this file
            pass
        _set_modes(path)
        database = Database(path, BUSY_SECONDS)
        with database.write() as connection:
            command.upgrade(_config(connection), "head")
            _first_projects(connection)
        database.close()


def _set_modes(path: Path) -> None:
    """Sets what SQLite takes only before the first table: auto_vacuum first, then WAL (later it silently stays off).

    The pages are large because two events of 1.5 kB leave a quarter of a usual page empty.
    """
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
        connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("PRAGMA journal_mode=WAL")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _first_projects(connection: Connection) -> None:
    if not connection.execute(select(func.count()).select_from(schema.project)).scalar_one():
        now = time.time()
        insert_project(connection, FIRST_PROJECT, now)
        insert_project(connection, INTERNAL_PROJECT, now, internal=True)


def main() -> int:
    """Migrates the file named by the first argument."""
    try:
        migrate(Path(sys.argv[1]))
    except Exception as error:  # noqa: BLE001 - the parent shows this line, whatever went wrong
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
