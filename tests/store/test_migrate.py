"""Migrations against the tables, and what a start can tell of a database."""

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from kaput.store import schema
from kaput.store.engine import Database
from kaput.store.migrate import MIGRATIONS, migrate
from kaput.store.revision import REVISIONS, Revision, read_revision


def test_the_migrations_make_the_tables_of_the_schema(path: Path) -> None:
    """A migrated database differs in nothing from the tables in schema.py."""
    database = Database(path)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    database.close()


def test_the_known_revisions_are_the_files() -> None:
    """revision.py names every migration, oldest first."""
    scripts = ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    assert list(REVISIONS) == [script.revision for script in scripts][::-1]


def test_a_new_database_gives_space_back(path: Path) -> None:
    """auto_vacuum is incremental, the journal is WAL, pages are large, and all that was set before the first table."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert connection.execute("PRAGMA page_size").fetchone() == (8192,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_nobody_else_reads_a_new_database(tmp_path: Path) -> None:
    """The database, what SQLite puts beside it and the lock are the owner's alone, whatever the directory allows."""
    tmp_path.chmod(0o755)
    path = tmp_path / "kaput.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE project SET name = name")
        modes = {file.name: oct(file.stat().st_mode & 0o777) for file in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("kaput.db", "kaput.db-wal", "kaput.db-shm", "migrate.lock"), "0o600")


def test_a_second_migration_changes_nothing(path: Path) -> None:
    """Projects and keys are made once."""
    with closing(sqlite3.connect(path)) as connection:
        before = connection.execute("SELECT public FROM project_key").fetchall()
        migrate(path)
        assert before == connection.execute("SELECT public FROM project_key").fetchall()


def test_a_start_tells_how_a_database_stands(path: Path, tmp_path: Path) -> None:
    """Missing, current, newer and foreign databases are told apart."""
    assert read_revision(tmp_path / "none.db") is Revision.MISSING
    assert read_revision(path) is Revision.CURRENT
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert read_revision(path) is Revision.NEWER
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE poems (line TEXT)")
    assert read_revision(tmp_path / "other.db") is Revision.FOREIGN
