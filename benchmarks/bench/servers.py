"""Servers to measure: Kaput as a person starts it, and the bare application that is the floor."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import socket

PATIENCE = 30.0
BARE = """
import sys, uvicorn
async def answer(scope, receive, send):
    if scope["type"] == "http":
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ready"})
uvicorn.run(answer, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", lifespan="off")
"""


@dataclass(frozen=True)
class Running:
    """A server that answers; `seconds` from its start to its first 200."""

    port: int
    pid: int
    seconds: float

    @property
    def memory(self) -> int:
        """Bytes that the whole tree of processes holds."""
        return sum(map(resident, tree(self.pid)))


@contextmanager
def bare() -> Iterator[Running]:
    """Runs the floor: the same server with a function that reads the body and answers 200."""
    port = free_port()
    with running([sys.executable, "-c", BARE, str(port)], port, os.environ) as server:
        yield server


@contextmanager
def kaput(data: Path, **settings: str) -> Iterator[Running]:
    """Runs `kaput serve` on a data directory."""
    port = free_port()
    command = [sys.executable, "-m", "kaput", "serve", "--port", str(port)]
    with running(command, port, {**os.environ, "KAPUT_DATA": str(data), **settings}) as server:
        yield server


@contextmanager
def running(command: Sequence[str], port: int, environment: Mapping[str, str]) -> Iterator[Running]:
    """Starts a server, waits for its first 200, and ends it with the block."""
    begin = time.perf_counter()
    with subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL) as process:
        try:
            while not answers(port):
                if process.poll() is not None or time.perf_counter() - begin > PATIENCE:
                    raise SystemExit(f"{' '.join(command[:4])} did not become ready.")
                time.sleep(0.002)
            yield Running(port, process.pid, time.perf_counter() - begin)
        finally:
            process.terminate()


def answers(port: int) -> bool:
    """Tells whether `/health/ready` is answered with 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def free_port() -> int:
    """Returns a port that nobody uses now."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tree(pid: int) -> list[int]:
    """Returns a process and all that it started, directly or not."""
    children = [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return [pid, *(descendant for child in children for descendant in tree(child))]


def resident(pid: int) -> int:
    """Returns the bytes of memory that a process holds, shared pages too."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
