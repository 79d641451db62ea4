"""Which events of an issue stay when not all can: the first, the newest third of them, and of the time before a sample.

In: the rows of an issue's events with their times. Out: the rows that go. Pure; `events.py` imports it.

The time before is cut into slots that are the longer the further back they lie: a slot is as long as a fixed part of
its age, and its oldest event stays. Slots are halves of one another (2, 4, 8 microseconds and so on), so two that
become one keep what the earlier of them kept: whoever thins often and whoever thins late end with the same sample.
"""

from bisect import bisect_right
from collections.abc import Sequence

MICROSECOND = 1_000_000
FINEST, COARSEST = 10, -4
"""A slot is at most 2 ** -n of its age, for n from the first of these to the second."""
KEPT_WHOLE = 3
"""One part in so many is the newest events, without a gap."""


def surplus(events: Sequence[tuple[int, float]], most: int) -> list[int]:
    """Returns the rows of the events that go, so that exactly `most` stay; none when there are no more than that.

    For each event that goes one stays that is older by at most a 2 ** n of its age, n the same for all and as small as
    the room allows. The same events give the same answer.

    Args:
        events: row and time of arrival, in the order of storing.
        most: 2 at least.
    """
    if len(events) <= most:
        return []
    newest = max(1, most // KEPT_WHOLE)
    ticks = _ticks(events)
    old, now, room = ticks[:-newest], ticks[-1], most - newest
    steps = range(COARSEST, FINEST + 1)
    fitting = bisect_right(steps, room, key=lambda step: len(_heads(old, now, step)))
    heads = _heads(old, now, steps[max(0, fitting - 1)])
    kept = _spread(heads, room)
    others = [index for index in range(len(old)) if index not in kept]
    return [events[index][0] for index in others[: len(old) - room]]


def _ticks(events: Sequence[tuple[int, float]]) -> list[int]:
    """Returns the times in microseconds; a clock that was set back stands still here."""
    ticks: list[int] = []
    latest = 0
    for _, time in events:
        latest = max(latest, int(time * MICROSECOND))
        ticks.append(latest)
    return ticks


def _heads(ticks: Sequence[int], now: int, step: int) -> list[int]:
    """Returns the index of the oldest event in each slot, slots being at most 2 ** -step of their age."""
    heads = []
    last = None
    for index, tick in enumerate(ticks):
        slot = _slot(tick, now, step)
        if slot != last:
            heads.append(index)
            last = slot
    return heads


def _slot(tick: int, now: int, step: int) -> tuple[int, int]:
    """Returns the longest slot, as the logarithm of its length and its number, that is old enough for its length."""
    level = max(0, (now - tick).bit_length() - 1 - step)
    while level and now - (((tick >> level) + 1) << level) < 1 << max(0, level + step):
        level -= 1
    return level, tick >> level


def _spread(heads: Sequence[int], room: int) -> set[int]:
    """Returns all heads, or evenly as many as there is room for, the first among them."""
    if len(heads) <= room:
        return set(heads)
    return {heads[place * len(heads) // room] for place in range(room)}
