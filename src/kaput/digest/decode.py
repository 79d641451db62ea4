"""The JSON text of one event becomes a dictionary that every later step can rely on.

In: the bytes of a record. Out: a dictionary whose strings hold no NUL and no lone surrogate, and whose floats are
finite. Only the digest stage imports it.
"""

import json
import math
import re
from itertools import islice
from typing import Any

import msgspec
import re2

from kaput.errors import Undigestible

_DIGITS = 18
"""An integer of so many digits fits into 64 bits; a longer one is kept as text."""

NUL = b"\\u0000"
"""How NUL is written in JSON."""
_SMALL = 64 * 1024
"""Bytes; of more, each number is not read by a function of ours."""
_SHORT = 4096
"""Bytes that have room for few numbers."""
_SLOW = re2.compile(rb"[0-9][eE][+-]?[0-9]{3,}\s*[,\]}]")
"""A number for which msgspec falls back on an arithmetic that takes 10 us, `1e308`: 2 s for a megabyte of them."""
_MOST_SLOW = 300
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_NOT_ALLOWED = re.compile("[\0\ud800-\udfff]")

_decoder = msgspec.json.Decoder()


def decode(body: bytes) -> dict[str, Any]:
    """Reads one JSON object; what strict parsers refuse (NaN, a BOM, lone surrogates) is replaced by text.

    Raises:
        Undigestible: the bytes are no JSON object, or nested too deeply for the parsers (about 1,000 levels).
    """
    value, is_clean = decode_raw(body)
    return value if is_clean else clean(value)


def decode_raw(body: bytes) -> tuple[dict[str, Any], bool]:
    """Reads like `decode`, but leaves what has to be replaced; answers also whether there is nothing to replace.

    Its time does not grow with the number of values more than a parser's does. Where very many numbers would be read
    slowly, those with a fraction or an exponent become texts.
    """
    is_slow = len(body) > _SHORT and slow_numbers(body) >= _MOST_SLOW
    try:
        value, is_clean = None if is_slow else _decoder.decode(body), NUL not in body
    except (msgspec.MsgspecError, ValueError, RecursionError):
        value = None
    if value is None:
        value, is_clean = _decode_leniently(body, is_slow=is_slow), False
    if not isinstance(value, dict):
        raise Undigestible(f"The event is JSON of type {type(value).__name__}, not an object.")
    return value, is_clean


def slow_numbers(text: bytes) -> int:
    """Counts numbers that msgspec reads slowly, up to some hundred."""
    return sum(1 for _ in islice(_SLOW.finditer(text), _MOST_SLOW))


def _decode_leniently(body: bytes, *, is_slow: bool) -> Any:
    """The standard parser takes what msgspec does not; its hooks turn impossible numbers into text."""
    text = body.decode(json.detect_encoding(body), "replace").removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    hooks: dict[str, Any] = {}
    if len(body) <= _SMALL:
        hooks = {"parse_constant": _constant, "parse_int": _integer, "parse_float": _float}
    if is_slow:
        hooks["parse_float"] = str
    try:
        return _parse(text, **hooks)
    except RecursionError:
        raise Undigestible("The event is nested too deeply to be read (about 1,000 levels).") from None
    except ValueError as error:
        raise Undigestible(f"The event is not JSON: {error}.") from None


def _parse(text: str, **hooks: Any) -> Any:
    try:
        return json.loads(text, strict=False, **hooks)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer of more than 4,300 digits
        return json.loads(text, strict=False, parse_int=str, parse_float=str)


def _constant(name: str) -> str:
    return {"NaN": "nan", "Infinity": "inf"}.get(name, "-inf")


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _DIGITS else digits


def _float(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits[:100]


def clean(root: dict[str, Any]) -> dict[str, Any]:
    """Copies the tree with U+FFFD in place of NUL and lone surrogates, and texts in that of impossible numbers.

    It is iterative, since the tree may be deep.
    """
    result: dict[str, Any] = {}
    stack: list[tuple[Any, Any]] = [(root, result)]
    while stack:
        source, target = stack.pop()
        if isinstance(source, dict):
            for key, value in source.items():
                target[_NOT_ALLOWED.sub(_REPLACEMENT, key)] = _shell(value, stack)
        else:
            target.extend(_shell(value, stack) for value in source)
    return result


def _shell(value: Any, stack: list[tuple[Any, Any]]) -> Any:
    """A clean leaf, or an empty container that `clean` fills later."""
    if isinstance(value, str):
        return _NOT_ALLOWED.sub(_REPLACEMENT, value)
    if isinstance(value, dict | list):
        shell: Any = type(value)()
        stack.append((value, shell))
        return shell
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
