"""What the one leading process does: brings the database up to date, digests, watches, tells, deletes what is old.

In: the home of the tracker and its address. Out: visible events, mails. It loads SQLAlchemy, so `tracker.py` imports it
in the thread that leads, and no request waits for it.
"""

import logging
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from flask_kaput.embedded.home import Home, enter_token
from kaput.buffer.reader import SegmentReader
from kaput.directory import migrate_database
from kaput.errors import KaputError
from kaput.installation import Installation, attach
from kaput.model import Happened, Situation, Verdict
from kaput.serve.work import open_source, work
from kaput.tell.rules import evaluate
from kaput.view.secret import setup_token

NAMED = "embedded_name"
"""The fact that holds the application's name after it was given to the first project, which people may rename."""

_log = logging.getLogger(__name__)


class Leading:
    """Implements `election.Leader`."""

    def __init__(self, home: Home, address: str) -> None:
        """Prepares; `address` is where this process was reached, empty when that is not known."""
        self._home = home
        self._address = address
        self._stop = threading.Event()
        self._source: SegmentReader | None = None
        self._closing = threading.Lock()

    def run(self) -> None:
        """See `election.Leader.run`.

        Raises:
            StartError: the database cannot be used.
        """
        migrate_database(self._home.settings)
        with replace(attach(self._home.settings), default_address="") as installation:
            with suppress(KaputError):  # a database that is held for a moment: the address is noted another time
                self._introduce(installation)
            source = self._source = open_source(installation)
            try:
                work(installation, source, self._stop, self._told)
            finally:
                with self._closing:
                    self._source = None
                    source.close()

    def stop(self) -> None:
        """See `election.Leader.stop`."""
        self._stop.set()
        with self._closing:  # a file that is closed meanwhile may be another one by then
            if self._source is not None:
                self._source.wake()

    def let_go(self) -> None:
        """See `election.Leader.let_go`. Connections to the database stay open: SQLite forbids a child to close them."""
        if self._source is not None:
            self._source.close()

    def _told(self, happened: Sequence[Happened], situation: Situation) -> Verdict:
        """Tells the administrators of the application as if they were members of each project."""
        return evaluate(happened, situation, self._home.admins)

    def _introduce(self, installation: Installation) -> None:
        """Notes the address, names the project after the application, and says how to get in."""
        store = installation.store
        if not store.facts.get(NAMED):
            first = next(project for project in store.projects.all() if not project.internal)
            store.projects.rename(first.id, self._home.name)
            store.facts.set(NAMED, self._home.name)
        if self._home.stands_in:
            return
        if self._address:
            store.facts.set("address", self._address)
        base = installation.settings.url.rstrip("/") or self._address
        kept = f"Kaput shows what fails in {self._home.name}."
        if self._home.is_local(base):
            _say(f"{kept} On this machine you get in by {base}/enter?token={enter_token(installation.secret)}")
        elif not store.accounts.any():
            token = setup_token(installation.secret)
            _say(f"{kept} Make your account at {base or self._home.path}/setup?token={token}")


def _say(line: str) -> None:
    """Writes a line where the server of the application writes its own."""
    with suppress(OSError, ValueError):  # nobody reads it any more
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
