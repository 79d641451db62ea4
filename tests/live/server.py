"""A whole Kaput server as a person starts it: `kaput serve` on a free port, in processes of its own."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.shell import Shell
from tests.processes import tree
from tests.stalls import Stopwatch

PATIENCE = 60.0
PORTS = range(10_000, 32_000)
PROGRAMS = Path(__file__).parent / "programs"


@dataclass
class Server:
    """One server and its data directory.

    Attributes:
        port: 0 until the first start, then the same at every start.
        ready_after: seconds from the last start to the first 200 of `/health/ready`, but for the machine's stalls.
        log: file for what it writes to its standard error; the test's own without one.
    """

    data: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    ready_after: float = 0.0
    process: "subprocess.Popen[str] | None" = None
    log: Path | None = None

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def shell(self) -> Shell:
        """The command line on this server's directory."""
        return Shell(self.data, dict(self.environment))

    @property
    def dsn(self) -> str:
        """The DSN of the first project, once the server has noted where it listens."""
        told = ""

        def noted() -> bool:
            nonlocal told
            told = self.shell("dsn").stdout.strip()
            return f":{self.port}/" in told

        wait_for(noted, "the address is not noted")
        return told

    @property
    def pids(self) -> dict[str, int]:
        """The processes of the tree: supervisor, web and work."""
        assert self.process is not None
        names = {"kaput.serve.web": "web", "kaput.serve.work": "work"}
        found = {"supervisor": self.process.pid}
        for pid, command in tree(self.process.pid).items():
            found |= {name: pid for module, name in names.items() if module in command}
        return found

    def start(self) -> None:
        """Starts it and waits until it is ready."""
        watch = Stopwatch()
        self.launch()
        wait_for(self.ready, f"{self.address} is not ready")
        self.ready_after = watch.seconds

    def launch(self) -> None:
        """Starts it."""
        self.port = self.port or free_port()
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.data), **self.environment}
        arguments = ["serve", "--data", str(self.data), "--port", str(self.port)]
        with self.log.open("a") if self.log else nullcontext() as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kaput", *arguments],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def ready(self) -> bool:
        """Answers whether `/health/ready` answers 200."""
        with suppress(OSError):
            return self.get("/health/ready")[0] == 200
        return False

    def get(self, path: str) -> tuple[int, str]:
        """Returns status and body of a GET."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def begin(self) -> list[str]:
        """Returns the three lines that a first start prints."""
        assert self.process is not None
        assert self.process.stdout is not None
        return [self.process.stdout.readline().strip() for _ in range(3)]

    def stats(self) -> dict[str, Any]:
        """Returns `kaput stats --json`."""
        found = self.shell.json("stats")
        assert isinstance(found, dict)
        return found

    def settle(self) -> dict[str, Any]:
        """Waits until everything that was accepted is visible, and returns the counts."""
        wait_for(lambda: self.stats()["pending"] == 0, "records are still pending")
        return self.stats()

    def export(self) -> list[dict[str, Any]]:
        """Returns what `kaput export` prints."""
        done = self.shell("export")
        assert (done.returncode, done.stderr) == (0, "")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def kill(self, name: str) -> None:
        """Kills one process of the tree with SIGKILL."""
        with suppress(ProcessLookupError, KeyError):
            os.kill(self.pids[name], signal.SIGKILL)

    def kill_all(self) -> None:
        """Kills the whole tree with SIGKILL, and waits until nothing of it listens any more."""
        assert self.process is not None
        # The supervisor stands still first: what it starts while they are listed would live on.
        os.kill(self.process.pid, signal.SIGSTOP)
        pids = tree(self.process.pid)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()
        wait_for(lambda: not any(lives(pid) for pid in pids), "a killed process lives")

    def stop(self) -> int:
        """Ends the server as an operator does, and returns its exit code."""
        assert self.process is not None
        pids = self.pids.values()
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "a process is left behind")
        return code


def lives(pid: int) -> bool:
    """Answers whether a process runs; one that is dead and not yet waited for does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    return False


def free_port() -> int:
    """Returns a port that nobody listens on now, of those that the system does not give to connections.

    A server that is away for a moment would else find its port taken by somebody's connection.
    """
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port


def wait_for(condition: Callable[[], bool], otherwise: str, seconds: float = PATIENCE) -> None:
    """Waits until a condition holds; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.01)


@contextmanager
def running(data: Path, **environment: str) -> Iterator[Server]:
    """Runs a server for as long as the block lasts."""
    server = Server(data, environment)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()


def run_program(name: str, *arguments: str, python: str = sys.executable) -> str:
    """Runs a client program of `programs/` to its end, and returns what it printed."""
    done = subprocess.run(
        [python, str(PROGRAMS / name), *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        cwd=PROGRAMS,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
