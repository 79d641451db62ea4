"""The log of the request that fails. In: records of `app.logger` and KAPUT_LOGGERS. Out: the last ones, on the passage.

They are kept as they are and formatted only when an event needs them. KAPUT_REQUEST_LOG lowers the level of exactly
these loggers; what is below the former level reaches no other handler. `extension.py` attaches it.
"""

import logging
from collections.abc import Iterable, Iterator
from typing import Any
from weakref import finalize, ref

from flask import Flask

from flask_kaput.passage import Passages
from flask_kaput.report import Reporter
from flask_kaput.settings import Settings


class Lowered:
    """A logger whose level was lowered, and what its level would be."""

    def __init__(self, logger: logging.Logger, level: int, app: Flask) -> None:
        self.logger = logger
        self._app = ref(app)
        self.level = level
        self._before = logger.level

    def apply(self) -> None:
        """Lowers the level."""
        self.logger.setLevel(self.level)

    def undo(self) -> None:
        """Puts the level back, unless somebody set another one since."""
        if self.logger.level == self.level:
            self.logger.setLevel(self._before)

    def hides(self, record: logging.LogRecord) -> bool:
        """Answers whether a record exists only because the level was lowered."""
        return (
            self.logger.level == self.level
            and record.levelno < self._former()
            and _decides(logging.getLogger(record.name)) is self.logger
        )

    def _former(self) -> int:
        """Returns the level that would hold now: that of a parent may have changed."""
        app = self._app()
        if app is not None and app.debug and not self._before and self.logger.name == app.name:
            return logging.DEBUG
        parent = self.logger.parent
        if self._before or parent is None:
            return self._before
        return parent.getEffectiveLevel()


class Gate(logging.Filter):
    """Keeps from other handlers what exists only because a level was lowered."""

    def __init__(self, lowered: Iterable[Lowered]) -> None:
        super().__init__()
        self._lowered = tuple(lowered)

    def filter(self, record: logging.LogRecord) -> bool:
        """Answers whether a handler gets a record."""
        return not any(lowered.hides(record) for lowered in self._lowered)


class RequestLog(logging.Handler):
    """Keeps records on the passage that is going on, and has errors among them reported."""

    def __init__(self, passages: Passages, lowered: Iterable[Lowered], reporter: Reporter | None, level: int) -> None:
        super().__init__()
        self._passages = passages
        self._lowered = tuple(lowered)
        self._gate = Gate(self._lowered)
        self._reporter = ref(reporter) if reporter is not None else None
        self._report_level = level
        self._loggers: tuple[logging.Logger, ...] = ()
        self._mark = f"_kaput_{id(self)}"
        """Attribute of a record that was here: it comes again with the handlers of the parents."""

    def createLock(self) -> None:  # noqa: N802 - the name is logging's
        """Makes no lock: a list takes records of several threads, and a request shall wait for no other one."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Keeps a record."""
        if self._lowered:
            self._guard(record)
        if self._mark in record.__dict__:
            return True
        record.__dict__[self._mark] = True
        if record.levelno >= logging.WARNING:
            self._stand_in(record)
        if self._passages.elsewhere():
            return True
        reporter = self._reporter() if self._reporter is not None else None
        if record.levelno >= self._report_level and reporter is not None:
            reporter.report_record(record)
        passage = self._passages.current()
        if passage is not None:
            passage.keep(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Is what logging asks of a handler; `handle` does it all."""

    def begin(self, loggers: Iterable[logging.Logger]) -> None:
        """Listens to loggers, and closes other handlers to records that exist only because a level was lowered."""
        self._loggers = tuple(dict.fromkeys(loggers))
        for logger in self._loggers:
            logger.addHandler(self)
        for lowered in self._lowered:
            lowered.apply()
        for lowered in self._lowered:
            for logger in _family(lowered.logger):
                self._close(logger)

    def release(self) -> None:
        """Listens no more, and opens the other handlers again, as far as they are in use."""
        for logger in self._loggers:
            logger.removeHandler(self)
        for lowered in self._lowered:
            lowered.undo()
            for logger in _family(lowered.logger):
                for handler in _handlers(logger):
                    handler.removeFilter(self._gate)

    def _guard(self, record: logging.LogRecord) -> None:
        """Does the same for handlers that came later: this one is called before those of the parents."""
        if any(lowered.hides(record) for lowered in self._lowered):
            self._close(logging.getLogger(record.name))

    def _stand_in(self, record: logging.LogRecord) -> None:
        """Does what logging does when a record comes to no handler: for it, this one is one."""
        others = (other for other in _handlers(logging.getLogger(record.name)) if not isinstance(other, RequestLog))
        last = logging.lastResort
        if last is not None and next(others, None) is None and self._gate.filter(record):
            last.handle(record)

    def _close(self, logger: logging.Logger) -> None:
        for handler in _handlers(logger):
            if not isinstance(handler, RequestLog) and self._gate not in handler.filters:
                handler.addFilter(self._gate)


def attach(app: Flask, settings: Settings, passages: Passages, reporter: Reporter | None) -> RequestLog:
    """Begins to keep the records of an application's loggers."""
    # `app.logger` is not asked: with its first use it takes its level from `app.debug`, which may be set later.
    loggers = [logging.getLogger(app.name), *(logging.getLogger(name) for name in settings.loggers)]
    level = logging.getLevelName(settings.request_log) if settings.request_log else logging.NOTSET
    lowered = [Lowered(logger, level, app) for logger in loggers if level and level < logger.getEffectiveLevel()]
    report_level = logging.getLevelName(settings.report_logs) if settings.report_logs else logging.CRITICAL + 1
    log = RequestLog(passages, lowered, reporter, report_level)
    log.begin(loggers)
    finalize(app, log.release)
    return log


def _decides(logger: logging.Logger) -> logging.Logger:
    """Returns the logger whose level holds for another one."""
    at: logging.Logger | None = logger
    while at is not None and at.level == logging.NOTSET and at.parent is not None:
        at = at.parent
    return at or logger


def _handlers(logger: logging.Logger) -> Iterator[logging.Handler]:
    """Yields all handlers that a record of a logger comes to."""
    at: logging.Logger | None = logger
    while at is not None:
        yield from at.handlers
        at = at.parent if at.propagate else None


def _family(logger: logging.Logger) -> Iterator[logging.Logger]:
    """Yields a logger and those below it that exist."""
    yield logger
    prefix = logger.name + "."
    known: Any = logger.manager.loggerDict
    yield from (one for name, one in list(known.items()) if name.startswith(prefix) and isinstance(one, logging.Logger))
