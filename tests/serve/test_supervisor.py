"""A real server as a process tree: what dies comes back, and what ends takes everything along."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from kaput.serve.supervisor import FIRST_PAUSE
from tests.processes import children, tree
from tests.stalls import Stopwatch

PATIENCE = 60.0


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


@dataclass
class Server:
    """A running `kaput serve`."""

    process: "subprocess.Popen[str]"
    data: Path
    address: str
    dsn: str

    def child(self, name: str) -> int:
        """Returns the process id of a child, once it is there."""
        found: list[int] = []

        def look() -> list[int]:
            found[:] = [
                pid
                for pid, command in tree(self.process.pid).items()
                if command.rstrip().endswith(f"kaput.serve.{name}")
            ]
            return found

        until(look)
        return found[0]

    def get(self, path: str, method: str = "GET", **headers: str) -> int:
        """Answers the status of a path."""
        request = urllib.request.Request(self.address + path, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def send(self, number: int, key: str = "") -> int:
        """Sends an event, and answers the status."""
        key = key or self.dsn.removeprefix("http://").partition("@")[0]
        request = urllib.request.Request(
            f"{self.address}/api/1/store/?sentry_key={key}",
            data=json.dumps({"event_id": f"{number:032x}", "message": "x"}).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def stored(self) -> list[int]:
        """Returns the numbers of the stored events."""
        with closing(sqlite3.connect(f"file:{self.data}/kaput.db?mode=ro", uri=True)) as connection:
            return sorted(int(raw.hex(), 16) for (raw,) in connection.execute("SELECT event_id FROM event"))


def command(data: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "kaput", "serve", "--data", str(data), *arguments]


def start(data: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Starts a server that is expected to end by itself."""
    return subprocess.run(command(data, *arguments), capture_output=True, text=True, timeout=PATIENCE, check=False)


@contextmanager
def running(data: Path, errors: Path) -> Iterator[Server]:
    with (
        errors.open("w") as stderr,
        subprocess.Popen(
            command(data, "--port", "0"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().rstrip("\n") for _ in range(3)]
            address = lines[0].removeprefix("Kaput is listening on ")
            assert lines[2].startswith(f"Set up your account: {address}/setup?token=")
            yield Server(process, data, address, lines[1].removeprefix("DSN: "))
        finally:
            pids = [pid for pid in tree(process.pid) if pid != process.pid]
            process.kill()
            until(lambda: not [pid for pid in pids if alive(pid)])


def alive(pid: int) -> bool:
    """Answers whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns where the servers of this file work, one after the other."""
    return tmp_path_factory.mktemp("server")


def test_children_that_die_come_back(template: Path) -> None:
    """Killed children are started again; clients wait meanwhile and are not refused; every event is stored once."""
    with running(template / "a", template / "errors") as server:
        for number, name in enumerate(("web", "work", "web"), 1):
            old = server.child(name)
            os.kill(old, signal.SIGKILL)
            assert server.send(number) == 200
            until(lambda old=old, name=name: server.child(name) != old)  # type: ignore[misc]
        until(lambda: server.stored() == [1, 2, 3])
        server.process.terminate()
        assert server.process.wait(PATIENCE) == 0
    told = (template / "errors").read_text().splitlines()
    assert [line for line in told if line.startswith("kaput: the ")] == [
        f"kaput: the {name} process ended; it is started again." for name in ("web", "work", "web")
    ]


def test_the_end_of_the_supervisor(template: Path) -> None:
    """When the supervisor is killed, its children end by themselves, also one that was started again."""
    with running(template / "a", template / "errors") as server:
        old = server.child("web")
        os.kill(old, signal.SIGKILL)
        until(lambda: server.child("web") != old)
        assert server.get("/health/ready") == 200
        pids = [pid for pid in tree(server.process.pid) if pid != server.process.pid]
        assert len(pids) == 2
        watch = Stopwatch()
        os.kill(server.process.pid, signal.SIGKILL)
        until(lambda: not [pid for pid in pids if alive(pid)])
        assert watch.seconds < 8


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all(template: Path, number: signal.Signals) -> None:
    """SIGTERM and SIGINT end every process soon, with exit code 0; what was refused just before is counted."""
    with running(template / "b", template / "errors") as server:
        assert server.send(1, key="0" * 32) in {401, 403}
        pids = list(tree(server.process.pid))
        watch = Stopwatch()
        server.process.send_signal(number)
        assert server.process.wait(PATIENCE) == 0
        assert watch.seconds < 8
        assert [pid for pid in pids if alive(pid)] == []
    done = subprocess.run(
        [sys.executable, "-m", "kaput", "stats", "--json", "--data", str(template / "b")],
        capture_output=True,
        text=True,
        check=True,
    )
    stats = json.loads(done.stdout)
    with running(template / "b", template / "errors") as server:
        until(lambda: list((template / "b" / "spool").glob("*.seg")) == [])
    with closing(sqlite3.connect(template / "b" / "kaput.db")) as connection:
        count = connection.execute("SELECT sum(count) FROM dropped").fetchone()[0]
    assert count == {signal.SIGTERM: 1, signal.SIGINT: 2}[number]
    assert stats["accepted"] == 0


def test_a_child_that_cannot_live_backs_off(template: Path) -> None:
    """A child that dies at once is tried again with growing pauses and not in a loop that eats the machine."""
    with running(template / "a", template / "errors") as server:
        secret = template / "a" / "secret.key"
        kept = secret.read_bytes()
        secret.write_bytes(b"")
        began = time.monotonic()
        os.kill(server.child("work"), signal.SIGKILL)
        until(lambda: (template / "errors").read_text().count("the work process ended") >= 5)
        assert time.monotonic() - began > sum(FIRST_PAUSE * 2**number for number in range(1, 5))
        secret.write_bytes(kept)
        assert server.send(77) == 200
        until(lambda: 77 in server.stored())


REQUESTS = {
    "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n": b"HTTP/1.1 200",
    "GET /login HTTP/1.1\r\nHost: <b>\r\n\r\n": b"HTTP/1.1 400",
    "nonsense\r\n\r\n": b"HTTP/1.1 400",
}


def test_doors_of_a_real_server(template: Path) -> None:
    """Health answers GET and HEAD; who asks for a websocket is answered like any other, and the log stays empty.

    A second server on the same directory is refused in one line that names the first.
    """
    with running(template / "a", template / "errors") as server:
        for door in ("/health/live", "/health/ready"):
            assert [server.get(door, method) for method in ("GET", "HEAD", "POST")] == [200, 200, 405]
        host, _, port = server.address.removeprefix("http://").rpartition(":")
        for request, wanted in REQUESTS.items():
            with socket.create_connection((host, int(port)), PATIENCE) as client:
                client.sendall(request.encode())
                assert client.recv(4096).startswith(wanted)
        done = start(template / "a", "--port", "0")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert f"process {server.process.pid}" in done.stderr
        assert server.get("/health/ready") == 200
    assert (template / "errors").read_text() == ""


def test_a_port_in_use(template: Path) -> None:
    """A taken port is told in one line with exit code 1, and no process is left."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = start(template / "c", "--port", port)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"port {port}" in done.stderr
    assert children().get(os.getpid(), []) == []


def test_a_database_that_cannot_be_used(template: Path) -> None:
    """Text in place of the database ends the start with one line and leaves no process."""
    data = template / "d"
    data.mkdir()
    (data / "kaput.db").write_text("no database at all\n" * 100)
    done = start(data, "--port", "0")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "kaput.db" in done.stderr
    assert children().get(os.getpid(), []) == []


def test_a_log_without_a_reader(template: Path) -> None:
    """When whoever read the log has gone, the supervisor still starts again what dies."""
    read, write = os.pipe()
    with subprocess.Popen(
        command(template / "a", "--port", "0"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=write,
        text=True,
    ) as process:
        os.close(write)
        os.close(read)
        assert process.stdout is not None
        try:
            address = process.stdout.readline().removeprefix("Kaput is listening on ").strip()
            server = Server(process, template / "a", address, "")
            old = server.child("work")
            os.kill(old, signal.SIGKILL)
            until(lambda: server.child("work") != old)
            process.terminate()
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
