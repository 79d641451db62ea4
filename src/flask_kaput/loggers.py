"""Which records go to which handler. In: an application, names of loggers, handlers. Out: attached handlers.

The standard library's loggers belong to the process: two applications of one name have one logger, and a library's
logger serves all of them. So each handler is attached through a `Tap` of one application, which takes the records of
that application only, and each of them once. `extension.py` attaches it.
"""

import logging
import weakref
from collections.abc import Callable, Iterable, Sequence

from flask import Flask, current_app, has_app_context
from flask.logging import default_handler, has_level_handler

from flask_kaput.formatters import guard
from flask_kaput.records import annotate

_TAKEN = "kaput_taken"
"""Attribute of a record: the destinations that have it."""


class Tap(logging.Handler):
    """Hands the records of one application to a handler, each once."""

    def __init__(self, app: Flask, handler: logging.Handler, level: int, destination: object) -> None:
        """Makes a tap.

        Args:
            app: whose records; the tap does not keep it alive.
            handler: what writes them.
            level: the lowest, unless the handler has one of its own.
            destination: what names the place they go to; of two taps with one destination the first writes.
        """
        super().__init__(handler.level or level)
        self._app = weakref.ref(app)
        self._app_name = app.name
        self._inner = handler
        self._destination = destination
        self._key = destination if isinstance(destination, str) else id(destination)
        """What a record notes of the destination; it may be pickled on its way through a queue."""
        self.handed = 0
        """Records that were handed on."""

    @property
    def lost(self) -> int:
        """Records that the handler could not write, as far as it counts them."""
        return int(getattr(self._inner, "lost", 0))

    def __str__(self) -> str:
        return str(self._destination)

    def handle(self, record: logging.LogRecord) -> bool:
        """Hands a record on, unless it is another application's or was here before."""
        if record.levelno < self._inner.level or not self._concerns(record) or not self.filter(record):
            return False
        taken = record.__dict__.setdefault(_TAKEN, set())
        if self._key in taken:
            return False
        taken.add(self._key)
        try:
            annotate(record)
            guard(self._inner)
            self._inner.handle(record)
            self.handed += 1
        except Exception:  # noqa: BLE001 - a request does not fail because of its log
            self.handleError(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Hands a record on."""
        self.handle(record)

    def _concerns(self, record: logging.LogRecord) -> bool:
        """Answers whether a record is our application's.

        It is when our application is at work, and when none is. While another one is, only a record of our own
        logger is ours, and only if the other one has another name.
        """
        app = self._app()
        if app is None or app.testing:
            return False
        if not has_app_context():
            return True
        current = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy has it
        if current is app:
            return True
        return current.name != self._app_name and _is_below(record.name, self._app_name)


class Annotation(logging.Filter):
    """Lets every record through, with its request and place, which handlers that are not ours can then write too."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Annotates a record."""
        annotate(record)
        return True


class Loggers:
    """What was attached for one application."""

    def __init__(self, detach: Callable[[], object], names: Iterable[str], taps: Iterable[Tap]) -> None:
        self._detach = detach
        self.names = tuple(names)
        """Of the loggers, the application's first."""
        self.taps = tuple(taps)
        """Where the records go; each names its destination as text."""

    def close(self) -> None:
        """Detaches everything, and closes the handlers that were made for the application."""
        self._detach()


def attach(
    app: Flask,
    names: Sequence[str],
    level: int,
    handlers: Iterable[tuple[logging.Handler, object]],
    *,
    given: Iterable[logging.Handler] = (),
    alone: bool = False,
) -> Loggers:
    """Attaches handlers to the logger of an application and to those that are named, and to no other.

    Args:
        app: the application; when it is gone, everything is detached.
        names: of other loggers, such as `sqlalchemy.engine`.
        level: the lowest of the records, for handlers that have none of their own.
        handlers: made for this application, each with its destination; they are closed with it.
        given: the application's own; they stay open.
        alone: whether Flask's own handler, which writes to stderr, is taken off.
    """
    made = list(handlers)
    own = _own_logger(app.name, alone=alone)
    loggers = list(dict.fromkeys([own, *map(logging.getLogger, names)]))
    annotation = Annotation()
    taps = [Tap(app, handler, level, place) for handler, place in made]
    others = list(given)
    taps += [Tap(app, handler, level, handler) for handler in others]
    for logger in loggers:
        logger.addFilter(annotation)
        for tap in taps:
            logger.addHandler(tap)
    # The finalizer must not hold the application.
    detach = weakref.finalize(app, _detach, loggers, annotation, taps, [handler for handler, _ in made])
    return Loggers(detach, [logger.name for logger in loggers], taps)


def _own_logger(name: str, *, alone: bool) -> logging.Logger:
    """Returns the logger of an application, with the handler that Flask would give it.

    `app.logger` is not asked: with its first use it takes its level from `app.debug`, which may be set later.
    """
    logger = logging.getLogger(name)
    if alone:
        logger.removeHandler(default_handler)
    elif not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger


def _detach(
    loggers: list[logging.Logger], annotation: Annotation, taps: list[Tap], made: list[logging.Handler]
) -> None:
    for logger in loggers:
        logger.removeFilter(annotation)
        for tap in taps:
            logger.removeHandler(tap)
    for handler in [*taps, *made]:
        handler.close()


def _is_below(name: str, parent: str) -> bool:
    return name == parent or name.startswith(f"{parent}.")
