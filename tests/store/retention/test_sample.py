"""Which events stay: dense near the newest, sparse in the past, and never further away than promised."""

import random
from itertools import accumulate, pairwise

import pytest

from kaput.store.retention.sample import surplus

NOW = 1_800_000_000.0
DAY = 86400.0


def series(count: int, seconds: float) -> list[tuple[int, float]]:
    """Returns events in equal steps."""
    return [(number + 1, NOW - (count - 1 - number) * seconds) for number in range(count)]


def kept(events: list[tuple[int, float]], most: int) -> list[tuple[int, float]]:
    """Returns what stays."""
    gone = set(surplus(events, most))
    return [event for event in events if event[0] not in gone]


@pytest.mark.parametrize("most", [2, 3, 10, 100, 750])
@pytest.mark.parametrize("seconds", [0.0, 0.001, 60.0, 3600.0])
def test_exactly_as_many_stay_as_may(most: int, seconds: float) -> None:
    """However they lie in time, exactly `most` stay, among them the first and the newest third."""
    events = series(2000, seconds)
    stay = kept(events, most)
    assert len(stay) == most
    assert stay[0] == events[0]
    newest = max(1, most // 3)
    assert stay[-newest:] == events[-newest:]


def test_nothing_goes_below_the_limit() -> None:
    """What fits stays whole."""
    assert surplus(series(100, 1.0), 100) == []
    assert surplus([], 2) == []


def test_what_goes_has_a_neighbour_that_stays() -> None:
    """Of 26,000 events over 90 days 750 stay; each that went has one older by at most an eighth of its age."""
    events = series(90 * 288, 300.0)
    stay = {row for row, _ in kept(events, 750)}
    last = events[0][1]
    for row, time in events:
        if row in stay:
            last = time
        assert time - last <= (NOW - time) / 8 + 1e-6


def test_the_sample_gets_thinner_with_age() -> None:
    """Of each doubling of age in the sample about as many stay as of any other."""
    times = [time for _, time in kept(series(90 * 288, 300.0), 750)]
    ages = [NOW - time for time in times]
    doublings = [sum(1 for age in ages if 2**n * DAY <= age < 2 ** (n + 1) * DAY) for n in range(6)]
    assert min(doublings) >= 20
    assert max(doublings) <= 3 * min(doublings)


def test_thinning_often_and_thinning_late_find_the_same_slots() -> None:
    """Thinned after each 250 events or once at the end: the promise holds for every event that ever came."""
    chance = random.Random(5)
    times = accumulate(chance.expovariate(1 / 60.0) for _ in range(20_000))
    events = [(number + 1, NOW + time) for number, time in enumerate(times)]
    stay: list[tuple[int, float]] = []
    for start in range(0, len(events), 250):
        stay += events[start : start + 250]
        if len(stay) > 1000:
            stay = kept(stay, 750)
    rows, now = {row for row, _ in stay}, events[-1][1]
    last = events[0][1]
    for row, time in events:
        if row in rows:
            last = time
        assert time - last <= (now - time) / 8 + 1e-6


def test_a_burst_does_not_push_out_what_was_before() -> None:
    """A hundred events over months survive a hundred thousand within a second."""
    before = [(number + 1, NOW - (100 - number) * DAY) for number in range(100)]
    burst = [(101 + number, NOW + number / 100_000) for number in range(100_000)]
    stay = kept([*before, *burst], 750)
    assert sum(1 for row, _ in stay if row <= 100) >= 50


def test_a_clock_that_was_set_back_does_no_harm() -> None:
    """Times that run backwards count as standing still."""
    events = [(number + 1, NOW - number * 60.0) for number in range(2000)]
    assert len(kept(events, 750)) == 750


def test_the_answer_depends_on_the_events_alone() -> None:
    """The same events give the same rows, in the order of storing."""
    events = series(5000, 7.0)
    gone = surplus(events, 750)
    assert gone == surplus(list(events), 750)
    assert all(one < other for one, other in pairwise(gone))
