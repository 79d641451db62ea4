"""Everything that arrived is kept within bounds."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kaput.digest.trim import bound, bound_object, cut

TEXT = st.text(max_size=5) | st.integers(0, 300).map("x".__mul__)
TREE = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXT, inner, max_size=6),
    max_leaves=30,
)


def depth_of(value: Any) -> int:
    """Levels of containers that hold something."""
    if not value or not isinstance(value, dict | list):
        return 0
    return 1 + max(map(depth_of, value.values() if isinstance(value, dict) else value))


def characters_of(value: Any) -> int:
    if isinstance(value, dict):
        return sum(len(key) + characters_of(item) for key, item in value.items())
    if isinstance(value, list):
        return sum(map(characters_of, value))
    return len(value) if isinstance(value, str) else 0


def test_a_cut_text_says_so() -> None:
    """The limit includes the mark."""
    assert [cut("abcdef", limit) for limit in (6, 5, 3, 1, 0)] == ["abcdef", "ab...", "...", ".", ""]


def test_what_fits_is_not_touched() -> None:
    """Nothing is cut and nothing is said when there is room."""
    value = {"a": [1, {"b": "text"}], "c": None, "d": 1.5, "e": True}
    assert bound(value, 2048, 5) == (value, False)
    assert bound_object(value, 2048, 5) == (value, False)


def test_levels_below_the_last_are_folded() -> None:
    """Depth counts containers; an empty one folds no more than it holds."""
    assert bound({"a": {"b": {"c": 1}, "d": [1], "e": {}}}, 1000, 2) == (
        {"a": {"b": "{...}", "d": "[...]", "e": {}}},
        True,
    )


def test_small_entries_stay_whole_beside_a_large_one() -> None:
    """One huge variable cannot push the others out, whatever their order."""
    value = {"huge": "x" * 100_000, "cart": "Cart(id=3)", "also": ["y" * 5_000], "sku": "'sku-9'"}
    result, trimmed = bound_object(value, 2048, 5)
    assert trimmed
    assert list(result) == ["huge", "cart", "also", "sku"]
    assert (result["cart"], result["sku"]) == ("Cart(id=3)", "'sku-9'")
    assert len(result["huge"]) > 500
    assert characters_of(result) <= 2048 + 4 * 48


def test_huge_integers_become_text() -> None:
    """What does not fit into 64 bits cannot be read by every parser."""
    assert bound([2**63 - 1, 2**64, 10**400], 100, 2)[0] == [2**63 - 1, "1.844674e+19", "inf"]


@given(TREE, st.integers(0, 500), st.integers(1, 4))
def test_any_tree_is_bounded(value: Any, characters: int, depth: int) -> None:
    """Characters and levels are kept to, and the result can be encoded."""
    result, _ = bound(value, characters, depth)
    assert depth_of(result) <= depth
    assert characters_of(result) <= characters + 210
    msgspec.json.encode(result)


@given(st.dictionaries(TEXT, TREE, max_size=6), st.integers(50, 500), st.integers(1, 4))
def test_any_object_is_bounded(value: dict[str, Any], characters: int, depth: int) -> None:
    """An object that is cut fairly is cut as far, give or take the least that each entry may have."""
    result, _ = bound_object(value, characters, depth)
    assert depth_of(result) <= depth
    assert characters_of(result) <= characters + (characters // 48 + 1) * 260
