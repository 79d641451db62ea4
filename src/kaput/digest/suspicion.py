r"""Where in a JSON text a secret may stand, found before anything is decoded.

In: pieces of JSON text as they were sent. Out: which of them the scrub has to walk through. Only the digest stage
imports it.

The pattern matches wherever `scrub.py` would replace something, and in some more places: what `literals.SCAN` finds,
with the escapes of JSON in between, and every name that `secrets.secret_name` may call secret. What it does not match
needs no walk. It is one scan by google-re2, in time linear in the bytes, and most pieces of most events pass it.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import re2

from kaput.digest.literals import ADDRESS, CARDS, IBANS, NAMES, PEM, SCHEMES, TOKENS
from kaput.digest.secrets import STEMS, WORDS

_BETWEEN = r"[^a-zA-Z\"\\]*"
"""What `secret_name` overlooks between two letters of a stem."""
_REST = r"(?:[^\"\\]|\\.)*"
"""Any part of a string."""
_AT = r"(?:\b|\\[a-z]|\\u[0-9a-fA-F]{4})"
"""The beginning of a word, which may stand behind an escape that ends in a letter."""
_SPACE = r"(?:\s|\\[nrtf])*"

_words = sorted(WORDS)
_STEM = "(?i:" + "|".join(_BETWEEN.join(stem) for stem in STEMS) + ")"
_WORD = "|".join((
    rf"(?:[^a-z]|%[0-9a-f]{{2}}|\\[a-z]|\\u[0-9a-f]{{4}})(?:{'|'.join(_words)})",
    *(word.capitalize() for word in _words),
    *(word.upper() for word in _words),
))  # fmt: skip
_TEXT_NAME = rf"(?:{_STEM}[\w.-]*|(?:{_WORD})(?:[^a-z\"\\][\w.-]*)?)"

_MOST = 32
_BEHIND = (1).__add__
"""The end of a piece, behind what parts it from the next."""

_SUSPECT = re2.compile(
    "|".join((
        # A secret name as a key, or as a text that something follows: the first of a pair, an option.
        rf"(?:{_STEM}{_REST}|(?:{_WORD})(?:[^a-z\"\\]{_REST})?)\"\s*[:,]",
        rf"\\.{_REST}\"\s*:|(?:\[\s*\"|\"(?:'|\\\"){{0,2}}-)[^\"\\]*\\",  # the same with escapes in it
        r"\"value\"\s*:",  # its name stands beside it
        # A secret name and what parts it from its literal, in a text.
        rf"{_TEXT_NAME}(?:[\\\"'\]]|%2[27]|%5[dD])*(?:{_SPACE}(?:=>|[:!=]?==?|:)|>|%3[adAD]|(?:'|\\\"),)",
        rf"(?i:--[\w.-]*(?:{NAMES}|pw)[\w-]* +[^\s-])",
        r"\\u00(?:0[09a-dA-D]|[2-7])|\\/",  # a character that needs no escape could hide a name
        rf"{_AT}{SCHEMES}",
        ADDRESS,
        rf"{_AT}(?:{TOKENS})",
        rf"{_AT}(?:{CARDS})\b",
        rf"{_AT}[0-9]{{3}}-[0-9]{{2}}-[0-9]{{4}}\b",
        rf"{_AT}{IBANS}\b",
        PEM,
        rf"{_AT}eyJ[\w-]{{6}}",
        r"[0-9][eE][+-]?[0-9]{3,}\s*[,\]}]",  # no secret, but a number that is counted before it is read (`decode.py`)
    )).encode()
)  # fmt: skip


def suspicious(pieces: Sequence[bytes]) -> set[int]:
    """Returns the indexes of those pieces, each a whole JSON value, in which a secret may stand.

    After `_MOST` of them all are named: each search takes a while.
    """
    found: set[int] = set()
    data = b"\n".join(pieces)
    ends: list[int] = []
    at = 0
    while match := _SUSPECT.search(data, at):
        ends = ends or list(accumulate(map(_BEHIND, map(len, pieces))))
        index, last = bisect_right(ends, match.start()), bisect_right(ends, match.end() - 1)
        if len(found) >= _MOST:
            return set(range(len(pieces)))
        found.update(range(index, last + 1))
        at = ends[last]
    return found
