"""How many events one key may bring in a window of time.

In: a quota, the number of events, the time now. Out: 0 when they may pass, else the seconds until they may be tried
again. The files of accept import it; the roots make the quotas.

A window begins with the first event after the last one ended, and takes exactly as many events as the quota says. A
request passes whole or not at all. The counts are those of one process and live as long as it does.
"""

import math
from collections.abc import Mapping

from msgspec import Struct

from kaput.errors import Refused

REASON = "rate_limited"


class Quota(Struct, frozen=True):
    """At most `events` in each window of `seconds`; both at least 1."""

    events: int
    seconds: int


class Window(Struct, frozen=True):
    """A window that runs: when it began, and how many events passed since."""

    begun: float
    used: int


def spend(window: Window | None, quota: Quota, count: int, now: float) -> tuple[Window, int]:
    """Lets some events pass, or none of them.

    Args:
        window: what the last call returned.
        quota: what holds now.
        count: events of this request.
        now: the time of the request.

    Returns:
        The window that runs from now on, and the seconds to wait, 0 when the events may pass.
    """
    # A clock that was set back begins a new window too: nobody shall wait for the hour to come again.
    if window is None or not window.begun <= now < window.begun + quota.seconds:
        window = Window(now, 0)
    if window.used + count <= quota.events:
        return Window(window.begun, window.used + count), 0
    return window, max(1, math.ceil(window.begun + quota.seconds - now))


class Meter:
    """The windows of all keys that have a quota; used by one thread."""

    def __init__(self) -> None:
        self._windows: dict[str, Window] = {}

    def spend(self, key: str, quotas: Mapping[str, Quota], count: int, now: float) -> int:
        """Returns the seconds to wait, 0 when the events may pass; without a quota they may."""
        quota = quotas.get(key)
        if quota is None:
            return 0
        if key not in self._windows and len(self._windows) >= len(quotas):
            self._windows = {known: window for known, window in self._windows.items() if known in quotas}
        self._windows[key], wait = spend(self._windows.get(key), quota, count, now)
        return wait


def refusal(quota: Quota, wait: int) -> Refused:
    """Makes the refusal of a request that does not fit into the window."""
    return Refused(
        429,
        REASON,
        f"This key takes {quota.events} events in {quota.seconds} seconds; come back in {wait} s or raise the limit.",
        wait,
    )
