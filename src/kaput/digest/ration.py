"""Gives a huge event's fields a ration each, so that no event holds the worker for long.

In: the selected fields of an event, before the scrub. Out: the same fields, and the names of those that were cut.
`record.py` and `parts.py` import it.

Every later step takes time by the size of the event. What is beyond any limit of `normalise.py` need not be looked at:
whole entries are left out, in the middle of a list first. What an event is grouped by is small and stays: an object
keeps its short entries before its large ones, and every frame has its share, whatever the variables of another take. A
text is cut only far behind what is kept of it in the end, so that no secret can be cut into something that is not known
for one, and no secret stays without the name before it.
"""

from itertools import islice
from typing import Any

import msgspec

LARGE = 512 * 1024
MANY = 3500
"""Bytes and values; a smaller event is left as it is."""
RATION = 768 * 1024
"""Characters of all fields together, about; each value counts for some more."""
VALUE = 220
"""Characters that a value counts for, since the later steps take as long for it as for so much text."""
TEXT = 64 * 1024
"""Characters of one text; `normalise.py` keeps 16,384 of one at most."""
DEPTH = 100
"""Levels; `normalise.py` keeps 7 at most."""
MOST = RATION // VALUE
"""Entries of one object or list that are looked at; more have no room."""
LEAST = 2048
"""Characters that an object or a list may take at least, while there are any: a frame without variables."""
SHORT = 1024
OLDEST, NEWEST = 50, 200
"""Entries of a long list of objects that go before the others, as `stack.py` keeps the frames of a stack."""
_NAMES = frozenset({"name", "key"})
_CONTAINERS = frozenset({dict, list})

_encode = msgspec.json.Encoder().encode


def is_large(body: bytes) -> bool:
    """Answers whether an event has to be rationed."""
    return len(body) > LARGE or values_in(body) > MANY


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
            cut[name], _ = _take(event[name], share, DEPTH)
            left -= share
    return event | cut, sorted(cut)


def _size(value: Any) -> int:
    try:
        text = _encode(value)
    except UnicodeEncodeError:  # half a character
        return RATION
    return len(text) + VALUE * values_in(text)


def values_in(text: bytes) -> int:
    """Returns how many values a JSON text holds, about; at least."""
    # One pass over the bytes takes half of what three counts take.
    return len(text) - len(text.translate(None, b",[{"))


def _take(value: Any, room: int, depth: int) -> tuple[Any, int]:
    """Returns the value as far as it fits into so many characters, and how many it takes."""
    kind = type(value)
    if kind is str:
        kept = value[:TEXT]
        cost = len(kept) + VALUE
        return (kept, cost) if cost <= room else (None, VALUE)
    if kind not in _CONTAINERS:
        return value, VALUE
    if depth <= 0:
        return None, VALUE
    return _object(value, room, depth - 1) if kind is dict else _array(value, room, depth - 1)


def _object(value: dict[str, Any], room: int, depth: int) -> tuple[dict[str, Any], int]:
    """Keeps small entries whole; those that are objects or lists share the rest."""
    left = room - VALUE
    entries = sorted(islice(value.items(), MOST), key=_rank)
    kept: dict[str, Any] = {}
    for index, (key, item) in enumerate(entries):
        if left <= 0:
            break
        if len(key) > TEXT:
            continue
        left -= len(key) + 4
        share = _share(left, len(entries) - index) if type(item) in _CONTAINERS else left
        kept[key], cost = _take(item, share, depth)
        left -= cost
    return {key: kept[key] for key in islice(value, MOST) if key in kept}, room - left


def _array(value: list[Any], room: int, depth: int) -> tuple[list[Any], int]:
    left = room - VALUE
    order = _order(value)
    kept: dict[int, Any] = {}
    for place, index in enumerate(order):
        if left <= 0:
            break
        item = value[index]
        count = min(len(order) - place, OLDEST + NEWEST)
        kept[index], cost = _take(item, _share(left, count) if type(item) in _CONTAINERS else left, depth)
        left -= cost
    return [kept[index] for index in sorted(kept)], room - left


def _rank(entry: tuple[str, Any]) -> int:
    """A name first: without it, nobody knows that the value beside it is secret."""
    key, value = entry
    if key in _NAMES:
        return 0
    if type(value) in _CONTAINERS:
        return 3
    return 2 if type(value) is str and len(value) > SHORT else 1


def _share(left: int, count: int) -> int:
    """What an object or a list may take of what is left for so many."""
    return min(left, max(LEAST, left // count))


def _order(items: list[Any]) -> list[int]:
    """Frames and the like: the newest first, then the oldest; texts as they stand, for one may name the next."""
    count = len(items)
    if not _CONTAINERS.issuperset(map(type, islice(items, MOST))):
        return list(range(min(count, MOST)))
    newest = max(0, count - NEWEST)
    oldest = min(newest, OLDEST)
    return [*range(count - 1, newest - 1, -1), *range(oldest), *range(newest - 1, oldest - 1, -1)][:MOST]
