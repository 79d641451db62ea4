"""Takes out of a message what differs from one event to the next: ids, numbers, times, addresses.

In: a message of any length. Out: its first two lines with `<int>`, `<uuid>` and so on in the places of such things.
Only `fingerprint.py` imports it. google-re2 reads the text once, so the time is linear in its length.
"""

import re2

_LINES = 2
_CHARACTERS = 1024

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ZONE = r"(?: ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?"
_TIME = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
_DAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:[0-9]{1,2} )?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_SHORT_DATE = r"[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}"
_MOMENT = (
    rf"\b{_DATE}(?:[T ]{_TIME}{_ZONE})?\b|\b{_SHORT_DATE}\b|\b[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:[.,][0-9]+)?\b"
    rf"|\b{_DAY}{_MONTH} [0-9]{{1,4}}(?:,? [0-9]{{4}})?(?: {_TIME})?\b"
)
_UNIT = r"(?:ns|us|µs|ms|s|sec|secs|seconds?|min|mins|minutes?|h|hours?|d|days?)"
_DIGITS = (
    r"\b0[xX][0-9a-fA-F]+\b|\b[0-9a-f]{16,}\b|\b[0-9A-F]{16,}\b"
    r"|\b[0-9]+[a-f][0-9a-f]{6,}\b|\b[a-f]+[0-9][0-9a-f]{6,}\b"
)

_KINDS = (
    ("email", r"[^\s@<>\"'(),:;=\[\]]+@[\w-]+(?:\.[\w-]+)+"),
    ("url", r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>)\]]+"),
    ("uuid", r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"),
    ("date", _MOMENT),
    ("ip", r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?::[0-9]{1,5})?\b|\b(?:[0-9a-fA-F]{1,4}:){3,7}(?::?[0-9a-fA-F]{1,4})+\b"),
    ("str", r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|`[^`\n]*`"),
    ("hex", _DIGITS),
    ("path", r"(?:/[\w.@%+~-]+){2,}/?|\b[A-Za-z]:\\[^\s\"'<>|]+"),
    ("duration", rf"\b[0-9]+(?:\.[0-9]+)? ?{_UNIT}\b"),
    ("float", r"(?:\B[-+])?\b[0-9]+\.[0-9]+(?:[eE][-+]?[0-9]+)?\b"),
    ("int", r"\b[0-9]{1,3}(?:[_,][0-9]{3})+\b|(?:\B[-+])?\b[0-9]+\b"),
)
"""The first that matches at a place wins."""

_PATTERN = re2.compile("|".join(f"({pattern})" for _, pattern in _KINDS).encode())
_MARKS = tuple(f"<{name}>".encode() for name, _ in _KINDS)


def parameterise(message: str) -> str:
    """Returns the first two lines that are not blank, with marks in place of what varies."""
    lines = [line.strip() for line in message[: 4 * _CHARACTERS].splitlines() if line.strip()]
    text = "\n".join(lines[:_LINES])[:_CHARACTERS].encode()
    pieces: list[bytes] = []
    done = 0
    for match in _PATTERN.finditer(text):
        start, end = match.span()
        pieces += (text[done:start], _MARKS[match.lastindex - 1])
        done = end
    pieces.append(text[done:])
    return b"".join(pieces).decode()
