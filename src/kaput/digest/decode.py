"""The JSON text of one event becomes a dictionary that every later step can rely on.

In: the bytes of a record. Out: a dictionary whose strings hold no NUL and no lone surrogate, and whose numbers are
integers of at most 64 bits or finite floats. Only the digest stage imports it.
"""

import json
import math
from typing import Any

import msgspec

from kaput.errors import Undigestible

_DIGITS = 18
"""An integer of so many digits fits into 64 bits; a longer one is kept as text."""

NUL = b"\\u0000"
"""How NUL is written in JSON."""
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_NOT_ALLOWED = {0: _REPLACEMENT} | dict.fromkeys(range(0xD800, 0xE000), _REPLACEMENT)

_decoder = msgspec.json.Decoder()


def decode(body: bytes) -> dict[str, Any]:
    """Reads one JSON object; what strict parsers refuse (NaN, a BOM, lone surrogates) is replaced by text.

    Raises:
        Undigestible: the bytes are no JSON object, or nested too deeply for the parsers (about 1,000 levels).
    """
    try:
        value = _decoder.decode(body)
        strict = NUL not in body
    except (msgspec.MsgspecError, ValueError, RecursionError):
        value = _decode_leniently(body)
        strict = False
    if not isinstance(value, dict):
        raise Undigestible(f"The event is JSON of type {type(value).__name__}, not an object.")
    return value if strict else _clean(value)


def _decode_leniently(body: bytes) -> Any:
    """The standard parser takes what msgspec does not; its hooks turn impossible numbers into text."""
    text = body.decode(json.detect_encoding(body), "replace").removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    try:
        return json.loads(text, strict=False, parse_constant=_constant, parse_int=_integer, parse_float=_float)
    except RecursionError:
        raise Undigestible("The event is nested too deeply to be read (about 1,000 levels).") from None
    except ValueError as error:
        raise Undigestible(f"The event is not JSON: {error}.") from None


def _constant(name: str) -> str:
    return {"NaN": "nan", "Infinity": "inf"}.get(name, "-inf")


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _DIGITS else digits


def _float(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits[:100]


def _clean(root: dict[str, Any]) -> dict[str, Any]:
    """Copies the tree with U+FFFD in place of NUL and lone surrogates; iterative, since it may be deep."""
    result: dict[str, Any] = {}
    stack: list[tuple[Any, Any]] = [(root, result)]
    while stack:
        source, target = stack.pop()
        if isinstance(source, dict):
            for key, value in source.items():
                target[key.translate(_NOT_ALLOWED)] = _shell(value, stack)
        else:
            target.extend(_shell(value, stack) for value in source)
    return result


def _shell(value: Any, stack: list[tuple[Any, Any]]) -> Any:
    """A clean leaf, or an empty container that `_clean` fills later."""
    if isinstance(value, str):
        return value.translate(_NOT_ALLOWED)
    if isinstance(value, dict | list):
        shell: Any = type(value)()
        stack.append((value, shell))
        return shell
    return value
