"""The log message of an event, from the four forms in which clients send it.

In: the decoded `logentry` and `message`. Out: a LogEntry, bounded. Only `normalise.py` imports it.
"""

import re
from typing import Any

from kaput.digest.fields import Notes, prose, shown
from kaput.digest.trim import bound, cut
from kaput.model import LogEntry

_TEXT = 8192
_PARAMS, _PARAMS_DEPTH = 2048, 3
_PARAM = 500
_PLACE = re.compile(r"%(?:\((\w{1,100})\))?[-+#0 ]{0,5}\d{0,5}(?:\.\d{1,5})?([sdrfiouxXeEgGc%])")


def log_entry(entry: Any, message: Any, notes: Notes) -> LogEntry | None:
    """Reads the template, its parameters and the formatted text.

    Args:
        entry: `logentry` or `sentry.interfaces.Message`: an object or a text.
        message: the top-level `message`: a text, or the same object.
        notes: takes what could not be kept.
    """
    if isinstance(message, dict) and not entry:
        entry, message = message, None
    fields = entry if isinstance(entry, dict) else {"formatted": entry}
    template = prose(fields.get("message"), _TEXT, notes, "logentry.message")
    formatted = prose(fields.get("formatted"), _TEXT, notes, "logentry.formatted")
    plain = prose(message, _TEXT, notes, "message")
    params = _params(fields.get("params"), notes)
    if not formatted and plain and plain != template:
        formatted = plain
    if not formatted and template:
        formatted = _format(template, params)
    if not formatted:
        return None
    return LogEntry(message=template, params=params, formatted=formatted)


def _params(raw: Any, notes: Notes) -> Any:
    if not isinstance(raw, dict | list):
        raw = None if raw is None else [raw]
    if not raw:
        return None
    params, trimmed = bound(raw, _PARAMS, _PARAMS_DEPTH)
    if trimmed:
        notes.trimmed("logentry.params")
    return params


def _format(template: str, params: Any) -> str:
    """Puts the parameters into a template of printf's kind, without its widths, which could be used to fill memory."""
    if not params:
        return template
    rest = iter(params if isinstance(params, list) else [])

    def fill(place: re.Match[str]) -> str:
        if place[2] == "%":
            return "%"
        if place[1]:
            return shown(params[place[1]], _PARAM) if isinstance(params, dict) and place[1] in params else place[0]
        for value in rest:
            return shown(value, _PARAM)
        return place[0]

    return cut(_PLACE.sub(fill, template), _TEXT)
