"""How an issue stands after what was decided about it, in words: the same on the page and in the shell.

In: rows of the store. Out: texts. Pure; `view/issue.py`, `view/decision.py` and the roots import it.
"""

from collections.abc import Sequence

from kaput.store.base import ActivityRow, IssueRow, Status
from kaput.view.overview import effect
from kaput.view.render import length, plural, until

SAME = "Nothing to change: it is like that already."


def still_muted(issue: IssueRow, now: float) -> str:
    """Writes until when a muted issue is muted, with what is left of it; for good is nothing."""
    mute = issue.mute
    if mute.until is not None:
        return f"for {until(mute.until, now).removeprefix('in ')} more" if mute.until > now else "until its next event"
    if mute.users is not None:
        return f"until {plural(max(1, mute.users - issue.users), 'more user')}"
    if mute.events is None:
        return ""
    if mute.window:
        return f"until {plural(mute.events, 'event')} in {length(mute.window)}"
    return f"until {plural(max(1, mute.events - issue.count), 'more event')}"


def standing(issue: IssueRow, activity: Sequence[ActivityRow], now: float) -> str:
    """Writes how an issue stands: `muted until 12 more events`, `resolved in the next release, after 2.4.1`.

    Args:
        issue: as it is.
        activity: newest first.
        now: seconds since the epoch.
    """
    if issue.status is Status.MUTED:
        return f"muted {still_muted(issue, now) or 'for good'}"
    if issue.status is Status.RESOLVED:
        newest = next((row for row in activity if row.kind == "resolved"), None)
        return effect(newest) if newest else issue.status.value
    came = f" in {issue.regressed_in}" if issue.regressed_in else ""
    return f"{issue.status.value}{f', came back{came} after it was resolved' if issue.regressed else ''}"


def care(issue: IssueRow) -> str:
    """Writes who takes care of an issue, and how urgent it is; nothing when nobody said so."""
    parts = [f"assigned to {issue.assignee}" if issue.assignee else ""]
    parts.append(f"{issue.priority.name.lower()} priority" if issue.priority else "")
    return ", ".join(part for part in parts if part)
