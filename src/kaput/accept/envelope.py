r"""The envelope: a header line, then items, each a header line and a payload.

In: the decompressed bytes of a body. Out: its header and its items, as views of those bytes. The files of accept
import it; it does no I/O. Source: https://develop.sentry.dev/sdk/data-model/envelopes/.

    {"event_id": "..."}\n
    {"type": "event", "length": 41}\n
    <41 bytes>\n
    {"type": "session"}\n
    <to the next newline or the end>
"""

import re
from typing import Any

from msgspec import Struct

from kaput.accept.limits import Limits
from kaput.accept.syntax import read_header
from kaput.errors import Refused

_TEXT = re.compile(rb"[^\r\n]")


class Item(Struct, frozen=True):
    """One item.

    Attributes:
        type: what it is; empty when its header does not say.
        headers: its whole header.
        payload: a view of the envelope's bytes.
        start: where it begins in them.
    """

    type: str
    headers: dict[str, Any]
    payload: memoryview
    start: int = 0


class Envelope(Struct, frozen=True):
    """A header, and the items in the order they came; those of unknown type too. `size`: bytes of it all."""

    header: dict[str, Any]
    items: list[Item]
    size: int = 0


def parse(data: bytes, limits: Limits) -> Envelope:
    """Takes an envelope apart.

    Raises:
        Refused: 400 when it is malformed or cut short, 413 for more items than the limit.
    """
    line, position = _line(data, 0, limits.max_line)
    header = read_header(line, "the envelope's header")
    view = memoryview(data)
    items: list[Item] = []
    while (position := _after_blank(data, position)) < len(data):
        if len(items) == limits.max_items:
            raise Refused(413, "too_large", f"The envelope has more than {limits.max_items} items; send fewer.")
        line, position = _line(data, position, limits.max_line)
        headers = read_header(line, "an item's header")
        end = _end(data, position, headers.get("length"))
        kind = headers.get("type")
        items.append(Item(kind if isinstance(kind, str) else "", headers, view[position:end], position))
        position = _after_newline(data, end)
    return Envelope(header, items, len(data))


def header_of(data: bytes, limits: Limits) -> dict[str, Any]:
    """Reads the header alone; raises Refused as `parse` does."""
    return read_header(_line(data, 0, limits.max_line)[0], "the envelope's header")


def _line(data: bytes, start: int, most: int) -> tuple[bytes, int]:
    """Returns the line that begins at `start`, and where the next one begins."""
    end = data.find(b"\n", start, start + most + 1)
    if end >= 0:
        return data[start:end], end + 1
    if len(data) - start > most:
        raise Refused(
            400, "malformed", f"A header line of the envelope is longer than {most} bytes; send a shorter one."
        )
    return data[start:], len(data)


def _after_blank(data: bytes, position: int) -> int:
    if data[position : position + 1] == b"{":
        return position
    text = _TEXT.search(data, position)
    return text.start() if text else len(data)


def _end(data: bytes, start: int, length: object) -> int:
    """Returns where the payload ends: after `length` bytes, or before the next newline when there is none."""
    if length is None:
        newline = data.find(b"\n", start)
        return len(data) if newline < 0 else newline
    if isinstance(length, str) and length.isascii() and length.isdecimal() and len(length) < 20:
        length = int(length)
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise Refused(400, "malformed", f"An item's length is {str(length)[:40]!r}; it must be a number of bytes.")
    if length > len(data) - start:
        left = len(data) - start
        raise Refused(400, "malformed", f"An item's length is {length} and {left} bytes are left; send the body whole.")
    return start + length


def _after_newline(data: bytes, end: int) -> int:
    if end == len(data):
        return end
    for newline in (b"\n", b"\r\n"):
        if data.startswith(newline, end):
            return end + len(newline)
    raise Refused(400, "malformed", "An item goes on after its length; its length must count the bytes of the payload.")
