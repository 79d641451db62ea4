"""How many events a key may bring: the window, to the event and to the second."""

from kaput.accept.quota import Meter, Quota, Window, spend
from tests.accept.door import KEY, OTHER_KEY

TEN = Quota(events=10, seconds=60)


def test_a_window_takes_exactly_its_events() -> None:
    """The tenth event passes, the eleventh waits until the window ends, and passes at that moment."""
    window, wait = spend(None, TEN, 9, 1000.0)
    assert (window, wait) == (Window(1000.0, 9), 0)
    window, wait = spend(window, TEN, 1, 1059.9)
    assert (window, wait) == (Window(1000.0, 10), 0)
    window, wait = spend(window, TEN, 1, 1059.9)
    assert (window, wait) == (Window(1000.0, 10), 1)
    assert spend(window, TEN, 1, 1000.5)[1] == 60
    assert spend(window, TEN, 1, 1060.0) == (Window(1060.0, 1), 0)


def test_a_request_passes_whole_or_not_at_all() -> None:
    """What does not fit takes nothing away from the next request, which does."""
    window, _ = spend(None, TEN, 8, 0.0)
    window, wait = spend(window, TEN, 3, 1.0)
    assert (window.used, wait) == (8, 59)
    assert spend(window, TEN, 2, 1.0)[1] == 0


def test_a_clock_that_was_set_back_makes_nobody_wait() -> None:
    """A window that begins in the future is over."""
    assert spend(Window(5000.0, 10), TEN, 1, 1000.0) == (Window(1000.0, 1), 0)


def test_a_new_limit_holds_in_the_window_that_runs() -> None:
    """Lowered below what passed it stops the key, raised it lets more pass."""
    assert spend(Window(0.0, 10), Quota(5, 60), 1, 30.0)[1] == 30
    assert spend(Window(0.0, 10), Quota(11, 60), 1, 30.0)[1] == 0


def test_each_key_has_its_own_window() -> None:
    """A key that used up its events stops no other, and one without a quota is never stopped."""
    meter, quotas = Meter(), {KEY: Quota(1, 60), OTHER_KEY: Quota(1, 60)}
    assert [meter.spend(key, quotas, 1, 0.0) for key in (KEY, KEY, OTHER_KEY, OTHER_KEY)] == [0, 60, 0, 60]
    assert [meter.spend("free", quotas, 100, 0.0) for _ in range(3)] == [0, 0, 0]


def test_windows_of_keys_without_a_quota_are_forgotten() -> None:
    """A key whose limit was taken away and set again begins anew once other keys came: nothing grows for ever."""
    meter = Meter()
    for number in range(100):
        assert meter.spend(f"key-{number}", {f"key-{number}": Quota(1, 60)}, 1, 0.0) == 0
    assert meter.spend("key-0", {"key-0": Quota(1, 60)}, 1, 0.0) == 0
