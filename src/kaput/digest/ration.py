"""Gives a huge event's fields a ration each, so that no event holds the worker for long.

In: the selected fields of an event, before the scrub. Out: the same fields, and the names of those that were cut. Only
`record.py` imports it.

Every later step takes time by the size of the event. What is beyond any limit of `normalise.py` need not be looked at:
whole entries are left out, the oldest of a list first. A text is cut only far behind what is kept of it in the end, so
that no secret can be cut into something that is not known for one.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

LARGE = 512 * 1024
MANY = 6000
"""Bytes and values; a smaller event is left as it is."""
RATION = 1024 * 1024
"""Characters of all fields together, about; each value counts for some more."""
VALUE = 160
"""Characters that a value counts for, since the later steps take as long for it as for so much text."""
TEXT = 64 * 1024
"""Characters of one text; `normalise.py` keeps 16,384 of one at most."""
DEPTH = 100
"""Levels; `normalise.py` keeps 7 at most."""

_encode = msgspec.json.Encoder().encode


def is_large(body: bytes) -> bool:
    """Answers whether an event has to be rationed."""
    return len(body) > LARGE or _values(body) > MANY


def ration(event: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Cuts a large event: small fields stay whole and large ones share the rest."""
    sizes = {name: _size(value) for name, value in event.items()}
    left = RATION
    cut: dict[str, Any] = {}
    for index, name in enumerate(sorted(sizes, key=sizes.__getitem__)):
        share = left // (len(sizes) - index)
        if sizes[name] <= share:
            left -= sizes[name]
        else:
            cut[name] = _Share(share).take(event[name], DEPTH)
            left -= share
    return event | cut, sorted(cut)


def _size(value: Any) -> int:
    try:
        text = _encode(value)
    except UnicodeEncodeError:  # half a character
        return RATION
    return len(text) + VALUE * _values(text)


def _values(text: bytes) -> int:
    """How many values a JSON text holds, about; at least."""
    return text.count(b",") + text.count(b"[") + text.count(b"{")


class _Share:
    """What one field may still use up."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def take(self, value: Any, depth: int) -> Any:
        """Returns the value as far as it fits."""
        if isinstance(value, str):
            return self._text(value)
        self._left -= VALUE
        if not isinstance(value, dict | list):
            return value
        if depth <= 0:
            return None
        if isinstance(value, dict):
            return dict(self._entries(value.items(), depth))
        return [item for _, item in self._entries(((None, item) for item in reversed(value)), depth)][::-1]

    def _text(self, value: str) -> str | None:
        kept = value[:TEXT]
        self._left -= len(kept) + VALUE
        return kept if self._left >= 0 else None

    def _entries(self, entries: Iterable[tuple[Any, Any]], depth: int) -> Iterable[tuple[Any, Any]]:
        for key, item in entries:
            if self._left <= 0:
                return
            if key is not None:
                if len(key) > TEXT:
                    continue
                self._left -= len(key) + 4
            yield key, self.take(item, depth - 1)
