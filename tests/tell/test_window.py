"""Sliding windows at their edges, against a count of everything."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from kaput.model import Rule, Trigger
from kaput.tell.window import Tally, tally

SECONDS = 60
MOST = 4
TIMES = st.lists(st.integers(0, 40).map(lambda n: n * 10.0), max_size=40)
"""Multiples of ten, so that many lie exactly a window apart, or at the same time."""
CUTS = st.lists(st.booleans(), min_size=40, max_size=40)


def rule(trigger: Trigger) -> Rule:
    """A rule with a small window."""
    return Rule(1, 1, "A rule", trigger, number=MOST, seconds=SECONDS)


def played(trigger: Trigger, times: Sequence[float], users: Sequence[str], cuts: Sequence[bool]) -> list[bool]:
    """Counts events one by one; where it is cut the window is packed and read again, as after a restart."""
    counted: Tally = tally(rule(trigger), b"")
    answers = []
    for time, user, cut in zip(times, users, cuts, strict=False):
        answers.append(counted.add(time, user))
        if cut:
            counted = tally(rule(trigger), counted.packed())
    return answers


@given(times=TIMES, cuts=CUTS)
def test_events_in_turn(times: list[float], cuts: list[bool]) -> None:
    """A window is full exactly when so many events lie in the half-open window that ends with the newest."""
    times.sort()
    expected = [
        sum(time - SECONDS < before <= time for before in times[: at + 1]) >= MOST for at, time in enumerate(times)
    ]
    assert played(Trigger.EVENTS, times, [""] * len(times), cuts) == expected


@given(times=st.lists(st.integers(0, 20).map(lambda n: n * 10.0), max_size=2 * MOST))
def test_events_out_of_turn(times: list[float]) -> None:
    """Whatever the order of some events, the first full answer comes with the one that first fills any window."""
    full = [any(_count(times[: at + 1], end) >= MOST for end in times[: at + 1]) for at in range(len(times))]
    found = played(Trigger.EVENTS, times, [""] * len(times), [False] * 40)
    assert (found.index(True) if True in found else None) == (full.index(True) if True in full else None)


@given(times=TIMES, users=st.lists(st.sampled_from(["a", "b", "c", "d", "e", ""]), min_size=40), cuts=CUTS)
def test_users_in_turn(times: list[float], users: list[str], cuts: list[bool]) -> None:
    """A window of users is full exactly when so many different ones were seen in it."""
    times.sort()
    seen = list(zip(times, users, strict=False))
    expected = []
    for at, (end, _) in enumerate(seen):
        # The window ends with the newest event that has a user: the others count for none.
        newest = max((time for time, user in seen[: at + 1] if user), default=end)
        names = {user for time, user in seen[: at + 1] if user and newest - SECONDS < time}
        expected.append(len(names) >= MOST)
    assert played(Trigger.USERS, times, users, cuts) == expected


def test_what_is_kept_is_small() -> None:
    """However many events come, eight bytes for each that a window needs are kept, and none that are over."""
    counted = tally(rule(Trigger.EVENTS), b"")
    for at in range(10_000):
        counted.add(at * 0.001, "")
    assert len(counted.packed()) == 1 + 8 * MOST
    counted.add(1000.0, "")
    assert len(counted.packed()) == 1 + 8


def _count(times: Sequence[float], end: float) -> int:
    return sum(end - SECONDS < time <= end for time in times)
