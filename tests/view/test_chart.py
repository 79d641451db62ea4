"""Bars as one SVG path."""

from hypothesis import given
from hypothesis import strategies as st

from kaput.view.chart import bars


def test_each_value_is_a_stroke_scaled_to_the_largest() -> None:
    """The largest value is as high as the drawing, half of it half as high."""
    assert bars([10, 5], height=24, step=4) == "M2 24v-24M6 24v-12"


def test_a_gap_stays_a_gap() -> None:
    """An hour without events draws nothing, and so does a day without any."""
    assert bars([0, 3, 0], height=10, step=4) == "M6 10v-10"
    assert bars([0, 0]) == ""
    assert bars([]) == ""


def test_one_event_among_thousands_is_seen() -> None:
    """A value above 0 is at least 2 units high."""
    assert bars([1, 1_000_000], height=24, step=4).startswith("M2 24v-2M")


def test_one_chart_can_be_drawn_over_another() -> None:
    """With the largest value of the other both have one scale."""
    assert bars([5], height=24, step=4, largest=10) == "M2 24v-12"


@given(st.lists(st.integers(0, 10**12), max_size=48))
def test_any_counts_make_a_path_of_known_letters(counts: list[int]) -> None:
    """Whatever the counts, the path has one stroke for each that is above 0 and only letters of a path."""
    path = bars(counts)
    assert path.count("M") == sum(count > 0 for count in counts)
    assert set(path) <= set("Mv- 0123456789")
