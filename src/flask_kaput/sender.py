"""The thread that sends. In: events, from requests, which it keeps in the spool. Out: the same at the server.

Of all processes that share a spool one sends, whoever has its lock; the others look now and then whether it is free.
The thread starts at the first use of the application in a process. `report.py` is handed `deliver`.
"""

import atexit
import logging
import os
import re
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import platformdirs
from flask import Flask

from flask_kaput.delivery import Delivery, Outcome
from flask_kaput.first_use import FirstUse
from flask_kaput.settings import Settings
from flask_kaput.spool import Spool, event_id_of, open_spool
from kaput import __version__

LOOK_SECONDS = 0.2
"""How often the sending process looks for events of the others."""
LEAD_SECONDS = 1.0
"""How often the others look whether the sending one is gone."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between two tries while the server is away; they double."""
EXIT_SECONDS = 2.0
"""How long the end of a process waits for events to be sent."""
IN_MEMORY = 100
"""Events that are kept in memory while the disk takes none."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]|^\.")


class Server(Protocol):
    """Takes one event after another and says what became of each; never raises."""

    def post(self, event_id: str, payload: bytes, lost: Mapping[str, int]) -> Outcome:
        """Sends the event, and by reason what was lost before it."""

    def close(self) -> None:
        """Closes the connections."""


class Sender:
    """Sends the events of one application, in the background of each of its processes."""

    def __init__(
        self, spool: Callable[[], Spool | None], connect: Callable[[], Server], logger: logging.Logger
    ) -> None:
        self._open_spool = spool
        self._connect = connect
        self._logger = logger
        self._runs: dict[int, _Run] = {}
        """By process; a child that is forked lets go of the one of its parent."""
        forked = weakref.WeakMethod(self._forked)
        os.register_at_fork(after_in_child=lambda: _call(forked()))

    def begin(self) -> None:
        """Starts the thread of this process, if it does not run."""
        self._run().start()

    def deliver(self, event_id: str, payload: bytes) -> None:
        """Keeps an event and has it sent; waits for nobody and never raises."""
        run = self._run()
        run.keep(event_id, payload)
        run.start()

    def away_seconds(self) -> float:
        """Returns for how long the server has been away, as far as this process knows; 0 when it is there."""
        run = self._runs.get(os.getpid())
        return run.away_seconds() if run else 0.0

    def spool(self) -> Spool | None:
        """Returns where events wait, as far as this process can reach it."""
        run = self._runs.get(os.getpid())
        return run.spool if run else None

    def flush(self, seconds: float) -> bool:
        """Waits until all events were sent, for so long at most; answers whether they were."""
        run = self._runs.get(os.getpid())
        return run.flush(seconds) if run else True

    def close(self) -> None:
        """Sends what waits, for a short time at most, and ends the thread; what was not sent stays on the disk."""
        run = self._runs.pop(os.getpid(), None)
        if run is not None:
            run.finish()

    def _run(self) -> "_Run":
        process = os.getpid()
        run = self._runs.get(process)
        if run is None:
            run = self._runs.setdefault(process, _Run(self._open_spool(), self._connect(), self._logger))
        return run

    def _forked(self) -> None:
        """Lets go in a child at once, whether it ever sends: else the lead would not end with the parent."""
        for inherited in list(self._runs):
            self._runs.pop(inherited).abandon()


class _Run:
    """The sender in one process: a thread, and what it knows of the server."""

    def __init__(self, spool: Spool | None, server: Server, logger: logging.Logger) -> None:
        self.spool = spool
        self._server = server
        self._logger = logger
        self._memory: deque[tuple[str, bytes]] = deque(maxlen=IN_MEMORY)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._stopped = False
        self._lead: int | None = None
        self._busy = False
        self._away_since: float | None = None
        self._next_try = 0.0
        self._pause = FIRST_PAUSE

    def start(self) -> None:
        """Starts the thread once, and wakes it."""
        if self._thread is None and not self._stopped:
            self._start()
        self._wake.set()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="kaput-sender", daemon=True)
                thread.start()
                self._thread = thread
                atexit.register(self.finish)

    def keep(self, event_id: str, payload: bytes) -> None:
        """Puts an event into the spool, or into memory when the disk does not take it."""
        if self.spool is not None:
            try:
                self.spool.append(event_id, payload)
            except OSError as error:
                self._logger.warning("Kaput cannot keep an event on the disk, and tries to send it at once: %s", error)
            else:
                return
        self._memory.append((event_id, payload))

    def away_seconds(self) -> float:
        """Returns for how long the server has been away."""
        since = self._away_since
        return time.monotonic() - since if since is not None else 0.0

    def flush(self, seconds: float) -> bool:
        """Waits until nothing is left to send, if this process is the one who sends."""
        deadline = time.monotonic() + seconds
        while self._left():
            if time.monotonic() > deadline or self._stopped:
                return False
            self._wake.set()
            time.sleep(0.005)
        return True

    def stop(self) -> None:
        """Ends the thread, and waits for the request that it may be in."""
        self._stopped = True
        self._wake.set()
        atexit.unregister(self.finish)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(EXIT_SECONDS)

    def abandon(self) -> None:
        """Lets go of what a forked process inherited: its own copy of the open lock, which is the parent's."""
        lead, self._lead = self._lead, None
        if lead is not None:
            os.close(lead)
        atexit.unregister(self.finish)

    def finish(self) -> None:
        """Waits a short time for events to be sent, unless the server is known to be away, and ends the thread."""
        if self._away_since is None:
            self.flush(EXIT_SECONDS)
        self.stop()

    def _left(self) -> bool:
        if self._memory or self._busy:
            return True
        try:
            return self.spool is not None and bool(self.spool.names())
        except OSError:
            return False

    def _work(self) -> None:
        try:
            while not self._stopped:
                self._wake.wait(self._patience())
                self._wake.clear()
                try:
                    self._round()
                except Exception:
                    self._logger.warning("Kaput could not look after its spool.", exc_info=True)
                    self._hold(LONGEST_PAUSE)
        finally:
            self._let_go()
            self._server.close()

    def _patience(self) -> float:
        if self._lead is None:
            return LEAD_SECONDS if self.spool is not None else LONGEST_PAUSE
        return LOOK_SECONDS

    def _round(self) -> None:
        """Sends what there is to send, until the server wants a pause."""
        if time.monotonic() < self._next_try:
            return
        self._send_memory()
        if self.spool is None or not self._leads(self.spool):
            return
        self._busy = True
        try:
            self._send_all(self.spool)
        finally:
            self._busy = False

    def _leads(self, spool: Spool) -> bool:
        if self._lead is None:
            self._lead = spool.lead()
            if self._lead is not None:
                spool.sweep(time.time())
        return self._lead is not None

    def _let_go(self) -> None:
        lead, self._lead = self._lead, None
        if lead is not None:
            os.close(lead)

    def _send_memory(self) -> None:
        while self._memory and not self._stopped:
            event_id, payload = self._memory[0]
            outcome = self._server.post(event_id, payload, {})
            if outcome.kept or outcome.refused:
                self._memory.popleft()
            if not self._learn(outcome):
                return

    def _send_all(self, spool: Spool) -> None:
        """Sends the events of the spool, oldest first."""
        for name in spool.names():
            if self._stopped:
                return
            payload = spool.read(name)
            if payload is None:
                continue
            lost = spool.lost()
            outcome = self._server.post(event_id_of(name), payload, lost)
            if outcome.kept and lost:
                spool.told()
            if outcome.refused:
                spool.lose("send_error", 1)
            if outcome.kept or outcome.refused:
                spool.remove(name)
            if not self._learn(outcome):
                return

    def _learn(self, outcome: Outcome) -> bool:
        """Notes what an answer says of the server; answers whether the next event may go."""
        if outcome.refused:
            self._logger.warning("The server of KAPUT_DSN refused an event; it is left out.")
        if outcome.away:
            self._note_away(outcome)
            return False
        if self._away_since is not None:
            self._logger.info("The server of KAPUT_DSN is back; what was kept is sent.")
            self._away_since = None
        self._pause = FIRST_PAUSE
        if outcome.pause:
            self._hold(outcome.pause)
        return not outcome.pause

    def _note_away(self, outcome: Outcome) -> None:
        if self._away_since is None:
            self._away_since = time.monotonic()
            self._logger.warning("The server of KAPUT_DSN is away, events are kept: %s", outcome.away)
        self._hold(max(self._pause, outcome.pause))
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _hold(self, seconds: float) -> None:
        self._next_try = time.monotonic() + seconds


def spool_folders(app: Flask, settings: Settings) -> list[Path]:
    """Returns where the spool may be; the first one that this user can write is taken."""
    bases = [settings.spool] if settings.spool else [Path(app.instance_path), _user_directory(app)]
    return [base / "kaput-spool" for base in bases]


def attach(app: Flask, settings: Settings, first_use: FirstUse) -> Sender:
    """Returns the sender of an application, which begins at its first use in each process."""
    folders = spool_folders(app, settings)
    logger = logging.getLogger(app.name)
    sender = Sender(
        lambda: open_spool(folders, settings.dsn, settings.spool_size, logger),
        lambda: Delivery(settings, __version__),
        logger,
    )
    first_use.add(sender.begin)
    return sender


def _call(method: Callable[[], None] | None) -> None:
    if method is not None:
        method()


def _user_directory(app: Flask) -> Path:
    return Path(platformdirs.user_data_dir("kaput", appauthor=False)) / "flask" / _UNSAFE.sub("_", app.name)
