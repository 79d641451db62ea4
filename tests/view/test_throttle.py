"""How often a password may be tried."""

import pytest

from kaput.view.throttle import MOST_NAMES, WINDOW, Throttle, peer_name
from tests.clock import SettableClock


def test_the_limit_is_for_a_window() -> None:
    """After the last allowed attempt the next must wait until the first is a window old, to the second."""
    clock = SettableClock()
    throttle = Throttle(clock)
    assert [throttle.take([("a", 2)]), throttle.take([("a", 2)])] == [0.0, 0.0]
    clock.now += 100
    assert throttle.take([("a", 2)]) == WINDOW - 100
    clock.now += WINDOW - 100
    assert throttle.take([("a", 2)]) == 0.0


def test_a_clock_that_is_set_back() -> None:
    """Attempts of a time to come do not count: nobody waits for it to come again."""
    clock = SettableClock()
    throttle = Throttle(clock)
    throttle.take([("a", 1)])
    clock.now -= 3600
    assert throttle.take([("a", 1)]) == 0.0
    assert throttle.take([("a", 1)]) == WINDOW


def test_a_refused_attempt_does_not_count() -> None:
    """Who keeps trying while refused does not wait longer for it."""
    clock = SettableClock()
    throttle = Throttle(clock)
    throttle.take([("a", 1)])
    clock.now += 1
    throttle.take([("a", 1), ("b", 1)])
    assert throttle.take([("b", 1)]) == 0.0


def test_the_longest_wait_counts() -> None:
    """An attempt under two names waits for both."""
    clock = SettableClock()
    throttle = Throttle(clock)
    throttle.take([("a", 1)])
    clock.now += 10
    throttle.take([("b", 1)])
    assert throttle.take([("a", 1), ("b", 1)]) == WINDOW


def test_a_good_attempt_forgets() -> None:
    """A name that is forgotten may try again at once."""
    throttle = Throttle(SettableClock())
    throttle.take([("a", 1)])
    throttle.forget("a")
    assert throttle.take([("a", 1)]) == 0.0


def test_the_memory_is_bounded() -> None:
    """Of more names than are remembered, the one that was quiet longest is forgotten."""
    throttle = Throttle(SettableClock())
    for index in range(MOST_NAMES + 1):
        throttle.take([(str(index), 1)])
    assert throttle.take([(str(MOST_NAMES), 1)]) > 0
    assert throttle.take([("0", 1)]) == 0.0


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::"),
        ("unix", "unix"),
    ],
)
def test_a_peer_is_counted_by_what_it_owns(address: str, name: str) -> None:
    """An IPv4 peer is its address, an IPv6 peer its network of 64 bits."""
    assert peer_name(address) == name
