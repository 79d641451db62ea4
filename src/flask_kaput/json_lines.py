"""Records as lines of JSON. In: records. Out: one object on one line for each, without secrets.

`KAPUT_LOG_JSON` writes them to stdout, where containers are read; the formatter works with any other handler too.
"""

import json
import logging
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from flask_kaput.records import FIELDS, NOTHING, OWN_PREFIXES, annotate

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_DEEPEST = 6
"""Levels of what the application gave as `extra`; what is deeper is text."""
_LONGEST = 1024 * 1024


class JsonFormatter(logging.Formatter):
    """A formatter that writes an object of JSON on one line.

    Its keys: `time` (UTC, RFC 3339), `level`, `logger`, `message`, `app`, `file`, `line`, `function`, those of the
    request (`method`, `path`, `endpoint`, `remote_addr`, `user`, `request_id`; `-` where there is none), `exception`
    (`type`, `message`, `traceback`), `stack`, and what the application gave as `extra`. `document` may be overridden.
    """

    is_safe = True
    """What it writes needs no guard: JSON has no line ends, and it filters by keys as well."""

    def __init__(self, name: str = "") -> None:
        """Makes a formatter; `name` is that of the application, under `app`, when there is one."""
        super().__init__()
        self._name = name
        self._filter = _document_filter()

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line of a record."""
        annotate(record)
        document = self._filter(_plain(self.document(record), 0))
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).translate(_SEPARATORS)

    def document(self, record: logging.LogRecord) -> dict[str, Any]:
        """Returns the object of a record, as it is before secrets are filtered."""
        found: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        if self._name:
            found["app"] = self._name
        found |= {"file": record.pathname, "line": record.lineno, "function": record.funcName}
        found |= {name: record.__dict__.get(name, NOTHING) for name in FIELDS}
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, _ = record.exc_info
            traceback = self.formatException(record.exc_info)
            found["exception"] = {"type": kind.__name__, "message": _text(error), "traceback": traceback}
        elif record.exc_text:
            found["exception"] = {"traceback": record.exc_text}
        if record.stack_info:
            found["stack"] = record.stack_info
        return found | {key: value for key, value in _extra(record).items() if key not in found}


class StdoutHandler(logging.StreamHandler[TextIO]):
    """A handler that writes to what stdout is at the moment, as capturing tests and servers replace it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # it is looked up at each use
        """Where to write."""
        return sys.stdout


_SEPARATORS = {0x2028: "\\u2028", 0x2029: "\\u2029", 0x85: "\\u0085"}
"""Line ends of Unicode, which JSON allows in a text."""


def _extra(record: logging.LogRecord) -> Mapping[str, Any]:
    known = _STANDARD.union(FIELDS)
    items = record.__dict__.items()
    return {key: value for key, value in items if key not in known and not key.startswith(OWN_PREFIXES)}


def _plain(value: Any, depth: int) -> Any:
    """Returns a value as JSON can have it; what is no JSON is text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)  # NaN and infinity are no JSON
    if isinstance(value, str):
        return value[:_LONGEST].encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return {_text(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
        return [_plain(item, depth + 1) for item in value]
    return _plain(_text(value), depth)


def _text(value: Any) -> str:
    """Returns the text of a value, whatever its class does."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - the application's own class
        return f"<{type(value).__name__} that has no text>"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - as above
        return f"{_text(record.msg)} (its {len(record.args or ())} arguments do not fit)"


def _document_filter() -> Callable[[dict[str, Any]], dict[str, Any]]:
    from flask_kaput.secrets import document_without_secrets  # 9 MB that only who writes a log needs

    return document_without_secrets
