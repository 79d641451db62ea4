"""`kaput check`: each thing that can be wrong has its line, and a failure its exit code."""

import socket
import sqlite3
import threading
from contextlib import closing

from kaput.cli.findings import Verdict, clock_finding
from kaput.installation import Installation
from tests.cli.samples import START, Fill, digested
from tests.cli.shell import Shell


def _lines(shell: Shell, code: int, **environment: str) -> dict[str, str]:
    """Runs `check`, and returns its lines by what they are about."""
    done = shell("check", **environment)
    assert (done.returncode, done.stderr) == (code, "")
    lines = (line.split(None, 2) for line in done.stdout.splitlines())
    return {subject.rstrip(":"): f"{verdict} {rest}" for verdict, subject, rest in lines}


def test_a_sound_directory(shell: Shell) -> None:
    """A directory that nothing is wrong with has no FAIL; what is merely missing is warned of."""
    found = _lines(shell, 0)
    assert {subject: line.split()[0] for subject, line in found.items()} == {
        "user": "ok",
        "directory": "ok",
        "secret.key": "ok",
        "kaput.db": "ok",
        "disk": "ok",
        "database": "ok",
        "mail": "warn",
        "schema": "ok",
        "space": "ok",
        "backlog": "ok",
        "dead": "ok",
        "clock": "ok",
        "server": "warn",
    }
    assert "KAPUT_SMTP_HOST" in found["mail"]


def test_nothing_is_made(fresh: Shell) -> None:
    """On a directory that is not there, `check` warns and leaves it so."""
    assert _lines(fresh, 0)["directory"].startswith("warn")
    assert not fresh.data.exists()


def test_a_file_in_place_of_the_directory(fresh: Shell) -> None:
    """A data directory that is a file fails."""
    fresh.data.write_text("a file")
    assert _lines(fresh, 1)["directory"].startswith("FAIL")


def test_a_damaged_database(shell: Shell) -> None:
    """A file that is no database fails with the database's own words, and nothing is opened."""
    (shell.data / "kaput.db").write_bytes(b"not a database" * 1000)
    found = _lines(shell, 1)
    assert found["database"].startswith("FAIL")
    assert "file is not a database" in found["database"]
    assert "schema" not in found


def test_a_newer_database(shell: Shell) -> None:
    """A database from a newer version fails with what to do."""
    with closing(sqlite3.connect(shell.data / "kaput.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "newer version" in _lines(shell, 1)["opening"]


def test_a_key_that_others_can_read(shell: Shell) -> None:
    """A secret.key that others can read fails with the command that mends it."""
    (shell.data / "secret.key").chmod(0o644)
    assert _lines(shell, 1)["secret.key"] == f"FAIL others can read it; run: chmod 600 {shell.data / 'secret.key'}"


def test_a_full_disk(shell: Shell) -> None:
    """Less free space than KAPUT_MIN_FREE fails."""
    assert _lines(shell, 1, KAPUT_MIN_FREE="900000GB")["disk"].startswith("FAIL")


def test_a_server_that_hangs(shell: Shell, installation: Installation) -> None:
    """Something that takes connections and says nothing fails after some seconds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        installation.store.facts.set("address", address)
        assert _lines(shell, 1)["server"].startswith(f"FAIL {address} does not answer")


def test_another_server_at_the_address(shell: Shell, installation: Installation) -> None:
    """A server that is not Kaput, or not ready, fails with its status."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"http://127.0.0.1:{other.getsockname()[1]}"
        installation.store.facts.set("address", address)

        def answer() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\ndisk full")

        thread = threading.Thread(target=answer)
        thread.start()
        found = _lines(shell, 1)
        thread.join()
    assert found["server"] == f"FAIL {address} is not ready (503): disk full"


def test_clock(shell: Shell, fill: Fill) -> None:
    """An event that arrived in the future casts doubt on the clock."""
    fill(digested(10**9))
    assert _lines(shell, 0)["clock"].startswith("warn it went back")


def test_clock_that_was_never_set() -> None:
    """A clock before Kaput was made was never set."""
    assert clock_finding(lambda: 3600.0, 0.0).verdict is Verdict.FAIL
    assert clock_finding(lambda: START, START - 1).verdict is Verdict.OK


def test_a_directory_above_its_budget(shell: Shell, fill: Fill) -> None:
    """What the directory takes stands beside what it may take; too much is a warning."""
    fill(digested(1))
    found = _lines(shell, 0, KAPUT_RETENTION_DISK="10GB")["space"]
    assert found.startswith("ok")
    assert "of 10.0 GB (KAPUT_RETENTION_DISK); the oldest event is of 2026-09-21" in found
    assert "0 events were thinned out so far" in found
    assert _lines(shell, 0, KAPUT_RETENTION_DISK="10kB")["space"].startswith("warn")
    assert "without a limit" in _lines(shell, 0, KAPUT_RETENTION_DISK="0")["space"]
