"""The start of a server: takes the directory and the port, then becomes the supervisor.

In: settings. Out: does not return; StartError with one line when the directory, the database or the port cannot be
used. `cli/server.py` imports it.

The children are started first: they load their code while the database is brought up to date, and wait for orders.
"""

import errno
import json
import os
import signal
import socket
import sys
from typing import NoReturn

from kaput.config import Settings
from kaput.directory import lock_directory, make_directory, migrate_database
from kaput.errors import StartError
from kaput.serve.lifeline import Orders, encode
from kaput.serve.supervisor import CHILDREN, ENDING, MODULE, Supervised, end, order, spawn

BACKLOG = 2048


def serve(settings: Settings) -> NoReturn:
    """Runs everything until SIGTERM or SIGINT; this process becomes the supervisor.

    Raises:
        StartError: the directory, the database or the port cannot be used.
    """
    make_directory(settings)
    lock = lock_directory(settings)
    listening = _listen(settings)
    kept = [lock, listening.fileno()]
    children = [spawn(name, kept) for name in CHILDREN]
    try:
        migrate_database(settings)
    except BaseException:
        end(children)
        raise
    orders = Orders(settings, listening.fileno(), address_of(listening), announce=True)
    for child in children:
        order(child, encode(orders))
    again = encode(Orders(settings, orders.socket, orders.address, announce=False))
    _become(Supervised(children, again, kept))


def address_of(listening: socket.socket) -> str:
    """Returns `http://host:port` of a listening socket; one on all addresses is reached by the loopback one."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listen(settings: Settings) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        advice = "Stop what listens there, or choose another with --port." if taken else "Choose another with --host."
        raise StartError(
            f"Kaput cannot listen on {settings.host} port {settings.port}: {error.strerror}. {advice}"
        ) from error
    return listening


def _become(supervised: Supervised) -> NoReturn:
    """Replaces this process by the supervisor: same process id, same children, none of the memory."""
    with os.fdopen(os.memfd_create("kaput-watch", 0), "w+") as handed:
        json.dump(supervised, handed)
        handed.flush()
        handed.seek(0)
        for fd in (handed.fileno(), *supervised.kept, *(child.line for child in supervised.children)):
            os.set_inheritable(fd, True)  # noqa: FBT003 - positional only
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # between here and the supervisor's handlers they would kill
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, "-m", MODULE, str(handed.fileno())])  # noqa: S606 - no shell is meant
