"""Keeps everything that arrived within bounds.

In: texts and trees of JSON of any size and depth. Out: the same, cut, and whether something was cut. Only the digest
stage imports it. The numbers that callers pass are those of the Sentry protocol's own server.
"""

from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode

_ENTRY = 48
"""Characters that every entry of a cut object may at least have."""
KEY = 200
_BIG = 2**63
_MARK = "..."


def cut(text: str, limit: int) -> str:
    """Returns the text, at most `limit` characters long; `...` at its end says that it was cut."""
    return text if len(text) <= limit else text[: max(0, limit - len(_MARK))] + _MARK[:limit]


class _Allowance:
    """Characters that a tree may still use up; `cut` when they did not suffice."""

    __slots__ = ("cut", "left")

    def __init__(self, characters: int) -> None:
        self.left = characters
        self.cut = False

    def take(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            return self._text(value)
        if kind is dict or kind is list:
            if depth <= 0 and value:
                self.cut = True
                return "{...}" if kind is dict else "[...]"
            return self._object(value, depth - 1) if kind is dict else self._array(value, depth - 1)
        self.left -= 8
        if kind is int and not -_BIG <= value < _BIG:
            return self._text(f"{value:.6e}" if abs(value) < 10**300 else "inf")
        return value

    def _text(self, value: str) -> str:
        if len(value) > self.left:
            self.cut = True
            value = cut(value, max(0, self.left))
        self.left -= len(value) + 2
        return value

    def _object(self, value: dict[str, Any], depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, item in value.items():
            if self.left <= 0:
                self.cut = True
                break
            short = cut(key, KEY)
            self.left -= len(short) + 4
            result[short] = self.take(item, depth)
        return result

    def _array(self, value: list[Any], depth: int) -> list[Any]:
        result: list[Any] = []
        for item in value:
            if self.left <= 0:
                self.cut = True
                break
            self.left -= 2
            result.append(self.take(item, depth))
        return result


def bound(value: Any, characters: int, depth: int) -> tuple[Any, bool]:
    """Cuts a tree of JSON to about so many characters and exactly so many levels.

    Returns:
        The tree, and whether something was cut.
    """
    if value is None or _fits(value, characters, depth):
        return value, False
    allowance = _Allowance(characters)
    return allowance.take(value, depth), allowance.cut


def bound_object(value: dict[str, Any], characters: int, depth: int) -> tuple[dict[str, Any], bool]:
    """Cuts an object like `bound`; when it is too large, small entries stay whole and large ones share the rest."""
    if _fits(value, characters, depth):
        return value, False
    allowance = _Allowance(characters)
    result = allowance.take(value, depth)
    if not allowance.cut or not value or depth <= 0:
        return result if isinstance(result, dict) else {}, allowance.cut
    kept: dict[str, Any] = {}
    left = characters
    entries = sorted(value.items(), key=_weight)[: max(1, characters // _ENTRY)]
    for index, (key, item) in enumerate(entries):
        share = _Allowance(max(_ENTRY, left // (len(entries) - index)))
        before = share.left - len(key)
        share.left = before
        kept[key] = share.take(item, depth - 1)
        left -= before - max(0, share.left) + len(key)
    return {cut(key, KEY): kept[key] for key in value if key in kept}, True


def _fits(value: Any, characters: int, depth: int) -> bool:
    """Answers whether a tree is within bounds as it is; most are, and need not be copied."""
    text = _encode(value)
    if len(text) > characters:
        return False
    has_room = len(text) <= KEY and text.count(b"{") + text.count(b"[") <= depth
    return has_room or _is_flat(value, depth)


def _is_flat(value: Any, depth: int) -> bool:
    """Answers whether a tree has at most so many levels and no long key."""
    kind = type(value)
    if kind is dict:
        inner = value.values()
        if value and (depth <= 0 or max(map(len, value)) > KEY):
            return False
    elif kind is list:
        inner = value
        if value and depth <= 0:
            return False
    else:
        return True
    return all(_is_flat(item, depth - 1) for item in inner if type(item) is dict or type(item) is list)


def _weight(entry: tuple[str, Any]) -> int:
    """Texts by their length; containers after them, by their number of items."""
    value = entry[1]
    if isinstance(value, str):
        return len(value)
    return 64 * len(value) if isinstance(value, dict | list) else 8
