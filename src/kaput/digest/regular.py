"""The shapes that most parts of most events have, in sizes that are kept whole.

In: JSON text. Out: structs, by one typed decode that also checks every bound; what has another shape raises
msgspec.ValidationError and is read by `stack.py` and `normalise.py` instead. Only `parts.py` imports it.

Variables and breadcrumbs stay JSON text until it is known whether a secret may stand in them (`suspicion.py`).
Variables that came as Kaput would write them stay it for good: nobody asks for them before they are shown.
"""

from itertools import compress, repeat
from operator import is_not
from typing import Annotated, Any

import msgspec
import re2
from msgspec import Meta, Raw, Struct

from kaput.digest.normalise import BREADCRUMBS, FIELDS, LONG_NAME, MESSAGE, SHORT_NAME
from kaput.digest.stack import LINE, LINES, NAME, PATH
from kaput.digest.trim import KEY
from kaput.model import Breadcrumb

_MOST = 50
"""Exceptions or threads."""

_Name = Annotated[str, Meta(max_length=NAME)]
_Path = Annotated[str, Meta(max_length=PATH)]
_Line = Annotated[str, Meta(max_length=LINE)]
_Lines = Annotated[tuple[_Line, ...], Meta(max_length=LINES)]
_Number = Annotated[int, Meta(ge=0, lt=10**12)]
"""A larger one may be a payment card."""
_Short = Annotated[str, Meta(max_length=SHORT_NAME)]
_Long = Annotated[str, Meta(max_length=LONG_NAME)]
_Message = Annotated[str, Meta(max_length=MESSAGE)]

_Key = Annotated[str, Meta(max_length=KEY)]
_Scalar = str | int | float | bool | None
_Level1 = str | int | float | bool | list[_Scalar] | dict[_Key, _Scalar] | None
_Level2 = str | int | float | bool | list[_Level1] | dict[_Key, _Level1] | None
_Level3 = str | int | float | bool | list[_Level2] | dict[_Key, _Level2] | None
_Level4 = str | int | float | bool | list[_Level3] | dict[_Key, _Level3] | None
_Object = dict[_Key, _Level4]
"""Five levels: the depth to which variables and the data of breadcrumbs are kept."""
_LEVELS = 5

_PIECE = (
    r"\"[ !#-\[\]-~]{0,64}\":|\"(?:[^\"\\\x00-\x1f]|\\[\"\\bfnrt])*\"|-?[0-9]{1,18}(?:\.[0-9]{1,20})?|true|false|null|,"
)
"""A key as most are, a text, a number that is surely finite, and what else stands between the brackets."""

_Flat = str | int | bool | list[str] | dict[str, str | int | bool | None] | None
_Mechanism = dict[str, str | int | bool | dict[str, _Flat] | None]
"""No floats, for nothing has bounded yet how many there are, and some take long."""


class RegularFrame(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One frame; its fields have the order of `model.Frame`."""

    filename: _Path | None = None
    abs_path: _Path | None = None
    module: _Name | None = None
    function: _Name | None = None
    lineno: _Number | None = None
    colno: _Number | None = None
    pre_context: _Lines | None = None
    context_line: _Line | None = None
    post_context: _Lines | None = None
    in_app: bool | None = None
    vars: Raw = Raw(b"{}")


class RegularStack(Struct, frozen=True, forbid_unknown_fields=True):
    """One stack trace."""

    frames: list[RegularFrame] = []


class RegularException(Struct, frozen=True, forbid_unknown_fields=True):
    """One exception."""

    type: str | None = None
    value: str | None = None
    module: str | None = None
    mechanism: _Mechanism | None = None
    thread_id: str | int | None = None
    stacktrace: RegularStack | None = None


class RegularThread(Struct, frozen=True, forbid_unknown_fields=True):
    """One thread."""

    id: str | int | None = None
    name: str | None = None
    crashed: bool | None = None
    current: bool | None = None
    stacktrace: RegularStack | None = None


class RegularExceptions(Struct, frozen=True, forbid_unknown_fields=True):
    """The exceptions of an event."""

    values: Annotated[list[RegularException], Meta(max_length=_MOST)]


class RegularThreads(Struct, frozen=True, forbid_unknown_fields=True):
    """The threads of an event."""

    values: Annotated[list[RegularThread], Meta(max_length=_MOST)]


class RegularBreadcrumb(Breadcrumb, frozen=True, omit_defaults=True, gc=False):
    """One breadcrumb; its time is as it was sent, and its data of any size."""

    timestamp: Any = None
    type: _Short = ""
    category: _Long = ""
    level: _Short = ""
    message: _Message = ""
    data: _Object = msgspec.field(default_factory=dict)


_Trail = Annotated[list[Raw], Meta(max_length=BREADCRUMBS)]


class _Breadcrumbs(Struct, frozen=True):
    values: _Trail


_Crumbs = Annotated[list[RegularBreadcrumb], Meta(max_length=BREADCRUMBS)]


class _Whole(Struct, frozen=True):
    values: _Crumbs


Holder = RegularException | RegularThread
Stacks = RegularExceptions | RegularThreads | RegularStack
"""What has stacks: the fields of an event that are most of its bytes."""

_NULL = Raw(b"null")
_STACKS = {"exception": RegularExceptions, "threads": RegularThreads, "stacktrace": RegularStack}
_NAMES = {f"field{number}": name for number, name in enumerate(FIELDS)}
_Event = msgspec.defstruct(
    "_Event",
    [(field, _STACKS[name] | None, None) if name in _STACKS else (field, Raw, _NULL) for field, name in _NAMES.items()],
    frozen=True,
    rename=_NAMES,
)
"""One decode of an event reads its stacks and skips what it does not have; names may have dots in them."""

fields = msgspec.json.Decoder(dict[str, Raw]).decode
"""Reads an object of any kind as its fields."""
_event = msgspec.json.Decoder(_Event).decode
stack = msgspec.json.Decoder(RegularStack).decode
exceptions = msgspec.json.Decoder(RegularExceptions).decode
threads = msgspec.json.Decoder(RegularThreads).decode
versions = msgspec.json.Decoder(dict[str, str | None]).decode
_trail = msgspec.json.Decoder(_Trail | _Breadcrumbs).decode
_objects = msgspec.json.Decoder(list[_Object | None]).decode
_breadcrumbs = msgspec.json.Decoder(_Crumbs | _Whole).decode


def event(body: bytes) -> dict[str, bytes | Stacks]:
    """Reads the fields that an event has, those with stacks as structs, the others as JSON text."""
    values = msgspec.structs.astuple(_event(body))
    there = compress(zip(FIELDS, values, strict=True), map(is_not, values, repeat(_NULL)))
    return {name: bytes(one) if type(one) is Raw else one for name, one in there if one is not None and one != _NULL}


def _nested(levels: int) -> str:
    inner = rf"|[\[{{]{_nested(levels - 1)}[\]}}]" if levels else ""
    return f"(?:{_PIECE}{inner})*"


_CANONICAL = re2.compile(rf"(?:\{{{_nested(_LEVELS - 1)}\}},?)*".encode())


def are_canonical(raws: list[bytes]) -> bool:
    """Answers whether JSON texts, each of one object, are what `objects` would read and Kaput write again.

    Args:
        raws: well-formed, as the decoder of an event has found them. What it lets pass is looked for: long keys, deep
            nesting, numbers without end, and bytes that are no UTF-8.
    """
    text = b",".join(raws)
    return _CANONICAL.fullmatch(text) is not None and (text.isascii() or _is_unicode(text))


def _is_unicode(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def trail(raw: bytes) -> list[Raw]:
    """Reads breadcrumbs, each as JSON text."""
    found = _trail(raw)
    return found.values if isinstance(found, _Breadcrumbs) else found


def objects(raws: list[bytes]) -> list[dict[str, Any] | None]:
    """Reads objects of bounded depth."""
    return _objects(b"[" + b",".join(raws) + b"]")


def breadcrumbs(raw: bytes) -> list[RegularBreadcrumb]:
    """Reads breadcrumbs, a list or an object with one."""
    found = _breadcrumbs(raw)
    return found.values if isinstance(found, _Whole) else found
