"""What the issue's page says about the issue itself: how often, for whom, and what was decided.

In: rows of the store and the time now. Out: frozen view models for `templates/issue.html`. Pure; `view/issue.py`
and `view/standing.py` import it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kaput.model import HOUR
from kaput.store.base import NEW_FOR, ActivityRow, IssueRow, Status, TagCount
from kaput.view.render import plural
from kaput.view.values import end_cut, visible

DAYS = 14
HEIGHT = 36
STEP = 10
BAR = 8
MOST_VALUES = 4
LONGEST = 200
TOP_TAGS = 7
FIRST_TAGS = ("environment", "release", "browser", "os", "server_name", "user", "transaction", "url")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart, in units of its drawing; `words` says what it stands for."""

    x: int
    y: int
    height: int
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Events over time, the newest at the right; `width` and `height` are those of the drawing."""

    words: str
    total: int
    width: int
    height: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """One value of a tag: its count, its part of the issue's events, and how wide its bar is of 100."""

    value: str
    count: int
    percent: str
    width: int


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag with its most frequent values; `more` counts the known others."""

    key: str
    shares: tuple[Share, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the activity log; the words end where the time follows.

    Attributes:
        detail: the release, if any.
        text: what a person wrote.
    """

    words: str
    time: float
    kind: str
    detail: str = ""
    text: str = ""


def first_hour(now: float) -> int:
    """Returns the epoch hour with which the counts for `charts` begin."""
    return int(now // HOUR) - DAYS * 24 + 1


def charts(hours: Sequence[int]) -> tuple[Chart, Chart]:
    """Returns the charts of the last 24 hours and of the last 14 days.

    Args:
        hours: `DAYS * 24` counts, oldest first, the last one that of the hour now.
    """
    day = hours[-24:]
    days = [sum(hours[start : start + 24]) for start in range(0, len(hours), 24)]
    return _chart(day, "last 24 hours", "hour"), _chart(days, f"last {DAYS} days", "day")


def _chart(counts: Sequence[int], words: str, unit: str) -> Chart:
    largest = max(counts, default=0)
    bars = []
    for index, count in enumerate(counts):
        height = max(2, round(count / largest * HEIGHT)) if count else 1
        back = len(counts) - 1 - index
        when = f"{plural(back, unit)} ago" if back else f"this {unit}"
        bars.append(Bar(index * STEP, HEIGHT - height, height, f"{plural(count, 'event')}, {when}"))
    return Chart(words, sum(counts), len(counts) * STEP - (STEP - BAR), HEIGHT, tuple(bars))


def tags(found: Mapping[str, Sequence[TagCount]], events: int) -> tuple[tuple[Tag, ...], tuple[Tag, ...]]:
    """Returns the tags that tell most, and the others.

    Args:
        found: the most frequent values of each tag.
        events: of the issue, the whole of which each value is a part.
    """
    ranks = {key: rank for rank, key in enumerate(FIRST_TAGS)}
    ordered = sorted(found, key=lambda key: (ranks.get(key, len(ranks)), key))
    made = [_tag(key, found[key], max(1, events)) for key in ordered if found[key]]
    return tuple(made[:TOP_TAGS]), tuple(made[TOP_TAGS:])


def _tag(key: str, counts: Sequence[TagCount], events: int) -> Tag:
    shares = []
    for one in counts[:MOST_VALUES]:
        part = min(100, round(100 * one.count / events))
        shares.append(
            Share(end_cut(visible(one.value), LONGEST), one.count, f"{part}%" if part else "<1%", max(1, part))
        )
    return Tag(end_cut(visible(key), LONGEST), tuple(shares), max(0, len(counts) - MOST_VALUES))


WORDS = {
    "regressed": "regressed",
    "resolved": "resolved",
    "muted": "muted",
    "reopened": "reopened",
    "unmuted": "mute ended",
    "assigned": "assigned to",
    "unassigned": "assigned to nobody",
    "split": "split off",
    "split_from": "split off from",
    "merged_into": "merged into",
    "taken_again": "taken again",
    "shared": "shared by a link",
    "unshared": "link taken back",
}
UNDONE = {
    "resolved": "resolving undone",
    "muted": "muting undone",
    "reopened": "reopening undone",
    "assigned": "assignment undone",
    "unassigned": "assignment undone",
    "priority": "priority undone",
}
"""What was undone, by what it was."""
WITHIN = ("regressed", "resolved", "unmuted")
"""What happens in a release."""


def steps(rows: Sequence[ActivityRow], first_seen: float, viewer: str) -> tuple[Step, ...]:
    """Returns the activity log in words, newest first, down to the first event; the viewer's own steps say `you`."""
    return (*(_step(row, viewer) for row in rows), Step("first seen", first_seen, "new"))


def _step(row: ActivityRow, viewer: str) -> Step:
    if row.kind == "comment":
        author = "you" if row.who == viewer else row.who
        return Step(visible(author), row.time, row.kind, text="\n".join(map(visible, row.detail.split("\n"))))
    # Whom nobody else resolved, good runs of its cron job did.
    nobody = "Kaput" if row.kind == "resolved" else ""
    who = "you" if row.who and row.who == viewer else row.who or nobody
    return Step(visible(effect(row) + (f" by {who}" if who else "")), row.time, row.kind, visible(row.detail))


def effect(row: ActivityRow) -> str:
    """Returns what was done, in words: `resolved in 2.4.1`, `muted until 100 more events`."""
    if row.kind == "undone":
        return UNDONE.get(row.detail, f"{row.detail} undone")
    words = WORDS.get(row.kind, row.kind.replace("_", " "))
    if not row.detail:
        return "priority none" if row.kind == "priority" else words
    return f"{words} in {row.detail}" if row.kind in WITHIN else f"{words} {row.detail}"


def phase(issue: IssueRow, log: Sequence[Step], now: float) -> str:
    """Returns how an open issue stands: new, ongoing, regressed, or unmuted by an event; nothing for any other."""
    if issue.status is not Status.UNRESOLVED:
        return ""
    if issue.regressed:
        return "regressed"
    newest = next((step.kind for step in log if step.kind in ("unmuted", "reopened")), "")
    if newest == "unmuted":
        return "unmuted"
    return "new" if issue.first_seen > now - NEW_FOR else "ongoing"


def decided(log: Sequence[Step], status: str, *, regressed: bool) -> Step | None:
    """Returns the step that brought the issue into its state, or None when nobody did anything yet."""
    wanted = "regressed" if regressed else {"unresolved": "reopened"}.get(status, status)
    return next((step for step in log if step.kind == wanted), None)
