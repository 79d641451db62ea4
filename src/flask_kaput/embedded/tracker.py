"""The tracker of an application in one process: opened at first use, begun again in a process that is forked.

In: a home. Out: an inlet for events, the page, and a candidate for the lead. The files of
`embedded/` import it.

What is heavy is imported where it is needed first: by the process that leads in its own thread, by others when
somebody opens the page.
"""

import logging
import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING
from wsgiref.types import WSGIApplication, WSGIEnvironment

from flask_kaput.embedded.address import address_of
from flask_kaput.embedded.election import Election, Leader
from flask_kaput.embedded.home import Home
from flask_kaput.embedded.inlet import Inlet
from kaput.directory import read_secret
from kaput.errors import KaputError
from kaput.store.revision import Revision, read_revision

if TYPE_CHECKING:
    from flask_kaput.embedded.page import Page

_log = logging.getLogger(__name__)


class Tracker:
    """One application's tracker in this process; safe to be used by any thread."""

    def __init__(self, home: Home, testing: Callable[[], bool]) -> None:
        """Begins nothing.

        Args:
            home: what it is made of.
            testing: answers whether the application is being tested: then nothing is kept.
        """
        self.home = home
        self._testing = testing
        self._inherited: list[object] = []
        self._begin()
        forked = weakref.WeakMethod(self._forked)
        os.register_at_fork(after_in_child=lambda: _call(forked()))

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._inlet: Inlet | None = None
        self._election: Election | None = None
        self._page: Page | None = None
        self._closed = False

    def deliver(self, event_id: str, payload: bytes) -> None:
        """Keeps an event of this process, durably; raises nothing. See `flask_kaput.transport.Deliver`."""
        if self._testing() or self._closed:
            return
        try:
            self.inlet().keep(event_id, payload)
        except KaputError as error:
            _log.warning("An event of this application was not kept: %s", error)

    def trouble(self) -> str:
        """Returns why events of this process are not kept, in a sentence; empty when they are."""
        try:
            return next(iter(self.inlet().problems()), "")
        except KaputError as error:
            return str(error)

    def secret(self) -> bytes:
        """Returns the secret that all processes share; raises StartError when the directory cannot be used."""
        self.inlet()
        return read_secret(self.home.settings)

    def inlet(self) -> Inlet:
        """Returns the way in of this process; raises StartError when the directory cannot be used."""
        inlet = self._inlet
        if inlet is None:
            with self._lock:
                inlet = self._inlet = self._inlet or Inlet(self.home.settings)
        return inlet

    def stand(self, environ: WSGIEnvironment) -> None:
        """Makes this process a candidate for the lead, at the first request that it answers.

        Args:
            environ: of the request, which tells the address; empty when none is needed.
        """
        if self.stands:
            return
        with self._lock:
            if self._election is None:
                for warning in self.home.warnings:
                    _log.warning("%s", warning)
                address = address_of(environ, self.home.path)
                self._election = Election(self.home.settings, lambda: self._leader(address))
                self._election.start()

    @property
    def stands(self) -> bool:
        """Whether there is nothing to begin in this process."""
        return self._election is not None or self._closed

    def page(self) -> WSGIApplication | None:
        """Returns the page; None while there is no database yet, which the leader makes."""
        page = self._page
        if page is None:
            with self._opening:  # not the other lock: an event must not wait until the page is loaded
                page = self._page = self._page or self._create_page()
        return page.answer if page is not None else None

    @property
    def leads(self) -> bool:
        """Whether this process leads."""
        return self._election is not None and self._election.leads

    @property
    def problem(self) -> str:
        """Why nothing becomes visible, as far as this process knows; empty when all is well."""
        return self._election.problem if self._election is not None else ""

    def close(self) -> None:
        """Ends the threads of this process; the lead goes to another one."""
        self._closed = True
        with self._lock:
            election, inlet, page = self._election, self._inlet, self._page
            self._election = self._inlet = self._page = None
        if election is not None:
            election.stop()
        if inlet is not None:
            inlet.close()
        if page is not None:
            page.close()

    def _leader(self, address: str) -> Leader:
        from flask_kaput.embedded.leader import Leading

        return Leading(self.home, address)

    def _create_page(self) -> "Page | None":
        if read_revision(self.home.settings.database) is not Revision.CURRENT:
            return None
        from flask_kaput.embedded.page import open_page

        return open_page(self.home, self.inlet().problems)

    def _forked(self) -> None:
        """Begins anew in a child: threads did not come along, files have to stay the parent's."""
        for part in (self._inlet, self._election):
            if part is not None:
                part.let_go()
        self._inherited += [self._inlet, self._election, self._page]  # SQLite forbids a child to close connections
        self._begin()


def _call(method: Callable[[], None] | None) -> None:
    if method is not None:
        method()
