"""A head that comes again: of a request that says, but for its length, what the last one of its connection said.

In: the bytes of a request that was read and taken; then those of the next ones. Out: their bodies, without another look
at the head. `serve/shortcut.py` imports it.

An SDK says the same with each event. What the parser made of some bytes it would make of the same bytes again.
"""

import re
from typing import NamedTuple

from kaput.accept.request import Caller

LONGEST = 2000
MOST_DIGITS = 7

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,%d})\r\n" % MOST_DIGITS, re.IGNORECASE)


class Head(NamedTuple):
    """One head.

    Attributes:
        before: its bytes to the digits of the length.
        after: its bytes behind them, to the body.
        caller: what was made of it.
    """

    before: bytes
    after: bytes
    caller: Caller

    def body(self, data: bytes) -> bytes | None:
        """Returns the body of the request that the bytes are, one whole request with this head; None if not."""
        start = len(self.before)
        end = data.find(b"\r", start, start + MOST_DIGITS + 1)
        digits = data[start:end]
        if not digits.isdigit() or not data.startswith(self.before) or not data.startswith(self.after, end):
            return None
        begin = end + len(self.after)
        return data[begin:] if len(data) - begin == int(digits) else None


def learned(data: bytes, caller: Caller) -> Head | None:
    """Makes the head of a request that was read; None unless the bytes are one whole request that says its length once.

    Args:
        data: what was read, from the beginning of a request; the parser found one that is whole.
        caller: what was made of its head.
    """
    end = data.find(_END, 0, LONGEST)
    if end < 0:
        return None
    head = data[: end + len(_END)]
    length = _LENGTH.search(head)
    if length is None or head.lower().count(b"content-length") != 1 or len(data) != len(head) + int(length[1]):
        return None
    return Head(head[: length.start(1)], head[length.end(1) :], caller)
