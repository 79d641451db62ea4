"""The supervisor: listens, starts the web process and the worker process, and starts them again when they die.

In: settings. Out: an exit code. `cli/server.py` imports it; standard library only (see the package).

The supervisor holds the listening socket, so that while the web process is started again clients wait in the queue of
the kernel instead of being refused. The children are started before the database is looked at: they load their code
meanwhile and wait for their orders.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

from kaput.config import Settings
from kaput.errors import StartError
from kaput.serve.directory import lock_directory, make_directory, migrate_database
from kaput.serve.lifeline import Orders, encode

CHILDREN = ("web", "work")
BACKLOG = 2048
STOP_SECONDS = 15.0
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 5.0
STEADY_SECONDS = 10.0


@dataclass
class _Child:
    name: str
    process: subprocess.Popen[bytes]
    started: float
    pause: float = FIRST_PAUSE


@dataclass
class _Bell:
    """Wakes the supervisor when a child ended or a signal came; handlers only note it."""

    stopping: bool = False
    read: int = field(default=-1)

    def __post_init__(self) -> None:
        self.read, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def wait(self, seconds: float | None) -> None:
        if select.select([self.read], [], [], seconds)[0]:
            os.read(self.read, 4096)


def serve(settings: Settings) -> int:
    """Runs everything until SIGTERM or SIGINT.

    Returns:
        The exit code: 0.

    Raises:
        StartError: the directory, the database or the port cannot be used.
    """
    make_directory(settings)
    lock = lock_directory(settings)
    listening = _listen(settings)
    bell = _Bell()
    children = [_start(name, listening, lock) for name in CHILDREN]
    try:
        migrate_database(settings)
        for child in children:
            _order(child, settings, listening, announce=True)
        while not bell.stopping:
            bell.wait(_revive(children, settings, listening, lock))
    finally:
        _stop(children)
    return 0


def address_of(listening: socket.socket) -> str:
    """Returns `http://host:port` of a listening socket; a socket on all addresses is reached by the loopback one."""
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
        raise StartError(
            f"Kaput cannot listen on {settings.host} port {settings.port}: {error.strerror}. "
            "Stop what listens there, or choose another with --host and --port."
        ) from error
    return listening


def _start(name: str, listening: socket.socket, lock: int, pause: float = FIRST_PAUSE) -> _Child:
    kept = (listening.fileno(), lock) if name == "web" else (lock,)
    process = subprocess.Popen(
        [sys.executable, "-m", f"kaput.serve.{name}"], stdin=subprocess.PIPE, pass_fds=kept, start_new_session=True
    )
    return _Child(name, process, time.monotonic(), pause)


def _order(child: _Child, settings: Settings, listening: socket.socket, *, announce: bool) -> None:
    orders = Orders(settings, listening.fileno(), address_of(listening), announce)
    line: IO[bytes] | None = child.process.stdin
    try:
        if line is not None:
            line.write(encode(orders))
            line.flush()
    except BrokenPipeError:
        return  # it died before it was told; it is started again like any other


def _revive(children: list[_Child], settings: Settings, listening: socket.socket, lock: int) -> float | None:
    """Starts again what died, and returns in how many seconds there is something to do again."""
    waits = []
    for index, child in enumerate(children):
        code = child.process.poll()
        if code is None:
            continue
        now = time.monotonic()
        steady = now - child.started > STEADY_SECONDS
        due = child.started + (FIRST_PAUSE if steady else child.pause)
        if now < due:
            waits.append(due - now)
            continue
        sys.stderr.write(f"kaput: the {child.name} process ended with {code}; it is started again.\n")
        pause = FIRST_PAUSE if steady else min(2 * child.pause, LONGEST_PAUSE)
        children[index] = _start(child.name, listening, lock, pause)
        _order(children[index], settings, listening, announce=False)
    return min(waits, default=None)


def _stop(children: list[_Child]) -> None:
    """Ends the children: the end of their line tells them; who does not listen is killed."""
    for child in children:
        if child.process.stdin is not None:
            child.process.stdin.close()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
