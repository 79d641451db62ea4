"""Counts that many ask for are taken once a second."""

from kaput.model import Stats
from kaput.view.recent import RecentStats
from tests.clock import SettableClock


def test_counts_are_taken_once_a_second_and_anew_when_the_clock_is_set_back() -> None:
    """A thousand questions within a second count once; a second later, or earlier, is another time."""
    clock, taken = SettableClock(), []

    def read() -> Stats:
        taken.append(clock.now)
        return Stats(len(taken), 0, 0, 0, {}, 0, 0)

    recent = RecentStats(read, clock)
    assert {recent().accepted for _ in range(1000)} == {1}
    clock.now += 1.0
    assert recent().accepted == 2
    clock.now -= 3600.0
    assert [recent().accepted, recent().accepted] == [3, 3]
