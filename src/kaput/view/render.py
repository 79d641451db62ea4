"""How values are written for people: times, numbers, long texts.

In: plain values. Out: texts for Jinja, which escapes them. Pure; `view/` and the roots import it.
"""

import math
from datetime import UTC, datetime

from kaput.model import DAY, HOUR

MINUTE, YEAR = 60, 365 * DAY
LAST_SECOND = 253402300799
"""31 December 9999, the last second that a date can have."""


def ago(seconds: float, now: float) -> str:
    """Writes how long ago a time was, in its largest whole unit: `now`, `12 s`, `9 m`, `3 h`, `5 d`, `2 y`."""
    age = max(0, int(now - seconds))
    for unit, size in (("y", YEAR), ("d", DAY), ("h", HOUR), ("m", MINUTE)):
        if age >= size:
            return f"{age // size} {unit}"
    return f"{age} s" if age >= 5 else "now"


def ago_in_words(seconds: float, now: float) -> str:
    """Writes the same for a sentence: `3 h ago`, `just now`."""
    text = ago(seconds, now)
    return "just now" if text == "now" else f"{text} ago"


def until(seconds: float, now: float) -> str:
    """Writes how far ahead a time is, in its largest whole unit: `in 3 h`, `now`."""
    text = ago(now, seconds)
    return text if text == "now" else f"in {text}"


def length(seconds: float) -> str:
    """Writes how long something took: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 4 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    large, small, units = (MINUTE, 1, ("min", "s")) if whole < HOUR else (HOUR, MINUTE, ("h", "min"))
    rest = whole % large // small
    return f"{number(whole // large)} {units[0]}" + (f" {rest} {units[1]}" if rest else "")


def iso(seconds: float) -> str:
    """Writes a time for the `datetime` attribute: `2026-11-22T14:53:00Z`."""
    return _date(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def exact(seconds: float) -> str:
    """Writes a time for people, in UTC; a script on the page puts the reader's zone in its place."""
    return _date(seconds).strftime("%Y-%m-%d %H:%M:%S UTC")


def number(value: float) -> str:
    """Writes a whole number with its thousands apart: `1,204`."""
    return f"{int(value):,}"


def size(count: int) -> str:
    """Writes a number of bytes for people: `1.2 GB`."""
    for unit, factor in (("GB", 1000**3), ("MB", 1000**2), ("kB", 1000)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} bytes"


def cut_middle(text: str, most: int = 60) -> str:
    """Shortens a text to `most` characters where its end matters most, as it does in a path."""
    if len(text) <= most:
        return text
    tail = math.ceil((most - 1) * 2 / 3)
    return f"{text[: most - 1 - tail]}…{text[-tail:]}"


def plural(count: int, one: str, many: str = "") -> str:
    """Writes a number with its noun: `1 event`, `1,204 events`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def _date(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(max(seconds, 0), LAST_SECOND), UTC)
