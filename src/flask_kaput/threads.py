"""Errors of threads. In: what `threading.excepthook` is called with. Out: events, and the call of the hook before it.

One of the two files that change something outside the application, since Python has one hook for a process. It is
chained: whatever stood there is called as before. Several applications share one link of the chain; an error goes to
the one whose files stand in the traceback, and to the first one when none or several do. `extension.py` attaches it.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any
from weakref import ReferenceType, ref

from flask import Flask

from flask_kaput.report import Reporter


class Link:
    """A link in the chain of hooks; the state of what it does is on itself, in `threading.excepthook`."""

    def __init__(self, before: Callable[[Any], Any]) -> None:
        self.before = before
        self._watched: list[tuple[str, ReferenceType[Reporter]]] = []

    def add(self, root: str, reporter: Reporter) -> None:
        """Has errors of threads reported, those above all whose traceback has files under `root`."""
        self._watched = [(path, known) for path, known in self._watched if known() is not None]
        self._watched.append((root, ref(reporter)))

    def remove(self, reporter: Reporter) -> bool:
        """Has no more errors reported by this reporter; answers whether nobody is left."""
        self._watched = [(path, known) for path, known in self._watched if known() not in {None, reporter}]
        return not self._watched

    def __call__(self, failed: threading.ExceptHookArgs) -> None:
        """Reports the error of a thread, and calls the hook that was there before."""
        reporter = self._reporter(failed.exc_traceback)
        if reporter is not None and isinstance(failed.exc_value, Exception):
            reporter.report_thread(failed.exc_value)
        self.before(failed)

    def _reporter(self, traceback: TracebackType | None) -> Reporter | None:
        living = [(root, reporter) for root, known in self._watched if (reporter := known()) is not None]
        files = list(_files(traceback))
        own = [reporter for root, reporter in living if any(Path(file).is_relative_to(root) for file in files)]
        if len(own) == 1:
            return own[0]
        return living[0][1] if living else None


def attach(app: Flask, reporter: Reporter) -> None:
    """Watches the threads of the process for an application."""
    hook: Any = threading.excepthook
    if not isinstance(hook, Link):
        hook = Link(hook)
        threading.excepthook = hook
    hook.add(app.root_path, reporter)


def detach(reporter: Reporter) -> None:
    """Watches no more for this reporter; the last one takes the link out, if nobody chained another hook to it."""
    hook: Any = threading.excepthook
    if isinstance(hook, Link) and hook.remove(reporter):
        threading.excepthook = hook.before


def _files(traceback: TracebackType | None) -> Iterator[str]:
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename
        traceback = traceback.tb_next
