"""What the Flask extension costs a request that goes well, against none, and one that fails, against `sentry_sdk.init`.

The two that report have equal options, as far as both have them; `bench/shop.py` sets them, and the output names them.
Three applications run side by side, each under gunicorn with one worker of four threads, and are asked in turn over one
connection each; so whatever else the machine does meets all three. Both reporters send to the same server, a bare one.
"""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from benchmarks.bench.machine import machine
from benchmarks.bench.servers import bare, free_port
from benchmarks.bench.shop import EQUAL, RECORDS

REPORTERS = ("nobody", "sentry", "kaput")
ROUNDS, REQUESTS = 15, 40
PATHS = ("/empty", "/5ms", "/talk", "/fail")
PATIENCE = 30.0


@contextmanager
def shop(reporter: str, folder: Path, port_of_server: int) -> Iterator[http.client.HTTPConnection]:
    """Runs the application with one reporter, and gives a connection to it."""
    port = free_port()
    dsn = f"http://{'0' * 32}@127.0.0.1:{port_of_server}/1"
    options = ["--bind", f"127.0.0.1:{port}", "--threads", "4", "--no-control-socket", "--keep-alive", "60"]
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        *options,
        f"benchmarks.bench.shop:create({reporter!r}, {dsn!r}, {str(folder)!r})",
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            _wait(connection)
            yield connection
        finally:
            connection.close()
            process.terminate()


def _wait(connection: http.client.HTTPConnection) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            ask(connection, "/empty")
        except (OSError, http.client.HTTPException):
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def ask(connection: http.client.HTTPConnection, path: str) -> float:
    """Returns the seconds that one request takes."""
    began = time.perf_counter()
    connection.request("GET", path)
    connection.getresponse().read()
    return time.perf_counter() - began


def measure(connections: dict[str, http.client.HTTPConnection], path: str) -> dict[str, list[float]]:
    """Returns the times of requests by reporter, asked in turn, one of each after the other."""
    times: dict[str, list[float]] = {reporter: [] for reporter in connections}
    for round_ in range(ROUNDS * REQUESTS):
        for reporter, connection in connections.items():
            taken = ask(connection, path)
            if round_ >= REQUESTS:
                times[reporter].append(taken)
    return times


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def main() -> None:
    """Prints the machine and the figures."""
    print(machine())
    with TemporaryDirectory() as folder, bare() as server, ExitStack() as stack:
        connections = {}
        for reporter in REPORTERS:
            own = Path(folder) / reporter
            own.mkdir()
            connections[reporter] = stack.enter_context(shop(reporter, own, server.port))
        found = {path: measure(connections, path) for path in PATHS}
    for path in PATHS[:2]:
        nobody, kaput = median(found[path]["nobody"]), median(found[path]["kaput"])
        print(
            f"{path:<8} median {kaput * 1e6:>9.0f} us  {(kaput - nobody) * 1e6:>+6.0f} us  {kaput / nobody:.3f} of none"
        )
    kept = (median(found["/talk"]["kaput"]) - median(found["/talk"]["nobody"])) / RECORDS
    print(f"a log record that is kept    {kept * 1e6:>+6.2f} us, {RECORDS} in a request")
    nobody, sentry, kaput = (_p95(found["/fail"][reporter]) for reporter in REPORTERS)
    more = (kaput - sentry) * 1e3
    print(f"/fail    p95 {kaput * 1e3:>12.2f} ms  {more:>+6.2f} ms  {kaput / sentry:.3f} of sentry_sdk.init")
    print(f"/fail    p95 {sentry * 1e3:>12.2f} ms with sentry_sdk.init, {nobody * 1e3:.2f} ms with none")
    print(*EQUAL, sep="\n")


if __name__ == "__main__":
    main()
