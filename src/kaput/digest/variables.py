"""What a fingerprint may name of an event: `{{ transaction }}`, `{{ type }}`, `{{ tags.plan }}`.

In: an event and a text. Out: the text with the values. Pure; `fingerprint.py` and `rules.py` import it.
"""

import re
from collections.abc import Callable

from kaput.digest.place import Place, place
from kaput.model import Event, ExceptionValue

DEFAULT = "default"
_VARIABLE = re.compile(r"\{\{\s*([\w.-]{1,100})\s*\}\}")
_TAG = "tags."


def is_default(text: str) -> bool:
    """Whether a text is nothing but `{{ default }}`."""
    match = _VARIABLE.fullmatch(text.strip())
    return match is not None and match[1] == DEFAULT


def filled(event: Event, text: str) -> str:
    """Returns a text with the values of its variables; an unknown one stays as it is written."""
    return _VARIABLE.sub(lambda found: _value(event, found[1], found[0]), text)


def unknown(text: str) -> str:
    """Returns the first variable of a text that means nothing, or an empty text."""
    names = (match[1] for match in _VARIABLE.finditer(text))
    return next((name for name in names if not _is_known(name)), "")


def _is_known(name: str) -> bool:
    return name == DEFAULT or name in _VARIABLES or (name.startswith(_TAG) and len(name) > len(_TAG))


def _value(event: Event, name: str, written: str) -> str:
    if name.startswith(_TAG):
        return event.tags.get(name.removeprefix(_TAG), "")
    return _VARIABLES[name](event) if name in _VARIABLES else written


def raised(event: Event) -> ExceptionValue:
    """Returns the exception that was raised last, an empty one when there is none."""
    return event.exception.values[-1] if event.exception and event.exception.values else ExceptionValue()


def message(event: Event) -> str:
    """Returns what was logged, else the value of the exception."""
    return event.logentry.formatted if event.logentry else raised(event).value


def _raised_at(event: Event) -> Place:
    stack = raised(event).stacktrace
    return (place(stack) if stack else None) or Place("", "", "", "", own=False)


_VARIABLES: dict[str, Callable[[Event], str]] = {
    "transaction": lambda event: event.transaction,
    "level": lambda event: event.level,
    "logger": lambda event: event.logger,
    "message": message,
    "type": lambda event: raised(event).type,
    "error.type": lambda event: raised(event).type,
    "value": lambda event: raised(event).value,
    "error.value": lambda event: raised(event).value,
    "function": lambda event: _raised_at(event).within,
    "stack.function": lambda event: _raised_at(event).within,
    "module": lambda event: _raised_at(event).module,
    "stack.module": lambda event: _raised_at(event).module,
    "release": lambda event: event.release,
    "environment": lambda event: event.environment,
    "platform": lambda event: event.platform,
    "server_name": lambda event: event.server_name,
}
