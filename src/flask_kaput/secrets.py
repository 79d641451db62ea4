"""Takes secrets out of what is written to logs, by the rules that the tracker has for events.

In: text, or a document for a line of JSON. Out: the same with `[Filtered]` where a secret stood. `formatters.py` and
`json_lines.py` load it when the first log is set up: the rules need 9 MB, and most applications report and write none.
"""

import re
from collections.abc import Iterator
from typing import Any

from kaput.digest.literals import SCAN, filter_text
from kaput.digest.scrub import scrub

_SOURCE = re.compile(r'^[ |]*File "[^"\n]*", line \d+.*\n(.+)\n', re.MULTILINE)
"""A line of source in a traceback: it stands below the one that names its file."""


def without_secrets(text: str) -> str:
    """Returns a text, a traceback perhaps, without its secrets.

    Lines of source in a traceback are read as source: of `token = make_token(user)` nothing is taken.
    """
    if not SCAN.search(_bytes(text)):
        return text
    return "".join(_filtered(part, code=code) for part, code in _parts(text))


def document_without_secrets(document: dict[str, Any]) -> dict[str, Any]:
    """Returns a document of JSON without its secrets, by names of keys as well as inside of texts; it is changed."""
    scrub(document)
    return document


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Yields the text in pieces, each with whether it is source code."""
    at = 0
    for match in _SOURCE.finditer(text):
        yield text[at : match.start(1)], False
        yield text[match.start(1) : match.end(1)], True
        at = match.end(1)
    yield text[at:], False


def _filtered(text: str, *, code: bool) -> str:
    data = _bytes(text)
    hits = [(match.lastindex, *match.span()) for match in SCAN.finditer(data)]
    return filter_text(data, hits, code=code)[0].decode() if hits else text


def _bytes(text: str) -> bytes:
    return text.replace("\0", " ").encode("utf-8", "backslashreplace")
