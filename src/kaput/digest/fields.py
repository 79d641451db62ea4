"""Reads fields of any type as the type that the event has for them.

In: a decoded object and the name of a field. Out: a value of the wanted type; what could not be kept is noted as a
field error. Only the digest stage imports it.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from kaput.digest.trim import bound, bound_object, cut
from kaput.model import FieldError

_MOST_ERRORS = 50
_SHOWN = 100
"""Characters of a value that a field error shows."""
_TEXT_DEPTH = 6


class Notes:
    """Collects the field errors of one event, a bounded number of them."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def add(self, kind: str, name: str, value: str = "") -> None:
        """Notes that the field `name` could not be kept as it came."""
        if len(self.errors) < _MOST_ERRORS:
            self.errors.append(FieldError(kind, cut(name, 200), value))

    def invalid(self, name: str, value: Any) -> None:
        """Notes a value of a type from which nothing can be kept."""
        self.add("invalid_data", name, shown(value, _SHOWN))

    def trimmed(self, name: str) -> None:
        """Notes that something was cut."""
        self.add("trimmed", name)


def shown(value: Any, limit: int) -> str:
    """The value as text of at most `limit` characters: texts as they are, everything else as JSON."""
    if isinstance(value, str):
        return cut(value, limit)
    return cut(msgspec.json.encode(bound(value, limit, _TEXT_DEPTH)[0]).decode(), limit)


def text(source: dict[str, Any], key: str, limit: int, notes: Notes, path: str = "") -> str:
    """Reads a text of at most `limit` characters; numbers become text, objects and lists are noted and left out."""
    value = source.get(key)
    if type(value) is str and len(value) <= limit:
        return value
    if value is None:
        return ""
    if isinstance(value, dict | list):
        notes.invalid(path + key, value)
        return ""
    return prose(value, limit, notes, path + key)


def prose(value: Any, limit: int, notes: Notes, name: str) -> str:
    """Reads any value as text of at most `limit` characters; objects and lists become JSON."""
    if value is None:
        return ""
    if isinstance(value, str) and len(value) > limit:
        notes.trimmed(name)
    return shown(value, limit)


def whole(source: dict[str, Any], key: str, notes: Notes, path: str) -> int | None:
    """Reads a whole number that fits into 53 bits, as text too."""
    value = source.get(key)
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is int and -(2**53) <= value <= 2**53:
        return value
    notes.invalid(path + key, value)
    return None


def flag(value: Any) -> bool | None:
    """Reads true or false; None for everything else."""
    return value if isinstance(value, bool) else None


def mapping(source: dict[str, Any], key: str, notes: Notes, path: str = "") -> dict[str, Any]:
    """Reads an object; empty when there is none."""
    value = source.get(key)
    if isinstance(value, dict):
        return value
    if value is not None and value not in ([], ""):
        notes.invalid(path + key, value)
    return {}


def bounded(
    source: dict[str, Any], key: str, characters: int, depth: int, notes: Notes, path: str = ""
) -> dict[str, Any]:
    """Reads an object and cuts it to about so many characters and so many levels."""
    value = mapping(source, key, notes, path)
    if not value:
        return {}
    value, trimmed = bound_object(value, characters, depth)
    if trimmed:
        notes.trimmed(path + key)
    return value


def values(raw: Any, notes: Notes, name: str) -> list[Any]:
    """Reads a list that may also come as `{"values": [...]}`, as one object, or as one text."""
    if isinstance(raw, dict) and "values" in raw:
        raw = raw["values"]
    if isinstance(raw, list):
        return raw
    if raw is None:
        return []
    if isinstance(raw, dict | str) and raw:
        return [raw]
    notes.invalid(name, raw)
    return []


def pairs(raw: Any, notes: Notes, name: str) -> Iterator[tuple[str, Any]]:
    """Reads names with values: an object, or a list of pairs, or a list of such objects; None is left out."""
    if isinstance(raw, dict):
        yield from ((key, value) for key, value in raw.items() if value is not None)
    elif isinstance(raw, list):
        for item in raw:
            if isinstance(item, list) and len(item) == 2 and isinstance(item[0], str | int | float):
                yield str(item[0]), item[1]
            elif isinstance(item, dict) and len(item) == 1:
                yield from item.items()
            elif item is not None:
                notes.invalid(name, item)
    elif raw is not None:
        notes.invalid(name, raw)


def moment(value: Any) -> float | None:
    """Reads a time: seconds since the epoch as number or text, or ISO 8601 with or without an offset (then UTC)."""
    if type(value) is not str:
        return _seconds(value)
    if len(value) > 64:
        return None
    try:
        time = datetime.fromisoformat(value.strip())
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return _number(value)


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e12 else None


def _number(value: str) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and abs(seconds) < 1e12 else None
