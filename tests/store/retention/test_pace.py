"""How much a step takes, from how long the steps before took."""

import pytest

from kaput.store.retention.pace import FEWEST, FIRST, MOST, SECONDS, Pace


def paced(steps: int, seconds_per_row: float, fixed: float = 0.0) -> Pace:
    """Returns the pace after some steps of which each row takes as long."""
    pace = Pace()
    for _ in range(steps):
        pace.note(fixed + pace.rows * seconds_per_row)
    return pace


@pytest.mark.parametrize(("seconds", "rows"), [(SECONDS / 100, 100), (SECONDS / 1000, MOST), (SECONDS, FEWEST)])
def test_a_step_takes_about_as_long_as_it_may(seconds: float, rows: int) -> None:
    """It grows to what a fiftieth of a second is enough for, and never beyond its bounds."""
    assert paced(50, seconds).rows == pytest.approx(rows, rel=0.05)


def test_one_slow_step_is_no_reason_to_crawl() -> None:
    """A step of seconds halves the next one; it recovers within a few."""
    pace = paced(50, SECONDS / 100)
    before = pace.rows
    pace.note(3.0)
    assert (pace.rows, pace.held) == (before // 2, 3.0)
    for _ in range(4):
        pace.note(pace.rows * SECONDS / 100)
    assert pace.rows == pytest.approx(before, rel=0.05)


def test_it_begins_small() -> None:
    """Nothing is known at the first step."""
    assert Pace().rows == FIRST
