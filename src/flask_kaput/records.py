"""What a log record gets before it is written: the request it belongs to, its true place, and no line that is forged.

In: a record of the standard library's logging. Out: the same record with more attributes, or a copy that is safe to
format. Formatters and handlers of the extension import it.
"""

import copy
import logging
import re
from collections.abc import Mapping

from flask import current_app, g, has_app_context, has_request_context, request

from flask_kaput.location import relocate
from flask_kaput.request_id import KEY as REQUEST_ID

FIELDS = ("method", "path", "endpoint", "remote_addr", "user", "request_id")
"""Attributes that every record has beside those of the standard library; `-` where there is nothing to say."""
NOTHING = "-"
LONGEST = 1024 * 1024
"""Characters of a message or a traceback; what is beyond is left out, and said to be."""

_ANNOTATED = "kaput_annotated"
_READY = "kaput_ready"
_PARTS = "kaput_parts"
OWN_PREFIXES = ("kaput_", "_kaput_")
"""How attributes begin by which the extension knows what it did to a record."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
"""What ends a line somewhere, or tells a terminal to do something; a tab does not."""
_INDENT = "    "


def annotate(record: logging.LogRecord) -> None:
    """Gives a record its request and its true place, once; it must be called where the record was made.

    What the application gave as `extra` under one of the names stays.
    """
    if record.__dict__.get(_ANNOTATED):
        return
    record.__dict__[_ANNOTATED] = True
    for name, value in request_fields().items():
        record.__dict__.setdefault(name, one_line(value))
    is_library = relocate(record, current_app.root_path if has_app_context() else "")
    if is_library and isinstance(record.msg, str) and not record.args:
        record.msg = one_line(record.msg)  # Flask's own line has the path in it, and any handler may write it


def request_fields() -> Mapping[str, str]:
    """Returns what is known of the request that is being answered; outside of one a dash for each field."""
    if not has_request_context():
        return dict.fromkeys(FIELDS, NOTHING)
    return {
        "method": request.method,
        "path": request.path,
        "endpoint": request.endpoint or NOTHING,
        "remote_addr": request.remote_addr or NOTHING,
        "user": _user() or NOTHING,
        "request_id": request.environ.get(REQUEST_ID) or NOTHING,
    }


def prepared(record: logging.LogRecord, formatter: logging.Formatter) -> logging.LogRecord:
    """Returns a copy of a record that no text from outside can break out of.

    The message, which a path or a header may stand in, is one line: line ends and other control characters become
    escapes. A traceback and a stack are indented, so that each line that begins at the margin begins a record.

    Args:
        record: as it was logged; a prepared one is returned as it is.
        formatter: whose `formatException` makes text of the exception.
    """
    if record.__dict__.get(_READY):
        return record
    annotate(record)
    ready = copy.copy(record)
    ready.__dict__[_READY] = True
    for name, value in record.__dict__.items():
        if isinstance(value, str) and name not in {"msg", "message", "exc_text", "stack_info"}:
            ready.__dict__[name] = one_line(value)
    message, ready.exc_text, ready.stack_info = _parts(record, formatter)
    if not record.exc_info or record.exc_info[0] is None:
        ready.exc_info = None
    ready.msg, ready.args = message, None
    return ready


def remember(record: logging.LogRecord, message: str, exc_text: str | None, stack_info: str | None) -> None:
    """Keeps the safe parts of a record that a queue will put together in one text, for who takes it from the queue."""
    record.__dict__[_PARTS] = (message, exc_text, stack_info)


def one_line(text: str) -> str:
    """Returns a text with its line ends and control characters as escapes, as Python writes them."""
    return text if text.isprintable() else _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def _parts(record: logging.LogRecord, formatter: logging.Formatter) -> tuple[str, str | None, str | None]:
    """Returns message, traceback and stack of a record, each safe."""
    kept = record.__dict__.get(_PARTS)
    if kept is not None and not record.exc_info:
        message, exc_text, stack_info = kept
        return message, exc_text, stack_info
    exc_text = record.exc_text
    if record.exc_info and record.exc_info[0] is not None:
        exc_text = formatter.formatException(record.exc_info)
    return one_line(_bounded(_message(record))), _indented(exc_text), _indented(record.stack_info)


def _message(record: logging.LogRecord) -> str:
    """Returns the message; when its arguments do not fit, both, since a record is not lost for that."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - what a value's __str__ raises can be anything
        return f"{record.msg!s} (its {len(record.args or ())} arguments do not fit)"


def _indented(text: str | None) -> str | None:
    if not text:
        return None
    return "\n".join(_INDENT + one_line(line) for line in _bounded(text).split("\n"))


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} [{len(text) - LONGEST} more characters]"


def _user() -> str:
    """Returns who is logged in, as Flask-Login knows it without asking a database, or as the server says."""
    user = g.get("_login_user")
    if user is None:
        return request.remote_user or ""
    try:
        return str(user.get_id() or "")
    except Exception:  # noqa: BLE001 - the application's own class
        return ""
