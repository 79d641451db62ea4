"""How long a server takes from its start to its first 200, and how much memory it holds when nobody asks anything.

Run by `make bench`. The floor is the least that the same parts can do: uvicorn with one function, measured in the same
run on the same machine. Figures are medians of RUNS starts; the ratio to the floor says more than the figure.
"""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from importlib.metadata import version
from pathlib import Path
from socket import socket
from statistics import median
from tempfile import TemporaryDirectory

RUNS = 5
PATIENCE = 30.0
SETTLED = 2.0
PARTS = ("kaput", "uvicorn", "uvloop", "flask", "sqlalchemy", "msgspec")
BARE = """
import sys, uvicorn
async def answer(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ready"})
uvicorn.run(answer, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", lifespan="off")
"""


@dataclass(frozen=True)
class Start:
    """One start: seconds to the first 200, and bytes held by the whole tree of processes when idle."""

    seconds: float
    memory: int


def free_port() -> int:
    """Returns a port that nobody uses now."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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


def measure(command: Sequence[str], port: int, environment: Mapping[str, str]) -> Start:
    """Starts a server, waits for its first 200, lets it settle, and ends it."""
    begin = time.perf_counter()
    with subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL) as process:
        try:
            while not answers(port):
                if process.poll() is not None or time.perf_counter() - begin > PATIENCE:
                    raise SystemExit(f"{' '.join(command[:4])} did not become ready.")
                time.sleep(0.002)
            seconds = time.perf_counter() - begin
            time.sleep(SETTLED)
            return Start(seconds, sum(map(resident, tree(process.pid))))
        finally:
            process.terminate()


def bare() -> Start:
    """Measures the floor."""
    port = free_port()
    return measure([sys.executable, "-c", BARE, str(port)], port, os.environ)


def kaput(data: Path) -> Start:
    """Measures `kaput serve` on a data directory."""
    port = free_port()
    command = [sys.executable, "-m", "kaput", "serve", "--port", str(port)]
    return measure(command, port, {**os.environ, "KAPUT_DATA": str(data)})


def several(run: Callable[[], Start]) -> Start:
    """Measures RUNS times and takes the medians."""
    starts = [run() for _ in range(RUNS)]
    return Start(median(start.seconds for start in starts), int(median(start.memory for start in starts)))


def machine() -> str:
    """Names what this was measured on and with."""
    model = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "")
    parts = ", ".join(f"{name} {version(name)}" for name in PARTS)
    return (
        f"{os.cpu_count()} x {model.partition(':')[2].strip() or platform.machine()}, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}\n{parts}"
    )


def line(name: str, start: Start, floor: Start) -> str:
    """Returns one row of the table."""
    return (
        f"{name:<24} {start.seconds * 1000:>8.0f} ms {start.seconds / floor.seconds:>6.1f} x"
        f" {start.memory / 1e6:>9.1f} MB {start.memory / floor.memory:>6.1f} x"
    )


def main() -> None:
    """Prints the machine and the table."""
    print(machine())
    with TemporaryDirectory() as folder:
        root = Path(folder)
        floor = several(bare)
        numbers = iter(range(RUNS))
        empty = several(lambda: kaput(root / str(next(numbers))))
        existing = several(lambda: kaput(root / "0"))
    print(f"{'start':<24} {'first 200':>11} {'floor':>8} {'idle memory':>12} {'floor':>8}")
    print(line("uvicorn alone", floor, floor))
    print(line("kaput, empty directory", empty, floor))
    print(line("kaput, existing one", existing, floor))


if __name__ == "__main__":
    main()
