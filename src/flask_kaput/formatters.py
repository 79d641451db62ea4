"""How a record becomes text. In: records, and formats of the standard library. Out: text that holds no secret.

`Formatter` is for applications, to use or to subclass; `guard` makes every other formatter of a handler as safe.
"""

import logging
import logging.handlers
from collections.abc import Callable, Mapping
from typing import Any, Literal

from flask_kaput.records import one_line, prepared, remember

FILE_FORMAT = (
    "%(asctime)s %(levelname)s %(name)s: %(message)s [in %(pathname)s:%(lineno)d]"
    " [%(method)s %(path)s %(endpoint)s %(remote_addr)s %(user)s %(request_id)s]"
)
"""One line for each record."""

MAIL_FORMAT = """
Message type:       %(levelname)s
Location:           %(pathname)s:%(lineno)d
Module:             %(module)s
Function:           %(funcName)s
Time:               %(asctime)s
Request:            %(method)s %(path)s
Endpoint:           %(endpoint)s
Remote address:     %(remote_addr)s
User:               %(user)s
Request id:         %(request_id)s

Message:

%(message)s
"""
"""A page for each record, for mails."""

Style = Literal["%", "{", "$"]


class Formatter(logging.Formatter):
    """A formatter whose records have the fields of their request, their true place, no forged line and no secret.

    It takes the arguments of `logging.Formatter`; without a format it writes `FILE_FORMAT`. `format`, `formatTime` and
    `formatException` may be overridden as there. It works with any handler, one that was not given to Kaput too.
    """

    def __init__(
        self,
        fmt: str | None = None,
        datefmt: str | None = None,
        style: Style = "%",
        validate: bool = True,  # noqa: FBT001, FBT002 - the standard library's signature
        *,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(fmt if fmt or style != "%" else FILE_FORMAT, datefmt, style, validate, defaults=defaults)
        self._filter = _secret_filter()

    def format(self, record: logging.LogRecord) -> str:
        """Returns the text of a record."""
        ready = prepared(record, self)
        text = super().format(ready)
        return text if ready is record else self._filter(text)

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Returns the text without traceback: one line, unless the format has several."""
        text = super().formatMessage(record)
        return text if "\n" in (self._fmt or "") else one_line(text)


class Guard(logging.Formatter):
    """Makes another formatter safe, and leaves its work to it."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self.inner = inner
        self._filter = _secret_filter()

    def format(self, record: logging.LogRecord) -> str:
        """Returns the other formatter's text of a record, on one line where its format is one, without secrets."""
        ready = prepared(record, self.inner)
        if not self._is_plain():
            return self._filter(self.inner.format(ready))
        tail = [text for text in (ready.exc_text, ready.stack_info) if text]
        ready.exc_info, ready.exc_text, ready.stack_info = None, None, None
        return self._filter("\n".join([one_line(self.inner.format(ready)), *tail]))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """Returns the other formatter's time of a record."""
        return self.inner.formatTime(record, datefmt)

    def formatException(self, ei: Any) -> str:
        """Returns the other formatter's text of an exception, without secrets."""
        return self._filter(self.inner.formatException(ei))

    def _is_plain(self) -> bool:
        """Whether the format is one line and nobody overrode what is made of it."""
        return type(self.inner).format is logging.Formatter.format and "\n" not in (self.inner._fmt or "")


class QueueGuard(Guard):
    """The guard of a handler that hands records to a queue, whose text is put together before and formatted behind it.

    The parts go with the record, so that a formatter behind the queue can tell the traceback from the message.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Returns message and traceback, and keeps them on the record."""
        ready = prepared(record, self.inner)
        message, exc_text, stack_info = (
            self._filter(part) if part else None for part in (str(ready.msg), ready.exc_text, ready.stack_info)
        )
        remember(record, message or "", exc_text, stack_info)
        return "\n".join(part for part in (message or "", exc_text, stack_info) if part is not None)


def guard(handler: logging.Handler) -> None:
    """Sees to it that what a handler formats is safe, whatever formatter it has."""
    inner = handler.formatter
    if isinstance(inner, Guard) or getattr(inner, "is_safe", False):
        return
    kind = QueueGuard if isinstance(handler, logging.handlers.QueueHandler) else Guard
    handler.setFormatter(kind(inner or logging.Formatter()))


def _secret_filter() -> Callable[[str], str]:
    from flask_kaput.secrets import without_secrets  # 9 MB that only who writes a log needs

    return without_secrets
