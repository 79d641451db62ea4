"""The keys of a database, read without SQLAlchemy: a process that only takes events must not load it.

In: the path of the SQLite file. Out: keys. The standard library and the seam only; the roots import it.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from kaput.errors import StoreUnavailable
from kaput.store.base import KeyRow

SECONDS = 2.0
"""How long another program's lock is waited for."""

_QUERY = """
SELECT id, project_id, public, label, disabled, created, limit_events, limit_seconds FROM project_key ORDER BY id
"""


class Keyring:
    """The keys of all projects, each time as they are now."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keys(self) -> list[KeyRow]:
        """Returns all keys; raises StoreUnavailable when they cannot be read, as before the first start."""
        address = f"{self._path.absolute().as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=SECONDS)) as connection:
                rows = connection.execute(_QUERY).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(
                f"The keys in {self._path} cannot be read: {error}. Try again in a moment."
            ) from error
        return [
            KeyRow(i, project, key, label, bool(off), made, *limit)
            for i, project, key, label, off, made, *limit in rows
        ]
