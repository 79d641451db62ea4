"""Takes out of a message what differs from one event to the next: ids, numbers, times, addresses.

In: a message of any length, or the template of one. Out: its first two lines with `<int>`, `<uuid>` and so on in the
places of such things. Only `fingerprint.py` imports it. google-re2 reads the text once, and what JSON is in it is
folded by one pass before, so the time is linear in a bounded length.
"""

import re
from itertools import pairwise

import re2

_LINES = 2
_CHARACTERS = 512
_LONG_RUN = 64
"""Characters of one word that are looked at: a token of any length is one."""
_MARK_EACH = 32
"""Characters for one mark: what stands behind more marks than that is data, and each takes microseconds."""
_FEWEST = 4
_FOLDS = 8
"""Pieces of JSON that are folded."""

_DATE = r"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}"
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
_TOP_LEVEL = (
    "com|org|net|io|dev|app|cloud|internal|intranet|local|localdomain|lan|corp|example|invalid|test|svc|arpa|info|biz"
    "|edu|gov|co|ai|de|uk|fr|eu|us|ca|cn|jp|in|au|br|ru|nl|ch|at|it|es|se|pl"
)
_HOST = rf"\b(?:[a-zA-Z0-9_-]+\.)+(?:{_TOP_LEVEL})(?::[0-9]{{1,5}})?\b|\blocalhost(?::[0-9]{{1,5}})?\b"
_WORD = r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?|\b(?:[A-Za-z_]+[0-9]\w*|[0-9]+[A-Za-z_]\w*|[A-Za-z]{16,})\b"
_QUOTED = r"\B'(?:[^'\\\n]|\\.|'\b)*'(?:\B|$)|\"(?:[^\"\\\n]|\\.)*\"|`[^`\n]*`|\x{201c}[^\x{201d}\n]*\x{201d}|«[^»\n]*»"

_KINDS = (
    ("email", r"[^\s@<>\"'(),:;=\[\]]+@[\w-]+(?:\.[\w-]+)+"),
    ("url", r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>)\]]+"),
    ("uuid", r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"),
    ("date", _MOMENT),
    ("ip", r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?::[0-9]{1,5})?\b|\b(?:[0-9a-fA-F]{1,4}:){3,7}(?::?[0-9a-fA-F]{1,4})+\b"),
    ("host", _HOST),
    ("str", _QUOTED),
    ("hex", _DIGITS),
    ("path", r"(?:/[\w.@%+~-]+){2,}/?|\b[A-Za-z]:\\[^\s\"'<>|]+"),
    ("duration", rf"\b[0-9]+(?:\.[0-9]+)? ?{_UNIT}\b"),
    ("float", r"(?:\B[-+])?\b[0-9]+\.[0-9]+(?:[eE][-+]?[0-9]+)?\b"),
    ("int", r"\b[0-9]{1,3}(?:[_,][0-9]{3})+\b|(?:\B[-+])?\b[0-9]+\b"),
    ("token", _WORD),
    ("value", r"=[^\s=,;&()\[\]{}\"'<>]+"),
)
"""The first that matches at a place wins."""

_PATTERN = re2.compile("|".join(f"({pattern})" for _, pattern in _KINDS).encode())
_MARKS = tuple(f"<{name}>".encode() for name, _ in _KINDS)
_TOKEN_KIND, _VALUE_KIND, _STRING_KIND = (
    next(place for place, (kind, _) in enumerate(_KINDS) if kind == name) for name in ("token", "value", "str")
)
_LONG = re2.compile(rb"(\w{%d})\w+" % _LONG_RUN)
_JSON = "<json>"
_LONG_WORD = 12
_NAME = re.compile(rb"['\"`][A-Za-z_$][A-Za-z_$.]*['\"`]")
_NUMBERED = re.compile(rb"([A-Za-z]+_?)[0-9]{3,}|([A-Za-z]+_)[0-9]+")
_OPENING = re.compile(r"[{\[](?=\s*[\"'{\[\]}0-9-])")
_BRACKETS = {"{": "}", "[": "]"}
_STRUCTURE = re.compile(r"""["'\\{}\[\]]""")

_KEY = re.compile(r"['\"]([A-Za-z_]\w{0,60})['\"]\s{0,3}:")
_SAYING = re.compile(r"['\"](?:event|message|msg)['\"]\s{0,3}:\s{0,3}['\"]([^'\"]{1,200})")
_UNQUOTED = str.maketrans(dict.fromkeys("'\"`", " "))

_PLACE = re.compile(r"%(?:\([^)]{0,80}\))?[-#0 +]{0,5}[0-9*]{0,4}(?:\.[0-9*]{1,4})?[a-zA-Z]|\{[^{}]{0,80}\}")
"""Where a template is filled: printf's way, and `{}`."""
_ANY_MARK = re.compile(r"(['\"`]?)<(?:" + "|".join(name for name, _ in _KINDS) + r"|json|\*)>\1")
_RUN = re.compile(r"<\*>(?:(?:, ?|[:/.@=x -]| - )?<\*>)+")


def parameterise(message: str, *, names: bool = False, most: int = _CHARACTERS) -> str:
    """Returns the first two lines that are not blank, with marks in place of what varies.

    Args:
        message: of any length.
        names: quoted names without a digit stay, as in `(reading 'total')`.
        most: characters that are looked at, at most 512.
    """
    lines = [line.strip() for line in message[: 4 * most].splitlines() if line.strip()]
    text = _LONG.sub(rb"\1", _folded("\n".join(lines[:_LINES])[:most]).encode())
    pieces: list[bytes] = []
    done, marks = 0, 2 * max(_FEWEST, most // _MARK_EACH)
    for match in _PATTERN.finditer(text):
        start, end = match.span()
        pieces += (text[done:start], _mark(match.lastindex - 1, match[0], names=names))
        done = end
        if len(pieces) == marks:
            break
    else:
        pieces.append(text[done:])
    return b"".join(pieces).decode()


def canonical(message: str, *, names: bool = False, most: int = _CHARACTERS) -> str:
    """Returns a message as grouping compares it: parameterised, one mark for all kinds, and one for a row of them."""
    return unmarked(parameterise(message, names=names, most=most))


def unmarked(text: str) -> str:
    """Returns what `parameterise` made as `canonical` does."""
    return _RUN.sub("<*>", _ANY_MARK.sub("<*>", text)) if "<" in text else text


def canonical_template(template: str) -> str:
    """Returns a template as `canonical` returns the texts that it makes, so far as that can be known.

    What stands in a template was written by a person: its own numbers stay.
    """
    if any(character.isdigit() for character in _PLACE.sub("", template)):
        return _RUN.sub("<*>", _ANY_MARK.sub("<*>", _PLACE.sub("<*>", template[: 2 * _CHARACTERS])))
    return canonical(_PLACE.sub("0", template[: 2 * _CHARACTERS]))


def has_words(template: str) -> bool:
    """Whether a template says anything itself: `%s: %s` does not."""
    return any(map(str.isalpha, _PLACE.sub("", template[: 2 * _CHARACTERS])))


def outspoken(message: str) -> str:
    """Returns what a message says of which nothing is left but marks: the keys of a JSON, or what stands in quotes."""
    text = message[: 2 * _CHARACTERS]
    if text.lstrip()[:1] in _BRACKETS:
        said = _SAYING.search(text)
        return " ".join(_KEY.findall(text)[:_FOLDS]) + (f" {canonical(said[1])}" if said else "")
    return canonical(text.translate(_UNQUOTED))


def _mark(kind: int, found: bytes, *, names: bool) -> bytes:
    if kind == _VALUE_KIND:
        return b"=" + _MARKS[kind]
    if kind == _STRING_KIND and names and _NAME.fullmatch(found):
        return found
    if kind == _TOKEN_KIND and found.isalpha():
        return _MARKS[kind] if _is_mixed(found.decode()) else found
    if kind == _TOKEN_KIND and len(found) < _LONG_WORD:
        return _short_token(found)
    return _MARKS[kind]


def _is_mixed(word: str) -> bool:
    """Whether capital letters stand anywhere: nobody names a class like that."""
    changes = sum(one.isupper() != other.isupper() for one, other in pairwise(word))
    return 3 * changes > len(word)


def _short_token(found: bytes) -> bytes:
    """`order_12` keeps its name, `utf8` and `2nd` are words, `a8f3k2` is an id."""
    if match := _NUMBERED.fullmatch(found):
        return (match[1] or match[2]) + b"<int>"
    changes = sum(one.isdigit() != other.isdigit() for one, other in pairwise(found.decode()))
    return b"<token>" if changes > 1 or len(found) > 6 else found


def _folded(text: str) -> str:
    """Puts a mark in the place of each JSON, or what Python prints like it, however many members it has."""
    pieces: list[str] = []
    done = 0
    for match in _OPENING.finditer(text):
        if match.start() >= done:
            end = _closing(text, match.start())
            pieces += (text[done : match.start()], _JSON)
            done = end
            if len(pieces) == 2 * _FOLDS:
                break
    return "".join(pieces) + text[done:] if pieces else text


def _closing(text: str, start: int) -> int:
    """Returns where what opens at `start` ends: the end of the text when it was cut before."""
    open_brackets, quote, skipped = [], "", -1
    for match in _STRUCTURE.finditer(text, start):
        sign = match[0]
        if match.start() == skipped:
            continue
        if sign == "\\":
            skipped = match.end()
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in _BRACKETS:
            open_brackets.append(_BRACKETS[sign])
        elif open_brackets and sign == open_brackets[-1]:
            open_brackets.pop()
            if not open_brackets:
                return match.end()
    return len(text)
