"""The keys of a database, read without SQLAlchemy."""

import subprocess
import sys
from pathlib import Path

import pytest

from kaput.config import load
from kaput.errors import StoreUnavailable
from kaput.installation import open_installation
from kaput.store.keyring import Keyring


def test_the_same_keys_as_the_store_has(tmp_path: Path) -> None:
    """Each row is what the store itself returns, also after keys were added, limited and disabled."""
    with open_installation(load({"KAPUT_DATA": str(tmp_path)}, {}).settings) as installation:
        projects = installation.store.projects
        first = projects.keys()[0]
        projects.set_key_limit(projects.add_key(1, "second").id, 10, 60)
        projects.set_key_disabled(first.id, disabled=True)
        assert Keyring(tmp_path / "kaput.db").keys() == projects.keys()


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 100])
def test_no_database(tmp_path: Path, content: bytes | None) -> None:
    """Where there is none, or something else, that is an error which passes; nothing is made."""
    path = tmp_path / "kaput.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        Keyring(path).keys()
    assert path.exists() is (content is not None)


def test_what_takes_events_is_light() -> None:
    """A process that only takes events loads neither SQLAlchemy nor what the page and the digest need."""
    program = """
import sys
import flask_kaput.embedded.part
print([name for name in ("sqlalchemy", "alembic", "re2", "flask_login", "pygments", "argon2") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
