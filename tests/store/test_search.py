"""The search field: what a person types becomes conditions, or an error that points at the place."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.errors import QueryError
from kaput.store.search import LONGEST, MOST_TERMS, Order, Search, Term, parse


def text(value: str) -> Term:
    return Term("text", value, negated=False)


def tag(name: str, value: str) -> Term:
    return Term("tag", value, negated=False, name=name)


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("", ()),
        ("  \t ", ()),
        ("KeyError", (text("KeyError"),)),
        ("  two  words ", (text("two"), text("words"))),
        ('"two words"', (text("two words"),)),
        ('"not closed', (text("not closed"),)),
        ('""', ()),
        ('a"b c"d', (text("a"), text("b c"), text("d"))),
        ("is:unresolved", (Term("is", "unresolved", negated=False),)),
        ("!is:muted", (Term("is", "muted", negated=True),)),
        ('level:"error"', (Term("level", "error", negated=False),)),
        ("project:Shop x", (Term("project", "Shop", negated=False), text("x"))),
        ('release:"shop 1"', (tag("release", "shop 1"),)),
        ("!project:shop", (Term("project", "shop", negated=True),)),
        ('"is:muted"', (text("is:muted"),)),
        ("this:unknown", (tag("this", "unknown"),)),
        ("!browser:Fire*", (Term("tag", "Fire*", negated=True, name="browser"),)),
        ("Environment:a", (tag("environment", "a"),)),
        ("std::vector http://a.b C:\\x 1:2", (text("std::vector"), text("http://a.b"), text("C:\\x"), text("1:2"))),
        ("has:release", (Term("has", "release", negated=False),)),
        ("user.ip_address:1 user:u", (Term("user", "1", negated=False, name="ip"), Term("user", "u", negated=False))),
        ("assigned:me", (Term("assigned", "me", negated=False),)),
        ("count:>100", (Term("count", ">100", negated=False, sign=">", amount=100.0),)),
        ("!users:7", (Term("users", "7", negated=True, amount=7.0),)),
        ("value: x", (text("value:"), text("x"))),
        ("KeyError:", (text("KeyError:"),)),
        ("!x", (text("!x"),)),
        ("KeyError: 'sku-9'", (text("KeyError:"), text("'sku-9'"))),
        ("100% a_b \\", (text("100%"), text("a_b"), text("\\"))),
        ("\u00a0\x00ä", (text("\u00a0\x00ä"),)),
    ],
)
def test_what_is_read(query: str, terms: tuple[Term, ...]) -> None:
    """Words, quoted words, keys and their negation are conditions; anything else is a text to be found."""
    assert parse(query) == Search(terms)


@pytest.mark.parametrize(
    ("query", "position", "word"),
    [
        ("is:broken", 0, "is:broken"),
        ("a  !is:RESOLVED", 3, "is:RESOLVED"),
        ('ä "b c" level:hot', 8, "level:hot"),
        ('is:""', 0, "is:"),
        ("bogus:", 5, '"bogus:" for the text'),
        ("a !release: ", 10, "!release: is followed by nothing"),
        ('x release:""', 2, "release"),
        ("a count:many", 2, "count:many"),
        ("count:>", 0, "count:>100"),
        ("x last-seen:soon", 2, "last-seen:-24h"),
        ("user.shoe:42", 0, "user.email"),
        ("a order:colour", 2, "first-seen"),
        ("a ORDER BY colour", 11, "trend"),
        ("priority:urgent", 0, "high"),
        (" ".join("a" * (MOST_TERMS + 1)), 0, str(MOST_TERMS)),
        ("x" * (LONGEST + 1), LONGEST, str(LONGEST)),
    ],
)
def test_what_cannot_be_meant(query: str, position: int, word: str) -> None:
    """The error names the word and the place of it, or the limit."""
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert caught.value.position == position
    assert word in str(caught.value)


NOON = 1_769_860_800.0  # 2026-01-31 12:00 UTC


@pytest.mark.parametrize(
    ("value", "sign", "amount"),
    [
        ("-24h", ">=", NOON - 86400),
        ("-30m", ">=", NOON - 1800),
        ("+2w", "<", NOON - 14 * 86400),
        ("2026-01-31", "", NOON - 43200),
        (">2026-01-31", ">=", NOON + 43200),
        (">=2026-01-31", ">=", NOON - 43200),
        ("<2026-01-31", "<", NOON - 43200),
        ("<=2026-01-31", "<", NOON + 43200),
        (">2026-01-31T12:00", ">", NOON),
        ("<2026-01-31T14:00+02:00", "<", NOON),
    ],
)
def test_times(value: str, sign: str, amount: float) -> None:
    """A time is so long ago, a day as a whole, or a moment in UTC unless it names another zone."""
    (term,) = parse(f"last-seen:{value}", NOON).terms
    assert (term.key, term.sign, term.amount) == ("last-seen", sign, amount)


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("a", Order.LAST_SEEN),
        ("order:count a", Order.COUNT),
        ("a ORDER BY first seen", Order.FIRST_SEEN),
        ("order by trend", Order.TREND),
        ('"order by users"', Order.LAST_SEEN),
    ],
)
def test_orders(query: str, order: Order) -> None:
    """The order is a condition of its own, anywhere, or the words at the end."""
    assert parse(query).order is order


def test_what_is_counted() -> None:
    """Only tags that are asked for by one exact value narrow what is counted."""
    scope = parse("release:2.4 !environment:test browser:Fire* type:KeyError server:a x").scope()
    assert scope == {"release": "2.4", "server": "a"}


@given(st.text(st.sampled_from('is:release!"project \\%_ä\x00\n\ud800'), max_size=300))
def test_anything_is_read_or_refused(query: str) -> None:
    """Whatever is typed, it is conditions that hold the typed characters in their order, or a QueryError."""
    try:
        terms = parse(query).terms
    except QueryError:
        return
    position = 0
    for term in terms:
        position = query.index(term.value, position) + len(term.value)


@pytest.mark.parametrize("piece", ['"', "is:", '!is:"', " ", '" ', "a:", "!"])
def test_hostile_input_takes_no_time(piece: str) -> None:
    """The longest query of any repeated piece is read or refused within a moment."""
    begin = time.monotonic()
    for _ in range(20):
        try:
            parse((piece * LONGEST)[:LONGEST])
        except QueryError:
            continue
    assert time.monotonic() - begin < 2
