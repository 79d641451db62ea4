"""Mails without a server: while the server of KAPUT_DSN is away, the application tells ADMINS what fails.

In: the events that wait in the spool. Out: the mails that the server would have sent, from a thread, never from a
request: the first one of a new problem at once, then digests. `extension.py` attaches it.

Of all processes the one that sends knows that the server is away, so that one mails. It needs a mail server and
ADMINS; without one of them nothing starts.
"""

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Protocol

from flask import Flask

from flask_kaput.first_use import FirstUse
from flask_kaput.sender import Sender
from flask_kaput.settings import Settings
from flask_kaput.spool import Spool, event_id_of, written_at
from flask_kaput.tracker_settings import TrackerSettings

LOOK_SECONDS = 1.0
STOP_SECONDS = 20.0
NO_SERVER = "ADMINS get no mails: no mail server is set. Set KAPUT_SMTP_HOST, or Flask-Mail's MAIL_SERVER."


class Outage(Protocol):
    """What tells while the server is away."""

    def take(self, event_id: str, payload: bytes) -> None:
        """Takes an event, once however often it comes; raises nothing."""

    def end(self) -> None:
        """Ends it: the server is back."""

    def close(self) -> None:
        """Ends it in this process."""


class Mails:
    """Looks after the server, in a thread of each process."""

    def __init__(self, sender: Sender, after: float, begin: Callable[[], Outage], logger: logging.Logger) -> None:
        """Starts nothing.

        Args:
            sender: knows whether the server is there.
            after: seconds for which it must be away.
            begin: begins an outage; called in the thread, so that it may load much.
            logger: is told what goes wrong.
        """
        self._sender = sender
        self._after = after
        self._begin = begin
        self._logger = logger
        self._process = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._outage: Outage | None = None
        self._inherited: list[Outage | None] = []
        self._taken: set[str] = set()

    @property
    def mails(self) -> bool:
        """Whether this process mails now."""
        return self._outage is not None

    def start(self) -> None:
        """Starts the thread of this process, if it does not run."""
        if self._process == os.getpid():
            return
        self._process = os.getpid()
        self._inherited.append(self._outage)  # SQLite forbids a child to close what its parent opened
        self._outage, self._taken, self._stop = None, set(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._stop,), name="kaput-mails", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread of this process."""
        self._stop.set()
        if self._thread is not None and self._process == os.getpid():
            self._thread.join(STOP_SECONDS)

    def _run(self, stop: threading.Event) -> None:
        try:
            while not stop.wait(LOOK_SECONDS):
                try:
                    self._look()
                except Exception:
                    self._logger.warning("Kaput cannot mail in the place of its server.", exc_info=True)
                    stop.wait(self._after)
        finally:
            if self._outage is not None:
                self._outage.close()

    def _look(self) -> None:
        away, spool = self._sender.away_seconds(), self._sender.spool()
        if not away or spool is None:
            self._end()
            return
        names = spool.names()
        if self._outage is None:
            if not is_long(away, names, self._after, time.time()):
                return
            self._outage = self._begin()
        self._take(self._outage, spool, names)

    def _take(self, outage: Outage, spool: Spool, names: list[str]) -> None:
        for name in names:
            payload = None if name in self._taken else spool.read(name)
            if payload is not None:
                outage.take(event_id_of(name), payload)
        self._taken = set(names)

    def _end(self) -> None:
        outage, self._outage = self._outage, None
        self._taken.clear()
        if outage is not None:
            outage.end()


def is_long(away: float, names: list[str], after: float, now: float) -> bool:
    """Answers whether the server has been away for too long.

    Args:
        away: seconds for which this process knows of it.
        names: of the events that wait, oldest first; that an event waits for long tells it after a restart too.
        after: seconds that are too long.
        now: seconds since the epoch.
    """
    return away > after or (bool(names) and now - written_at(names[0]) > after)


def attach(app: Flask, settings: Settings, own: TrackerSettings, sender: Sender, first_use: FirstUse) -> Mails | None:
    """Returns what mails in the place of the server; None without ADMINS or a mail server."""
    logger = logging.getLogger(app.name)
    if settings.admins and not own.settings.smtp_host:
        first_use.add(lambda: logger.warning(NO_SERVER))
    if not (settings.admins and own.settings.smtp_host):
        return None
    name, known = app.name, weakref.ref(app)

    def begin() -> Outage:
        from flask_kaput.embedded.outage import StandIn

        return StandIn(name, own.settings, settings.admins, lambda: bool(getattr(known(), "testing", True)))

    mails = Mails(sender, settings.mail_after, begin, logger)
    first_use.add(mails.start)
    return mails
