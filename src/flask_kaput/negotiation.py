"""Whether a client is shown a page or handed data, when something went wrong.

In: what a request accepts, and what a browser says it will do with the answer. Out: yes or no. Pure; `error_pages.py`
imports it. Sources: RFC 9110, section 12.5.1 (Accept), https://www.w3.org/TR/fetch-metadata/ (Sec-Fetch-Dest).
"""

from collections.abc import Iterable

PAGE_TYPES = ("text/html", "application/xhtml+xml")
DATA_TYPES = ("application/problem+json", "application/json")
VARYING = ("Accept", "Sec-Fetch-Dest")
"""The request's headers that decide; a cache keeps an answer for each."""

_SHOWN = frozenset({"document", "iframe", "frame", "embed", "object"})

Ranges = Iterable[tuple[str, float]]
"""What a client accepts, each with its quality from 0 to 1."""


def wants_page(accepted: Ranges, destination: str) -> bool:
    """Answers whether a page suits the client better than data.

    What is accepted with a higher quality wins, then what is named more exactly. Where both are equally welcome, as to
    `Accept: */*`, a page is for browsers that will show the answer; scripts and programs get data.

    Args:
        accepted: the media ranges of `Accept`; none at all are taken for `*/*`.
        destination: what `Sec-Fetch-Dest` says the answer is for; empty when no browser asks.
    """
    ranges = list(accepted)
    page, data = _welcome(ranges, PAGE_TYPES), _welcome(ranges, DATA_TYPES)
    if page != data:
        return page > data
    return destination in _SHOWN


def _welcome(ranges: list[tuple[str, float]], types: tuple[str, ...]) -> tuple[float, int]:
    """Returns the quality of a kind of answer, and how exactly one of its types is named: 0, 1 or 2.

    What names a type most exactly counts, so that `application/json;q=0, */*` refuses data. Parameters, as a charset,
    are left aside.
    """
    exactness = {"*": 0, "*/*": 0} | {f"{wanted.partition('/')[0]}/*": 1 for wanted in types} | dict.fromkeys(types, 2)
    names = ((text.partition(";")[0].strip().lower(), quality) for text, quality in ranges)
    exact, quality = max(((exactness[name], quality) for name, quality in names if name in exactness), default=(0, 0.0))
    return (quality, exact) if quality else (0.0, 0)
