"""How often a password may be tried.

In: names of what tries (an address at a peer, a peer), the time from a clock. Out: how long to wait. `view/auth.py`
and `view/pages.py` import it. Kept in memory: a restart forgets it, which an attacker cannot cause.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from threading import Lock

from kaput.model import Clock

WINDOW = 300.0
"""Seconds in which attempts are counted."""

MOST_NAMES = 10_000
"""Names that are remembered; the one that was quiet longest is forgotten first."""


class Throttle:
    """Counts attempts per name in a sliding window; safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._attempts: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, limits: Sequence[tuple[str, int]]) -> float:
        """Counts one attempt for each name, unless one of them has used up its limit.

        Args:
            limits: names, each with the attempts it has within `WINDOW`.

        Returns:
            0.0 when the attempt may be made, else the seconds until the next one may.
        """
        now = self._clock()
        with self._lock:
            wait = max((self._wait(name, most, now) for name, most in limits), default=0.0)
            if wait <= 0:
                for name, _ in limits:
                    self._note(name, now)
            return wait

    def forget(self, name: str) -> None:
        """Forgets the attempts of a name, after one that was good."""
        with self._lock:
            self._attempts.pop(name, None)

    def _wait(self, name: str, most: int, now: float) -> float:
        times = self._attempts.get(name)
        # Attempts of a time to come are from before the clock was set back; nobody shall wait for it to come again.
        while times and not now - WINDOW < times[0] <= now:
            times.popleft()
        return times[0] + WINDOW - now if times and len(times) >= most else 0.0

    def _note(self, name: str, now: float) -> None:
        self._attempts.setdefault(name, deque()).append(now)
        self._attempts.move_to_end(name)
        while len(self._attempts) > MOST_NAMES:
            self._attempts.popitem(last=False)


def peer_name(address: str) -> str:
    """Returns what one peer is counted under: its address, or for IPv6 the network of 64 bits that it owns."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
