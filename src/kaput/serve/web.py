"""The web process: accepts events and shows the page.

In: orders on standard input. Out: answers; at the first start, on standard output, where it listens and how to begin.
The supervisor starts it as `python -m kaput.serve.web`.
"""

import contextlib
import logging
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable

import uvicorn

from kaput.app.application import Application, create_application
from kaput.buffer.lanes import segment_lanes
from kaput.errors import KaputError
from kaput.installation import Installation, attach
from kaput.serve.collector import spare_the_collector
from kaput.serve.lifeline import Orders, encode, end_with_supervisor, receive
from kaput.serve.overflow import Overflow, overflowing
from kaput.view.dsn import dsn
from kaput.view.secret import setup_token

BEAT_SECONDS = 0.5
NOTE_SECONDS = 1.0
COLLECT_AFTER = 20_000
STOP_SECONDS = 5
MOST_ACCEPTING = 2


def main() -> int:
    """Serves until the supervisor is gone or says so."""
    orders = receive()
    if orders is None:
        return 0
    logging.basicConfig(stream=sys.stderr, format="kaput web: %(levelname)s %(message)s", level=logging.WARNING)
    # uvicorn takes the signal over while it serves, then raises it again: the writer shall still be closed.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    _allow_many_connections()
    end_with_supervisor()
    with attach(orders.settings) as installation:
        run(installation, orders)
    return 0


class _Server(uvicorn.Server):
    """The server, with its overflow beside it."""

    def __init__(self, overflow: Overflow, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._overflow = overflow

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens."""
        await super().startup(sockets)
        self._overflow.begin(self)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops to listen, and answers what was asked before."""
        self._overflow.end()
        await super().shutdown(sockets)


def run(installation: Installation, orders: Orders) -> None:
    """Serves on the socket of the orders."""
    settings = installation.settings
    lanes = segment_lanes(settings.spool, settings.segment_size, installation.clock)
    application = create_application(installation, lanes, lambda: len(server.server_state.connections))
    application.beat()
    spare_the_collector(COLLECT_AFTER)
    stopped = threading.Event()
    thread = threading.Thread(target=_beat, args=(application.beat, stopped), name="kaput-beat", daemon=True)
    thread.start()
    overflow = Overflow(
        encode(Orders(settings, 0, "", announce=False)),
        application.keys,
        application.refuses,
        settings.accept_processes or min(len(os.sched_getaffinity(0)), MOST_ACCEPTING),
    )
    server = _Server(
        overflow,
        uvicorn.Config(
            application.front,
            http=overflowing(application.front, overflow),
            log_config=None,
            access_log=False,
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            server_header=False,
            date_header=True,
            timeout_graceful_shutdown=STOP_SECONDS,
            ws="none",  # a client that asks for one is answered like any other
            log_level=logging.ERROR,  # strangers who send nonsense must not fill the log
        ),
    )
    if orders.announce:
        _note(installation, orders.address)
    listening = socket.socket(fileno=orders.socket)
    threading.Thread(target=_settle, args=(installation, application, orders), name="kaput-settle").start()
    try:
        server.run(sockets=[listening])
    finally:
        overflow.wait()
        stopped.set()
        application.close()
        lanes.close()


def _allow_many_connections() -> None:
    """Raises the number of open files to what the system lets this process have; the usual 1,024 are soon taken."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _beat(beat: Callable[[], None], stopped: threading.Event) -> None:
    while not stopped.wait(BEAT_SECONDS):
        beat()


def _settle(installation: Installation, application: Application, orders: Orders) -> None:
    """Does what need not be done before the first event is taken."""
    application.load()
    if orders.announce:
        _announce(installation, orders.address)


def _note(installation: Installation, address: str) -> None:
    """Notes the address, of which DSNs are made, before anybody is told that the server is ready.

    A database that somebody holds is not waited for longer than a moment: events are taken without it.
    """

    def note() -> None:
        try:
            installation.store.facts.set("address", address)
        except KaputError as error:
            logging.getLogger(__name__).warning("The address could not be noted: %s", error)

    noting = threading.Thread(target=note, name="kaput-address", daemon=True)
    noting.start()
    noting.join(NOTE_SECONDS)


def _announce(installation: Installation, address: str) -> None:
    """Prints what a person needs to begin; the socket listens since before this process began."""
    store = installation.store
    base = installation.base_url()
    first = next(project for project in store.projects.all() if not project.internal)
    lines = [f"Kaput is listening on {address}", f"DSN: {dsn(base, store.projects.keys(first.id)[0])}"]
    if not store.accounts.any():
        lines.append(f"Set up your account: {base}/setup?token={setup_token(installation.secret)}")
    with contextlib.suppress(OSError):  # who read it has gone, or it is a file on a full disk
        os.write(sys.stdout.fileno(), ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    sys.exit(main())
