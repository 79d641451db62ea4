"""An application under gunicorn that reports to a real server, which is away, while processes are killed."""

import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.live.gunicorn import Site, serving
from tests.live.server import running, wait_for
from tests.processes import children

ERRORS, ROUNDS, CLIENTS = 1000, 4, 4


def fail(site: Site, orders: range) -> None:
    """Has a request fail for each order, several at a time; each is answered."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        statuses = Counter(clients.map(lambda order: site.get(f"/pay/{order}")[0], orders))
    assert statuses == {500: len(orders)}


def kill(pid: int) -> None:
    """Ends a process as the kernel does when memory is short."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.timeout(300)  # a thousand failing requests, and two starts of five processes
def test_nothing_is_lost_while_the_server_is_away(tmp_path: Path) -> None:
    """1,000 errors of four workers, some killed, wait through a kill of the whole application, and are stored once."""
    options = ("--workers", "4", "--preload")
    with running(tmp_path / "server") as server:
        dsn = server.dsn
        with serving(tmp_path / "shop", "reporting_shop:app", *options, SHOP_DSN=dsn) as site:
            fail(site, range(1))
            wait_for(lambda: server.stats()["events"] == 1, "the first error does not arrive")
            server.stop()
            step = ERRORS // ROUNDS
            for begin in range(1, ERRORS, step):
                fail(site, range(begin, min(begin + step, ERRORS)))
                kill(site.workers()[0])
                wait_for(lambda: site.get("/")[0] == 200, "the shop does not answer")
            for pid in [site.process.pid, *children().get(site.process.pid, [])]:
                kill(pid)
            site.process.wait()
        server.start()
        with serving(tmp_path / "shop", "reporting_shop:app", *options, SHOP_DSN=dsn):
            wait_for(lambda: server.stats()["digested"] >= ERRORS, "not all errors arrive", 120)
            found = server.settle()
            assert (found["events"], found["dropped"]) == (ERRORS, {})
        orders = Counter(event["payload"]["request"]["url"].rpartition("/")[2] for event in server.export())
    assert orders == Counter(str(order) for order in range(ERRORS))
