"""What a person decides by a button, as the form says it.

In: the text of a button with what was typed beside it. Out: decisions; words, and the offer to undo.
`view/issue.py` and `view/bulk.py` import it.

    resolved | resolved:next | resolved:release        from now on; in the next release; in the one that was typed
    muted | muted:for:86400 | muted:events:100         for good; for so many seconds; until so many more events
    muted:events:100:3600 | muted:users:10             until so many in as many seconds; until so many more users
    unresolved                                         reopened
    assign:3 | assign:                                 taken care of by this account; by nobody
    priority:high                                      high, medium, low or none
"""

from collections.abc import Mapping

from flask import abort, flash, request, session

from kaput.store.base import (
    Assign,
    Decided,
    Decision,
    Mute,
    Prioritise,
    Priority,
    Reopen,
    Resolution,
    Resolve,
    Status,
)
from kaput.view.parts import parts
from kaput.view.standing import SAME

LARGEST = 1_000_000
LARGEST_WINDOW = 10_000
"""Events in a window: each of them is kept until it is over."""
LONGEST = 366 * 86400
LONGEST_RELEASE = 200
LARGEST_ID = 2**53
WORDS = {Resolve: "resolved", Mute: "muted", Reopen: "reopened", Assign: "assigned", Prioritise: "prioritised"}


def asked() -> Decision:
    """Returns the decision of this request; answers 400 when it cannot be meant."""
    try:
        return read_decision(request.form.get("decision", ""), request.form, parts().clock())
    except ValueError as error:
        abort(400, str(error))


def word_of(decision: Decision) -> str:
    """Returns what was done: resolved, muted and so on."""
    return WORDS[type(decision)]


def offer_undo(done: Decided, words: str, whose: str = "") -> None:
    """Says on the next page what was done, with a button that takes it back."""
    if done.undo is None:
        flash(SAME, "done")
        return
    session["undo"] = done.undo
    flash(f"{whose}{words if whose else words.capitalize()}.", "undo")


def read_decision(text: str, typed: Mapping[str, str], now: float) -> Decision:
    """Reads a decision.

    Args:
        text: of the button.
        typed: fields beside it: `release`, and `amount` and `seconds`, which stand for the numbers that are missing.
        now: seconds since the epoch.

    Raises:
        ValueError: it cannot be meant; fit to be shown.
    """
    word, *rest = text.split(":")
    if word == Status.UNRESOLVED and not rest:
        return Reopen()
    if word == Status.RESOLVED:
        return _resolve(rest, typed)
    if word == Status.MUTED:
        return _mute(rest, typed, now)
    if word == "assign" and len(rest) == 1:
        return Assign(_number(rest[0], LARGEST_ID) if rest[0] else None)
    if word == "priority" and rest and rest[0].upper() in Priority.__members__:
        return Prioritise(Priority[rest[0].upper()])
    raise ValueError(f"The decision {text[:40]!r} is none of {', '.join(Status)}. Go back and use the buttons.")


def _resolve(rest: list[str], typed: Mapping[str, str]) -> Resolve:
    if not rest:
        return Resolve()
    if rest == [Resolution.NEXT]:
        return Resolve(Resolution.NEXT)
    release = typed.get("release", "").strip()
    if rest != [Resolution.RELEASE] or not release or len(release) > LONGEST_RELEASE:
        raise ValueError("Which release is meant is missing. Type its name as the client reports it, such as 2.4.1.")
    return Resolve(Resolution.RELEASE, release)


def _mute(rest: list[str], typed: Mapping[str, str], now: float) -> Mute:
    if not rest:
        return Mute()
    kind, *numbers = rest
    amount = _number(numbers[0] if numbers else typed.get("amount", ""), LONGEST if kind == "for" else LARGEST)
    if kind == "for":
        return Mute(until=now + amount)
    if kind == "users":
        return Mute(users=amount)
    if kind != "events":
        raise ValueError(f"{kind[:40]!r} is no way to mute. Go back and use the buttons.")
    window = numbers[1] if len(numbers) > 1 else typed.get("seconds", "")
    if not window or window == "0":
        return Mute(events=amount)
    return Mute(events=_number(str(amount), LARGEST_WINDOW), window=_number(window, LONGEST))


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):
        raise ValueError(f"{text[:20]!r} is no number from 1 to {most:,}.")
    return int(text)
