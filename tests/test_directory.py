"""The data directory: made once, locked by one server, and every fault told in one line with what to do."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from kaput.config import Settings
from kaput.directory import (
    LOCK,
    SECRET,
    SECRET_BYTES,
    lock_directory,
    make_directory,
    migrate_database,
    read_secret,
)
from kaput.errors import StartError
from kaput.installation import open_installation


def fault(action: Callable[[], object]) -> str:
    """Returns the message of the StartError that must come; it is one line with an end."""
    with pytest.raises(StartError) as caught:
        action()
    message = str(caught.value)
    assert "\n" not in message.strip()
    assert message.endswith(".")
    return message


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


def test_a_directory_is_the_owners_alone(settings: Settings) -> None:
    """All that is made is for this user only, whatever the umask, and making it again changes nothing."""
    before = os.umask(0)
    try:
        make_directory(settings)
    finally:
        os.umask(before)
    secret = read_secret(settings)
    make_directory(settings)
    assert read_secret(settings) == secret
    assert len(secret) == SECRET_BYTES
    made = {path.name: oct(path.stat().st_mode & 0o777) for path in settings.data.iterdir()}
    assert made == {"spool": "0o700", "dead": "0o700", "files": "0o700", SECRET: "0o600"}
    assert oct(settings.data.stat().st_mode & 0o777) == "0o700"


def test_the_secret_is_made_once(settings: Settings) -> None:
    """However many make the directory at once, all read the same secret, and nothing is left beside it."""
    barrier = threading.Barrier(8)

    def make(_number: int) -> bytes:
        barrier.wait()
        make_directory(settings)
        return read_secret(settings)

    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(make, range(8)))
    assert len(secrets) == 1
    assert [path.name for path in settings.data.glob(f"{SECRET}*")] == [SECRET]


@pytest.mark.parametrize("content", [b"", b"short"])
def test_a_damaged_secret(settings: Settings, content: bytes) -> None:
    """A secret that is too short to keep anything is not used."""
    make_directory(settings)
    (settings.data / SECRET).write_bytes(content)
    assert "Remove it" in fault(lambda: read_secret(settings))


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    """A path below a file, or a file itself, is told with the path and what to do."""
    (tmp_path / "file").write_text("")
    for data in (tmp_path / "file", tmp_path / "file" / "data"):
        message = fault(lambda data=data: make_directory(Settings(data=data)))  # type: ignore[misc]
        assert str(data) in message
        assert "--data" in message


def test_a_directory_that_cannot_be_locked(settings: Settings) -> None:
    """A lock that cannot be opened is told like any directory that cannot be used."""
    make_directory(settings)
    (settings.data / LOCK).mkdir()
    assert "--data" in fault(lambda: lock_directory(settings))


def test_another_server(settings: Settings) -> None:
    """A directory that a living process holds is refused at once, by its number; when it is gone, it is free."""
    make_directory(settings)
    program = (
        "import sys; from pathlib import Path; from kaput.config import Settings;"
        "from kaput.directory import lock_directory;"
        "lock_directory(Settings(data=Path(sys.argv[1]))); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(settings.data)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert f"process {other.pid}" in fault(lambda: lock_directory(settings))
        other.kill()
    os.close(lock_directory(settings))


def test_a_lock_of_children_that_are_ending(settings: Settings) -> None:
    """When the holder is dead and its children still have the lock, the next server waits for them."""
    make_directory(settings)
    held = lock_directory(settings)
    (settings.data / LOCK).write_text("999999999")  # no such process
    timer = threading.Timer(0.2, os.close, (held,))
    timer.start()
    os.close(lock_directory(settings))
    timer.join()
    held = lock_directory(settings)
    (settings.data / LOCK).write_text("999999999")
    assert "Stop it" in fault(lambda: lock_directory(settings, 0.1))
    os.close(held)


def test_databases_that_cannot_be_used(settings: Settings) -> None:
    """Text, another program's database, a damaged and a newer one are each told by path, and stay as they are."""
    make_directory(settings)
    path = settings.database
    path.write_text("these are not the bytes of a database, whatever its name says\n" * 100)
    assert "cannot be read" in fault(lambda: migrate_database(settings))
    path.unlink()
    path.mkdir()
    assert "cannot be read" in fault(lambda: migrate_database(settings))
    path.rmdir()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE poems (line TEXT)")
    before = path.read_bytes()
    assert "is not a database of Kaput" in fault(lambda: migrate_database(settings))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    assert "newer version" in fault(lambda: migrate_database(settings))
    path.write_bytes(before)
    assert str(path) in fault(lambda: migrate_database(settings))


def test_a_migration_that_fails(settings: Settings) -> None:
    """What stopped the migration is told in one line."""
    make_directory(settings)
    (settings.data / "migrate.lock").mkdir()
    message = fault(lambda: migrate_database(settings))
    assert "Is a directory" in message
    assert str(settings.database) in message


def test_many_open_a_new_directory_at_once(settings: Settings) -> None:
    """Whoever comes first makes it; all find the same projects and keys."""

    def look(_number: int) -> tuple[str, ...]:
        with open_installation(settings) as installation:
            keys = installation.store.projects.keys()
            return tuple(key.public for key in keys)

    with ThreadPoolExecutor(3) as pool:
        seen = set(pool.map(look, range(3)))
    assert len(seen) == 1
