"""Which migrations a database has seen, told without SQLAlchemy or Alembic: a start must be quick.

In: the path of the SQLite file. Out: a `Revision`. The standard library only; the roots import it.
"""

import sqlite3
from contextlib import closing
from enum import StrEnum
from pathlib import Path

REVISIONS = ("0001",)
"""All migrations, oldest first; a test holds them against the files in `migrations/versions/`."""


class Revision(StrEnum):
    """How a database stands to this version of Kaput."""

    MISSING = "missing"
    OLD = "old"
    CURRENT = "current"
    NEWER = "newer"
    FOREIGN = "foreign"


def read_revision(path: Path) -> Revision:
    """Returns how the database stands; raises `sqlite3.Error` when the file is none or cannot be read."""
    if not path.exists() or path.stat().st_size == 0:
        return Revision.MISSING
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "alembic_version" not in tables:
            return Revision.FOREIGN if tables else Revision.MISSING
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        return Revision.OLD
    if row[0] == REVISIONS[-1]:
        return Revision.CURRENT
    return Revision.OLD if row[0] in REVISIONS else Revision.NEWER
