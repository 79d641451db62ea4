"""What a rule counts: exact sliding windows over the times at which events were received.

In: times, one by one. Out: whether the window that a time completes is full. Pure; `tell/rules.py` imports it. Packed,
a window is a few bytes for the store, which writes them in the transaction of the events.

A window of M seconds that ends at t is half open: an event at t - M is outside. Only as much is kept as the next
answer needs: the newest N times, or users. An event that comes out of turn, later than others that were received after
it, takes its place among those that are kept.
"""

from bisect import bisect_left, bisect_right, insort
from hashlib import blake2b
from struct import Struct
from typing import Protocol

from kaput.model import Rule, Trigger

SLOTS = 60
"""A rise is counted in so many steps for each window: what it compares may be many events."""
LEAST_RISE = 10
"""Events that a window has at least before it can be a rise: from 1 to 3 is no news."""

_FULL = 1
_USER = Struct("<dQ")
_SLOT = Struct("<qQ")


class Tally(Protocol):
    """One window of one rule for one issue.

    Attributes:
        told: the rule fired, or held back, for as long as the window has been full.
    """

    told: bool

    @property
    def newest(self) -> float:
        """The latest time in it; 0 when there is none."""

    def add(self, time: float, user: str) -> bool:
        """Counts an event, and answers whether a window with it in it is full."""

    def packed(self) -> bytes:
        """Returns what is to be kept."""


def tally(rule: Rule, content: bytes) -> Tally:
    """Returns what a rule counted, as it was packed; empty when that is nothing."""
    if rule.trigger is Trigger.USERS:
        return Users(content, rule.number, rule.seconds)
    if rule.trigger is Trigger.RISE:
        return Rise(content, rule.number, rule.seconds)
    return Times(content, rule.number, rule.seconds)


class Times:
    """Events: full when `most` lie within `seconds`."""

    def __init__(self, content: bytes, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        count = len(content) // 8
        self._times: list[float] = list(Struct(f"<{count}d").unpack_from(content, 1)) if count else []
        self.told = bool(content and content[0] & _FULL)

    @property
    def newest(self) -> float:
        """See `Tally`."""
        return self._times[-1] if self._times else 0.0

    def add(self, time: float, user: str) -> bool:
        """See `Tally`."""
        del user
        times, most = self._times, self._most
        if not times or time >= times[-1]:
            times.append(time)
            full = len(times) >= most and times[-most] > time - self._seconds
        else:
            full = self._insert(time)
        if len(times) > 2 * most:
            del times[:-most]
        return full

    def _insert(self, time: float) -> bool:
        """Counts an event that comes out of turn; of the windows that hold it, it looks at those that it can fill."""
        times, most = self._times, self._most
        place = bisect_right(times, time)
        times.insert(place, time)
        first, last = max(0, place - most + 1), min(place, len(times) - most)
        return any(times[at + most - 1] - times[at] < self._seconds for at in range(first, last + 1))

    def packed(self) -> bytes:
        """See `Tally`."""
        kept = self._times[-self._most :]
        kept = kept[bisect_right(kept, self.newest - self._seconds) :]
        return bytes([_FULL if self.told else 0]) + Struct(f"<{len(kept)}d").pack(*kept)


class Users:
    """Users: full when `most` different ones were seen within `seconds`."""

    def __init__(self, content: bytes, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._seen: dict[int, float] = {name: time for time, name in _USER.iter_unpack(content[1:])}
        self._order: list[tuple[float, int]] = sorted((time, name) for name, time in self._seen.items())
        self.told = bool(content and content[0] & _FULL)

    @property
    def newest(self) -> float:
        """See `Tally`."""
        return self._order[-1][0] if self._order else 0.0

    def add(self, time: float, user: str) -> bool:
        """See `Tally`; an event without a user counts for none."""
        if user:
            name = int.from_bytes(blake2b(user.encode("utf-8", "replace"), digest_size=8).digest(), "little")
            self._note(name, time)
        after = self.newest - self._seconds
        return len(self._order) - bisect_right(self._order, (after, 2**64)) >= self._most

    def _note(self, name: int, time: float) -> None:
        before = self._seen.get(name)
        if before is not None:
            if before >= time:
                return
            del self._order[bisect_left(self._order, (before, name))]
        self._seen[name] = time
        insort(self._order, (time, name))
        if len(self._order) > 2 * self._most:
            for _, old in self._order[: -self._most]:
                del self._seen[old]
            del self._order[: -self._most]

    def packed(self) -> bytes:
        """See `Tally`."""
        after = self.newest - self._seconds
        kept = [entry for entry in self._order[-self._most :] if entry[0] > after]
        return bytes([_FULL if self.told else 0]) + b"".join(_USER.pack(*entry) for entry in kept)


class Rise:
    """Events of a window against those of the window before: full when they are `percent` more.

    Its windows end at whole steps: one step is a sixtieth of a window.
    """

    def __init__(self, content: bytes, percent: int, seconds: float) -> None:
        self._percent = percent
        self._step = seconds / SLOTS
        self._slots: dict[int, int] = dict(_SLOT.iter_unpack(content[1:]))
        self.told = bool(content and content[0] & _FULL)

    @property
    def newest(self) -> float:
        """See `Tally`."""
        return (max(self._slots) + 1) * self._step if self._slots else 0.0

    def add(self, time: float, user: str) -> bool:
        """See `Tally`."""
        del user
        slot = int(time // self._step)
        self._slots[slot] = self._slots.get(slot, 0) + 1
        last = max(self._slots)
        for old in [at for at in self._slots if at <= last - 2 * SLOTS]:
            del self._slots[old]
        now = sum(count for at, count in self._slots.items() if at > last - SLOTS)
        before = sum(self._slots.values()) - now
        return now >= LEAST_RISE and now * 100 >= max(before, 1) * (100 + self._percent)

    def packed(self) -> bytes:
        """See `Tally`."""
        return bytes([_FULL if self.told else 0]) + b"".join(_SLOT.pack(*entry) for entry in self._slots.items())
