"""A database as the first start makes it: made once for all tests of a run, since Alembic takes a while."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from kaput.store.migrate import migrate


@cache
def _made() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "kaput.db"
        migrate(path)
        return path.read_bytes()


def migrated(path: Path) -> Path:
    """Puts such a database at a path, and returns the path."""
    path.write_bytes(_made())
    return path
