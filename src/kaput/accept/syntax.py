"""The syntax check: is this JSON text one object, and which event id does it hold?

In: bytes. Out: the normalised id, when a parser of a later stage can read the bytes. The files of accept import it.

One typed msgspec decode reads the whole text and builds nothing but the id. What it refuses goes to the standard
library's json, which takes NaN, Infinity, lone surrogates, a byte order mark and UTF-16. Bytes that are no text are
passed over: whoever reads the event replaces them by U+FFFD.
"""

import json
import re
from itertools import islice
from typing import Any

import msgspec
from msgspec import Raw, Struct

from kaput.errors import Refused

NIL = "0" * 32
RESERVE = 30
"""Frames: both parsers stop where the stack is full, so what reads an event later needs room for this many more."""

_BYTE_ORDER_MARK = "\ufeff"
_ID = re.compile(r"[0-9a-f]{32}")


class _Head(Struct, frozen=True):
    event_id: Raw = Raw(b"null")


_Flat = str | int | bool | list[str] | dict[str, str | int | bool | None] | None
"""What a header holds: no floats, for some of them take msgspec 10 us, and headers have room for very many."""

_SHORT = 1024
"""Bytes that have room for few numbers."""
_SLOW = re.compile(rb"[eE][+-]?[0-9]{3,}+\s*+[,\]}]")
_MOST_SLOW = 300
"""How many numbers that may be such a float are read by msgspec."""

_HEAD = msgspec.json.Decoder(_Head)
_HEADER = msgspec.json.Decoder(dict[str, _Flat])
_OBJECT = msgspec.json.Decoder(dict[str, Any])


def check(body: bytes | memoryview) -> str:
    """Checks one event and returns its id, 32 lower-case hexadecimal digits, or nothing when it holds none.

    Raises:
        Refused: 400, it is cut short, no object, or nested too deep for the parsers. A wrong type inside never is.
    """
    try:
        return normal_id(_text(_HEAD.decode(body).event_id))
    except msgspec.ValidationError:
        raise _not_an_object("an event") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return normal_id(_read_slowly(bytes(body), "an event").get("event_id"))


def read_header(text: bytes, what: str) -> dict[str, Any]:
    """Reads a header line of an envelope; numbers of an odd one are texts, and it raises Refused as `check` does."""
    try:
        return _HEADER.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _read_slowly(text, what)


def read_object(text: bytes, what: str) -> dict[str, Any]:
    """Reads a small JSON object.

    Args:
        text: the JSON text.
        what: what it is, for the message.

    Raises:
        Refused: 400, as `check` does.
    """
    try:
        return _read_slowly(text, what) if _is_slow(text) else _OBJECT.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _read_slowly(text, what)


def read_json(text: bytes, what: str) -> Any:
    """Reads small JSON of any type; raises Refused, 400, when it is none or nested too deep."""
    try:
        return _parse_slowly(text, what) if _is_slow(text) else msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _parse_slowly(text, what)


def normal_id(given: object) -> str:
    """Returns an event id as 32 lower-case hexadecimal digits; nothing when it is none, or all zeros."""
    if not isinstance(given, str):
        return ""
    if not _ID.fullmatch(given):
        given = given[:64].strip().lower().replace("-", "")
        if not _ID.fullmatch(given):
            return ""
    return "" if given == NIL else given


def _text(raw: Raw) -> object:
    """Reads a value only when it is a text."""
    value = bytes(raw).strip()
    if value[:1] != b'"':
        return None
    try:
        return msgspec.json.decode(value, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _is_slow(text: bytes) -> bool:
    """Whether it holds too many numbers for which msgspec falls back on an arithmetic of many digits."""
    return len(text) > _SHORT and sum(1 for _ in islice(_SLOW.finditer(text), _MOST_SLOW)) == _MOST_SLOW


def _read_slowly(body: bytes, what: str) -> dict[str, Any]:
    found = _parse_slowly(body, what)
    if not isinstance(found, dict):
        raise _not_an_object(what)
    return found


def _parse_slowly(body: bytes, what: str) -> Any:
    text = body.decode(json.detect_encoding(body), "replace").removeprefix(_BYTE_ORDER_MARK)
    try:
        # Numbers are left as texts: int() refuses those of more than 4,300 digits, and float() may take a while.
        return json.loads(text, strict=False, parse_int=str, parse_float=str)
    except RecursionError:
        raise Refused(400, "malformed", f"The JSON of {what} is nested too deep; send fewer levels.") from None
    except ValueError as error:
        raise Refused(400, "malformed", f"The JSON of {what} cannot be read: {error}.") from None


def _not_an_object(what: str) -> Refused:
    return Refused(400, "malformed", f"The JSON of {what} is no object; send one in braces.")
