"""The worker process: digests, stores and tells.

In: orders on standard input. Out: stored events, mails, and a data directory within its limits. The supervisor starts
it as `python -m kaput.serve.work`.

The teller is a thread of this process and not a process of its own: it waits for the mail server nearly all the time,
a commit wakes it without any way between processes, and another process would cost some 40 MB.
"""

import logging
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from kaput.accept.syntax import RESERVE
from kaput.buffer.base import Source
from kaput.buffer.reader import SegmentReader
from kaput.digest.dead import DeadDirectory
from kaput.digest.record import read
from kaput.digest.worker import Worker
from kaput.errors import StoreUnavailable
from kaput.installation import Installation, attach
from kaput.model import Evaluate, Signal
from kaput.serve.collector import spare_the_collector
from kaput.serve.crew import Crew
from kaput.serve.health import Health
from kaput.serve.lifeline import end_with_supervisor, receive
from kaput.serve.regrouping import Regrouper, follow_version
from kaput.serve.sieve import Sieve
from kaput.serve.upkeep import Upkeep
from kaput.serve.watch import Watch
from kaput.space import measure, problem
from kaput.tell.rules import evaluate

TELLER_SECONDS = 12.0
OUTBOX_SECONDS = 1.0
"""Until it is seen that another process wrote a notice."""
CHANNELS_SECONDS = 2.0
"""A service that takes longer is cut off, and what it was sent goes again: at least once."""
TRAINER_SECONDS = 2.0
TRAINER_PAUSE = 0.05
TRAINER_IDLE = 1.0
UPKEEP_SECONDS = 6.0
NICENESS = 10
COLLECT_AFTER = 200_000
GLANCE = 0.1
MOST_DIGESTING = 4

_log = logging.getLogger(__name__)


def main() -> int:
    """Works until the supervisor is gone or says so."""
    orders = receive()
    if orders is None:
        return 0
    logging.basicConfig(stream=sys.stderr, format="kaput work: %(levelname)s %(message)s", level=logging.WARNING)
    os.nice(NICENESS)  # who accepts goes first: what waits here is safe, what waits there may be lost
    with attach(orders.settings) as installation:
        spare_the_collector(COLLECT_AFTER)
        sys.setrecursionlimit(sys.getrecursionlimit() + RESERVE)
        run(installation)
    return 0


class _Ending:
    """A `Signal` that is set by a signal handler, which may wait for no lock: it could be the one that it interrupted.

    `threading.Event` takes one in `set` and in `wait`.
    """

    def __init__(self) -> None:
        self._set = False

    def set(self) -> None:
        self._set = True

    def is_set(self) -> bool:
        return self._set

    def clear(self) -> None:
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        deadline = time.monotonic() + (math.inf if timeout is None else timeout)
        while not self._set and time.monotonic() < deadline:
            time.sleep(min(GLANCE, max(0.0, deadline - time.monotonic())))
        return self._set


def run(installation: Installation) -> None:
    """Runs worker and teller until SIGTERM."""
    stop = _Ending()
    source = open_source(installation)

    def end(_number: int, _frame: object) -> None:
        stop.set()
        source.wake()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    end_with_supervisor()
    work(installation, source, stop, evaluate)


def open_source(installation: Installation) -> SegmentReader:
    """Returns the reader of what was accepted and not stored yet; one at a time."""
    return SegmentReader(installation.settings.spool, installation.store.batches.positions())


def work(installation: Installation, source: Source, stop: Signal, evaluate: Evaluate) -> None:
    """Runs the worker in this thread, and in others what goes on beside it, until `stop` is set.

    Args:
        installation: one that no other process works on.
        source: its `wake` has to be called after `stop` was set.
        stop: ends all threads.
        evaluate: decides who is told.
    """
    settings, wakes = installation.settings, [threading.Event() for _ in range(3)]

    def told() -> None:
        for wake in wakes:
            wake.set()

    teller = threading.Thread(target=_tell, args=(installation, stop, wakes), name="kaput-teller", daemon=True)
    teller.start()
    trainer = threading.Thread(target=_train, args=(installation, stop), name="kaput-trainer", daemon=True)
    trainer.start()
    end_of_upkeep = threading.Event()
    _follow_version(installation)
    regroup = Regrouper(installation.store.projects)
    upkeep = Upkeep(installation.store, settings, partial(measure, settings), installation.clock, regroup=regroup)
    sweeping = threading.Thread(target=upkeep.run, args=(end_of_upkeep,), name="kaput-upkeep", daemon=True)
    sweeping.start()
    crew = Crew(read, (settings.digest_processes or min(len(os.sched_getaffinity(0)), MOST_DIGESTING)) - 1)
    health = Health(
        Watch(installation.store.monitors, installation.clock),
        installation.store,
        settings,
        installation.clock,
        lambda: problem(installation.read_space()),
    )
    worker = Worker(
        source=source,
        batches=installation.store.batches,
        digest=Sieve(crew, installation.store.projects, installation.clock),
        evaluate=evaluate,
        bury=DeadDirectory(settings.dead).bury,
        told=told,
        watch=health,
        clock=installation.clock,
        expect=crew.expect,
        leave=crew.leave,
    )
    try:
        worker.run(stop)
    finally:
        stop.set()  # also when it failed: where the process goes on, another one may work on the installation next
        crew.close()
        end_of_upkeep.set()
        told()
        installation.store.dictionaries.wake()
        teller.join(TELLER_SECONDS)
        trainer.join(TRAINER_SECONDS)
        sweeping.join(UPKEEP_SECONDS)


def _follow_version(installation: Installation) -> None:
    try:
        follow_version(installation.store)
    except StoreUnavailable as error:
        _log.warning("Stored events are not grouped again before the next start: %s", error)


def _tell(installation: Installation, stop: Signal, wakes: Sequence[threading.Event]) -> None:
    """Waits for something to tell, and starts what tells it, each in a thread of its own: mails, and channels.

    Args:
        installation: whose outbox it is.
        stop: ends all of them.
        wakes: set when there may be something to tell: one for the waiting, for mails, for channels.
    """
    outbox, (wake, *others) = installation.store.outbox, wakes
    mails, channels = (
        threading.Thread(target=target, args=(installation, stop, other), name=f"kaput{target.__name__}", daemon=True)
        for target, other in zip((_send_mails, _send_to_channels), others, strict=True)
    )
    idle: dict[threading.Thread, Callable[[], bool]] = {
        mails: lambda: bool(outbox.waiting()),
        channels: lambda: bool(outbox.lanes()),
    }
    seen = -1
    while not stop.is_set() and idle:
        wake.clear()
        try:
            outbox.release(installation.clock())
            newest = outbox.newest()
            for thread in [thread for thread, is_due in idle.items() if newest != seen and is_due()]:
                thread.start()
                del idle[thread]
            seen = newest
        except StoreUnavailable as error:
            _log.warning("The outbox cannot be read: %s", error)
        wake.wait(OUTBOX_SECONDS)
    if mails not in idle:
        mails.join()
    if channels not in idle:
        channels.join(CHANNELS_SECONDS)


def _send_mails(installation: Installation, stop: Signal, wake: threading.Event) -> None:
    """Sends mails; what writes and sends them is loaded with the first."""
    from kaput.tell.mail import Composer
    from kaput.tell.outbox import Teller
    from kaput.tell.smtp import SmtpChannel

    settings, store = installation.settings, installation.store
    channel = SmtpChannel(settings) if settings.smtp_host else None
    composer = Composer(settings.sender, installation.mail_origin(), installation.seal().sign)
    Teller(store, channel, composer, installation.base_url, installation.clock).run(stop, wake)


def _send_to_channels(installation: Installation, stop: Signal, wake: threading.Event) -> None:
    """Sends to services and webhooks, likewise."""
    from kaput.tell.lanes import Lanes

    Lanes(installation.store, installation.route, installation.base_url, installation.clock).run(stop, wake)


def _train(installation: Installation, stop: Signal) -> None:
    """Tends the dictionaries; between two steps the worker has the database for itself."""
    dictionaries = installation.store.dictionaries
    while not stop.is_set():
        try:
            more = dictionaries.tend()
        except StoreUnavailable as error:
            _log.warning("A dictionary has to wait: %s", error)
            more = False
        except Exception:  # noqa: BLE001  without one everything goes on, in more bytes
            _log.exception("A dictionary cannot be made.")
            more = False
        if more:
            stop.wait(TRAINER_PAUSE)
        else:
            dictionaries.wait(TRAINER_IDLE)


if __name__ == "__main__":
    sys.exit(main())
