"""The supervisor: starts the web process and the worker process, and starts them again when they die.

In: a `Supervised` on an inherited descriptor. Out: processes, and an exit code. `serve/start.py` becomes it by `exec`,
so that nothing of the command line stays in memory; for the same reason it imports the least of the standard library.

A child reads its orders from its standard input, and the end of that input tells it that the supervisor is gone.
"""

import json
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import NamedTuple

CHILDREN = ("web", "work")
STOP_SECONDS = 15.0
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 5.0
STEADY_SECONDS = 10.0
MODULE = "kaput.serve.supervisor"
ENDING = (signal.SIGTERM, signal.SIGINT)


class Child(NamedTuple):
    """One running child.

    Attributes:
        line: descriptor that writes to its standard input.
        started: when, by the monotonic clock.
        pause: seconds from its start until it may be started again.
    """

    name: str
    pid: int
    line: int
    started: float
    pause: float


class Supervised(NamedTuple):
    """What is watched over.

    Attributes:
        orders: the line that tells a child what to do when it is started again.
        kept: descriptors that children inherit: the lock of the directory and the listening socket.
    """

    children: list[Child]
    orders: str
    kept: list[int]


class Bell:
    """Wakes the supervisor when a child ended or a signal came; the handlers only note it."""

    def __init__(self) -> None:
        self.stopping = False
        self._read, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        for number in ENDING:
            signal.signal(number, self._stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)  # `start.py` blocked them until they are heard

    def wait(self, seconds: float | None) -> None:
        """Returns when something happened, or after `seconds`."""
        if select.select([self._read], [], [], seconds)[0]:
            os.read(self._read, 4096)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True


def spawn(name: str, kept: Sequence[int], pause: float = FIRST_PAUSE) -> Child:
    """Starts a child that waits for its orders; a group of its own keeps the terminal's Ctrl-C from it.

    All stay in one session: the kernel may share time out between sessions first (sched(7), the autogroup feature), and
    a child that is nicer than another one would be so in vain.
    """
    read, write = os.pipe()
    for fd in kept:
        os.set_inheritable(fd, True)  # noqa: FBT003 - positional only
    # glibc gives each thread an arena of its own otherwise, which keeps what it once had.
    # The columns of code in tracebacks are memory too.
    environment = {"MALLOC_ARENA_MAX": "2", "PYTHONNODEBUGRANGES": "1"} | dict(os.environ)
    arguments = [sys.executable, "-m", f"kaput.serve.{name}"]
    pid = os.posix_spawn(
        sys.executable, arguments, environment, file_actions=[(os.POSIX_SPAWN_DUP2, read, 0)], setpgroup=0
    )
    os.close(read)
    return Child(name, pid, write, time.monotonic(), pause)


def order(child: Child, line: str) -> None:
    """Gives a child its orders; one that died before is started again like any other."""
    try:
        os.write(child.line, line.encode())
    except BrokenPipeError:
        return


def watch(given: Supervised) -> int:
    """Watches until SIGTERM or SIGINT, then ends the children; returns the exit code."""
    bell = Bell()
    children = list(given.children)
    while not bell.stopping:
        bell.wait(_revive(children, given))
    end(children)
    return 0


def end(children: Sequence[Child]) -> None:
    """Ends the children: the end of their line tells them; who does not listen is killed."""
    for child in children:
        os.close(child.line)
    deadline = time.monotonic() + STOP_SECONDS
    left = [child for child in children if not _ended(child)]
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [child for child in left if not _ended(child)]
    for child in left:
        os.kill(child.pid, signal.SIGKILL)
        os.waitpid(child.pid, 0)


def _revive(children: list[Child], given: Supervised) -> float | None:
    """Starts again what died, and returns in how many seconds there is something to do again."""
    waits = []
    now = time.monotonic()
    for index, child in enumerate(children):
        if child.pid and not _ended(child):
            continue
        steady = now - child.started > STEADY_SECONDS
        due = child.started + child.pause
        if not steady and now < due:
            children[index] = child._replace(pid=0)
            waits.append(due - now)
            continue
        _say(f"the {child.name} process ended; it is started again.")
        os.close(child.line)
        children[index] = spawn(child.name, given.kept, FIRST_PAUSE if steady else min(2 * child.pause, LONGEST_PAUSE))
        order(children[index], given.orders)
    return min(waits, default=None)


def _say(text: str) -> None:
    try:
        os.write(2, f"kaput: {text}\n".encode())
    except OSError:
        return  # who read the log has gone; that is no reason to stop


def _ended(child: Child) -> bool:
    """Answers whether the child is gone, and lets the kernel forget it."""
    try:
        return os.waitpid(child.pid, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True


def main() -> int:
    """Watches over what the descriptor named by the first argument says."""
    with os.fdopen(int(sys.argv[1])) as given:
        handed, orders, kept = json.load(given)
    children = [Child(*child) for child in handed]
    for child in children:
        os.set_inheritable(child.line, False)  # noqa: FBT003 - positional only; a sibling would hold the line open
    return watch(Supervised(children, orders, kept))


if __name__ == "__main__":
    sys.exit(main())
