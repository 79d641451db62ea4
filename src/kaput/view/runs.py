"""The runs of a job as a strip: a mark for each, the newest at the right.

In: runs, newest first, and a time. Out: frozen view models for `templates/monitors.html` and `monitor.html`. Pure;
`view/monitors.py` imports it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from kaput.model import Run, RunStatus
from kaput.view.render import ago_in_words, length

MOST = 30
STEP, BAR = 7, 5
HEIGHT = 24

WORDS = {
    RunStatus.IN_PROGRESS: "running",
    RunStatus.OK: "ok",
    RunStatus.ERROR: "failed",
    RunStatus.MISSED: "missed",
    RunStatus.TIMEOUT: "timed out",
}
# A shape for each, so that colour is never alone: good ones are low, bad ones tall, missed and running ones hollow.
_HEIGHTS = {RunStatus.OK: 12, RunStatus.IN_PROGRESS: 12}


@dataclass(frozen=True, slots=True)
class Mark:
    """One run, in units of the drawing; `kind` is its class in the style, `words` say what it was."""

    x: int
    y: int
    height: int
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The newest runs; `words` count what became of them."""

    marks: tuple[Mark, ...]
    words: str


def strip(runs: Iterable[Run], now: float) -> Strip:
    """Draws the newest runs, oldest first, so that the newest one stands at the right end of every strip."""
    newest = list(runs)[:MOST]
    marks = tuple(_mark(run, MOST - 1 - index, now) for index, run in enumerate(newest))
    counts = {words: sum(run.status is status for run in newest) for status, words in WORDS.items()}
    told = ", ".join(f"{count} {words}" for words, count in counts.items() if count)
    return Strip(marks[::-1], f"last {len(newest)} runs: {told}" if newest else "no runs yet")


def _mark(run: Run, place: int, now: float) -> Mark:
    height = _HEIGHTS.get(run.status, HEIGHT - 2)
    took = "" if run.duration is None else f" after {length(run.duration)}"
    words = f"{WORDS[run.status]}{took}, {ago_in_words(run.started, now)}"
    return Mark(place * STEP + 1, HEIGHT - 1 - height, height, run.status.value, words)
