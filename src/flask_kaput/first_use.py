"""The first use of an application in a process: the moment when threads may start.

In: each request, from `wsgi.py`. Out: calls, once in each process, of what the parts want done then. A preloading
server imports the application and forks afterwards; the reloader's parent and most commands import it and serve
nothing. None of them gets a thread.
"""

import os
import weakref
from collections.abc import Callable

from flask import Flask


class FirstUse:
    """What is to be done at the first use of an application in each process, and not at all while it is tested.

    Attributes:
        done: whether it was done in this process.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.done = False
        self._duties: list[Callable[[], None]] = []
        forked = weakref.WeakMethod(self._forked)
        os.register_at_fork(after_in_child=lambda: _call(forked()))

    def add(self, duty: Callable[[], None]) -> None:
        """Has something done at the first request; it is quick, and twice is the same as once."""
        self._duties.append(duty)

    def note(self) -> None:
        """Does what is to be done, if this is the first request of the process."""
        if self.done or self._app.testing:
            return
        self.done = True
        for duty in self._duties:
            try:
                duty()
            except Exception:
                self._app.logger.warning("Kaput could not start a part.", exc_info=True)

    def _forked(self) -> None:
        self.done = False


def _call(method: Callable[[], None] | None) -> None:
    if method is not None:
        method()
