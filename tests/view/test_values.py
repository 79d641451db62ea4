"""Values of an event as trees that open."""

import pytest

from kaput.view.values import (
    DEEPEST,
    INLINE,
    LINES,
    MOST_MEMBERS,
    SHORT,
    Member,
    Value,
    end_cut,
    members_of,
    value_of,
    visible,
)


def test_text_as_the_client_wrote_it() -> None:
    """A short text is shown whole, without quotes of its own."""
    assert Value("text", "'sku-9'") == value_of("'sku-9'", "python")


@pytest.mark.parametrize(
    ("platform", "raw", "shown"),
    [
        ("python", None, "None"),
        ("python", True, "True"),
        ("javascript", None, "null"),
        ("javascript", False, "false"),
        ("python", 41.5, "41.5"),
        ("python", [], "[]"),
        ("python", {}, "{}"),
    ],
)
def test_words(platform: str, raw: object, shown: str) -> None:
    """Nothing and truth are spelt as the event's language spells them."""
    assert Value("word", shown) == value_of(raw, platform)


def test_filtered_value() -> None:
    """What was taken out is told apart from a text that says so."""
    assert value_of("[Filtered]", "python").kind == "filtered"
    assert value_of("filtered", "python").kind == "text"


def test_long_text_is_cut_and_kept_whole() -> None:
    """A long text shows its beginning and keeps the whole for the expander."""
    value = value_of("A" * 8000, "python")
    assert len(value.short) == SHORT
    assert value.short.endswith("…")
    assert value.whole == "A" * 8000


def test_text_of_many_lines_is_cut() -> None:
    """A text of many short lines shows the first few."""
    value = value_of("\n".join("abcdefgh"), "python")
    assert value.short == "a\nb\nc\nd…"
    assert value.short.count("\n") + 1 == LINES
    assert "\n".join("abcdefgh") == value.whole


def test_small_collections_stand_on_one_line() -> None:
    """A collection that fits on a line needs no opening."""
    assert Value("text", "{'sku-1': 1.5}") == value_of({"'sku-1'": 1.5}, "python")
    assert Value("text", "[1, None]") == value_of([1, None], "python")


def test_large_collections_open() -> None:
    """A collection that does not fit shows a part of it, its size, and its members when opened."""
    raw = {f"key-{number}": "value" for number in range(20)}
    value = value_of(raw, "python")
    assert value.kind == "tree"
    assert value.short.startswith("{key-0: value, key-1: value")
    assert value.short.endswith("… 20 items")
    assert len(value.short) <= INLINE + len(" 20 items")
    assert len(value.members) == 20
    assert Member("key-0", Value("text", "value")) == value.members[0]


def test_filtered_member_is_never_folded_into_a_line() -> None:
    """A collection with a secret taken out opens, so that the reason can be read."""
    value = value_of({"password": "[Filtered]"}, "python")
    assert value.kind == "tree"
    assert (Member("password", Value("filtered", "filtered")),) == value.members


def test_members_are_bounded() -> None:
    """Of a huge collection the first members are shown and the others are counted."""
    value = value_of(list(range(MOST_MEMBERS + 7)), "python")
    assert len(value.members) == MOST_MEMBERS
    assert value.left_out == 7
    assert len(members_of({str(n): n for n in range(500)}, "python")) == MOST_MEMBERS


def test_nesting_is_bounded() -> None:
    """A value that is nested too deep ends in its size."""
    raw: object = ["a" * 100, "b"]
    for _ in range(50):
        raw = [raw, "c" * 100]
    value = value_of(raw, "python")
    depth = 0
    while value.kind == "tree":
        value, depth = value.members[0].value, depth + 1
    assert depth == DEEPEST
    assert Value("word", "[…] 2 items") == value


def test_control_characters_are_shown_as_pictures() -> None:
    """A control character is seen, not obeyed; line ends and tabs stay."""
    assert visible("\x1b[31m\x00\r\n\t") == "␛[31m␀\n\t"
    assert members_of({"a\x1b": 1}, "python")[0].name == "a␛"


def test_end_cut() -> None:
    """A text that is too long ends in an ellipsis, within the length."""
    assert end_cut("abc", 3) == "abc"
    assert end_cut("abcd", 3) == "ab…"
