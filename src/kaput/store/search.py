"""What a person types into the search field, read into a typed filter.

In: the text. Out: `Search`, or QueryError with the place where reading stopped. Pure; `store/issues.py` imports it.

    is:unresolved | is:resolved | is:muted | is:regressed     the state; `!is:...` is its opposite
    level:error   project:shop   release:2.4.1                exactly this; any of its events had the release
    anything else, "quoted" or not                            stands in type, value or culprit; all must
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from kaput.errors import QueryError
from kaput.store.base import Status

LONGEST = 1000
MOST_TERMS = 20
STATES = (*Status, "regressed")
LEVELS = ("debug", "info", "warning", "error", "fatal")
_TOKEN = re.compile(
    r'\s*(?:(?P<key>!?(?:is|level|project|release)):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]+))', re.ASCII
)


class Term(Struct, frozen=True):
    """One condition. `key` is is, level, project, release or text."""

    key: str
    value: str
    negated: bool


class Search(Struct, frozen=True):
    """All conditions; an issue must meet each."""

    terms: tuple[Term, ...]


def parse(query: str) -> Search:
    """Reads a query; raises QueryError for what cannot be meant."""
    if len(query) > LONGEST:
        raise QueryError(f"The search has {len(query)} characters; the limit is {LONGEST}.", LONGEST)
    terms = tuple(_terms(query))
    if len(terms) > MOST_TERMS:
        raise QueryError(f"The search has {len(terms)} conditions; the limit is {MOST_TERMS}.", 0)
    return Search(terms)


def _terms(query: str) -> Iterator[Term]:
    for match in _TOKEN.finditer(query.rstrip()):
        value = match["quoted"] if match["quoted"] is not None else match["plain"]
        if match["key"]:
            yield _known(match["key"], value, match.start("key"))
        elif value:
            yield Term("text", value, negated=False)


def _known(key: str, value: str, position: int) -> Term:
    name, negated = key.removeprefix("!"), key.startswith("!")
    allowed = {"is": STATES, "level": LEVELS}.get(name)
    if allowed is not None and value not in allowed:
        raise QueryError(f"{name}:{value} is not known; it can be {', '.join(allowed)}.", position)
    return Term(name, value, negated)
