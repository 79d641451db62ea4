"""What a person types into the search field, read into a typed filter.

In: the text and the time. Out: `Search`, or QueryError with the place where reading stopped. Pure; this stage's
files import it. `store/matching.py` makes conditions of what it gives.

    is:unresolved resolved muted regressed new ongoing assigned bookmarked      the state
    level:error   project:shop   priority:high                                  exactly this
    type:Key*   value:*sku*   culprit:*cart*                                    of the title; `*` stands for anything
    release:2.*   environment:production   browser:Firefox                      any of its events had it; any tag
    has:release                                                                 any of its events had one
    user:u12   user.email:a@b.c                                                 who it happened to
    assigned:me   assigned:none   assigned:ada@example.org                      who has it
    first-seen:-24h   last-seen:+7d   last-seen:>2026-01-01                     within, longer ago, later than
    count:>100   users:>=10                                                     how often, to how many
    order:last-seen first-seen count users trend                                also `ORDER BY count` at the end
    !environment:test                                                           the opposite of any of these
    anything else, "quoted" or not                          stands in title, culprit or a tag's value; all must
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct

from kaput.errors import QueryError
from kaput.model import DAY
from kaput.store.base import Priority, Status

LONGEST = 1000
MOST_TERMS = 20
STATES = (*Status, "regressed", "new", "ongoing", "assigned", "bookmarked")
LEVELS = ("debug", "info", "warning", "error", "fatal")
TAGS = frozenset({"release", "environment"})
"""Keys of the search that are tags of events under the same name."""

_UNITS = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_LARGEST = 10**15
_TOKEN = re.compile(
    r'\s*(?:(?P<key>!?[a-z_][\w.-]{1,63}):(?!//|:|\s|$))?(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]+))',
    re.ASCII | re.IGNORECASE,
)
_BARE = re.compile(r"!?[a-z_][a-z0-9_.-]{1,63}:", re.ASCII)
_ORDER_BY = re.compile(r"(?:^|\s)order\s+by\s+(?P<order>\S[\w -]*)$", re.ASCII | re.IGNORECASE)
_COMPARED = re.compile(r"(?P<sign>>=|<=|>|<|)(?P<rest>.*)", re.DOTALL)
_AGO = re.compile(r"(?P<sign>[+-])(?P<number>[0-9]{1,6})(?P<unit>[mhdw])", re.ASCII)


class Order(StrEnum):
    """By what issues are ordered, the largest first."""

    LAST_SEEN = "last-seen"
    FIRST_SEEN = "first-seen"
    COUNT = "count"
    USERS = "users"
    TREND = "trend"
    """How many more events came in the last 24 hours than in those before."""


class Term(Struct, frozen=True):
    """One condition.

    Attributes:
        key: what is looked at: `is`, `level`, `type`, `tag` and so on; `text` for free text.
        value: what it shall be; `*` stands for anything.
        name: of the tag, or what of a user.
        sign: `>`, `>=`, `<`, `<=` or nothing, for counts and times.
        amount: the count, or seconds since the epoch.
    """

    key: str
    value: str
    negated: bool
    name: str = ""
    sign: str = ""
    amount: float = 0.0

    @property
    def exact(self) -> bool:
        """Answers whether the value stands for itself alone."""
        return "*" not in self.value


class Search(Struct, frozen=True):
    """All conditions; an issue must meet each."""

    terms: tuple[Term, ...]
    order: Order = Order.LAST_SEEN

    def scope(self) -> dict[str, str]:
        """Returns the tags, by key, that the counted events must have; only what is one value exactly counts."""
        return {term.name: term.value for term in self.terms if term.key == "tag" and term.exact and not term.negated}


def parse(query: str, now: float = 0.0) -> Search:
    """Reads a query; raises QueryError for what cannot be meant.

    Args:
        query: as it was typed.
        now: the time that `-24h` begins from, in seconds since the epoch.
    """
    if len(query) > LONGEST:
        raise QueryError(f"The search has {len(query)} characters; the limit is {LONGEST}.", LONGEST)
    order = Order.LAST_SEEN
    ending = _ORDER_BY.search(query.rstrip())
    if ending:
        order = _order(ending["order"], ending.start("order"))
        query = query[: ending.start()]
    terms: list[Term] = []
    for term, position in _terms(query, now):
        if term.key == "order":
            order = _order(term.value, position)
        else:
            terms.append(term)
    if len(terms) > MOST_TERMS:
        raise QueryError(f"The search has {len(terms)} conditions; the limit is {MOST_TERMS}.", 0)
    return Search(tuple(terms), order)


def _terms(query: str, now: float) -> Iterator[tuple[Term, int]]:
    for match in _TOKEN.finditer(query.rstrip()):
        value = match["quoted"] if match["quoted"] is not None else match["plain"]
        if match["key"]:
            yield _known(match["key"], value, match.start("key"), now), match.start("key")
        elif value:
            if match.end() == len(query.rstrip()) and _BARE.fullmatch(match["plain"] or ""):
                words = f'write what it shall be behind the colon, or "{value}" for the text'
                raise QueryError(f"{value} is followed by nothing; {words}.", match.end() - 1)
            yield Term("text", value, negated=False), match.start()


def _known(key: str, value: str, position: int, now: float) -> Term:
    name, negated = key.removeprefix("!"), key.startswith("!")
    folded = name.lower()
    if folded in _CHOICES:
        if value not in _CHOICES[folded]:
            allowed = ", ".join(_CHOICES[folded])
            raise QueryError(f"{name}:{value} is not known; it can be {allowed}.", position)
        return Term(folded, value, negated)
    if not value:
        raise QueryError(f"{name}: is followed by nothing; write what it shall be.", position)
    if folded in {"project", "type", "value", "culprit", "assigned", "has", "order"}:
        return Term(folded, value, negated)
    if folded in {"count", "users"}:
        return _counted(folded, value, negated, position)
    if folded in {"first-seen", "last-seen"}:
        return _timed(folded, value, negated, position, now)
    if folded == "user" or folded.startswith("user."):
        return _of_user(folded, value, negated, position)
    return Term("tag", value, negated, name=folded if folded in TAGS else name)


def _counted(key: str, value: str, negated: bool, position: int) -> Term:  # noqa: FBT001 - it is a field of the term
    match = _COMPARED.fullmatch(value)
    if match is None or not match["rest"].isdecimal() or int(match["rest"][:20]) > _LARGEST:
        raise QueryError(f"{key}:{value} is no number; write {key}:100, {key}:>100 or {key}:<=100.", position)
    return Term(key, value, negated, sign=match["sign"], amount=float(int(match["rest"])))


def _timed(key: str, value: str, negated: bool, position: int, now: float) -> Term:  # noqa: FBT001 - as above
    ago = _AGO.fullmatch(value)
    if ago:
        sign = ">=" if ago["sign"] == "-" else "<"
        return Term(key, value, negated, sign=sign, amount=now - int(ago["number"]) * _UNITS[ago["unit"]])
    match = _COMPARED.fullmatch(value)
    try:
        moment = datetime.fromisoformat(match["rest"] if match else "")
        amount = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        forms = f"{key}:-24h, {key}:+7d, {key}:>2026-01-31 or {key}:2026-01-31"
        raise QueryError(f"{key}:{value} is no time; write {forms}.", position) from None
    sign = match["sign"] if match else ""
    # A day is later than another one when it comes after all of it.
    whole_day = len(value.removeprefix(sign)) == 10
    if whole_day and sign in {">", "<="}:
        return Term(key, value, negated, sign=">=" if sign == ">" else "<", amount=amount + DAY)
    return Term(key, value, negated, sign=sign, amount=amount)


def _of_user(key: str, value: str, negated: bool, position: int) -> Term:  # noqa: FBT001 - as above
    name = key.partition(".")[2]
    if name not in _PARTS_OF_USER:
        allowed = ", ".join(f"user.{one}" for one in _PARTS_OF_USER if one)
        raise QueryError(f"{key} is not known; it can be user, {allowed}.", position)
    return Term("user", value, negated, name={"ip_address": "ip"}.get(name, name))


def _order(text: str, position: int) -> Order:
    word = "-".join(text.lower().split())
    if word not in set(Order):
        raise QueryError(f"{text} is no order; it can be {', '.join(Order)}.", position)
    return Order(word)


_CHOICES: dict[str, tuple[str, ...]] = {
    "is": tuple(str(state) for state in STATES),
    "level": LEVELS,
    "priority": tuple(one.name.lower() for one in Priority),
}
"""The values that a key can have, where they are known."""

_PARTS_OF_USER = ("", "id", "email", "username", "ip", "ip_address")
