"""The search field: what a person types becomes conditions, or an error that points at the place."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.errors import QueryError
from kaput.store.search import LONGEST, MOST_TERMS, Search, Term, parse


def text(value: str) -> Term:
    return Term("text", value, negated=False)


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
        ('release:"shop 1"', (Term("release", "shop 1", negated=False),)),
        ("!project:shop", (Term("project", "shop", negated=True),)),
        ('"is:muted"', (text("is:muted"),)),
        ("this:unknown", (text("this:unknown"),)),
        ("is:", (text("is:"),)),
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
