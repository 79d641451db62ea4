"""Rules in words: what a person reads of a rule, and what a person types for one.

In: rules, or texts of a form or a command. Out: sentences, or rules. Pure. Imported by `view/rules.py` and the command
line.
"""

import re
from collections.abc import Mapping, Sequence

from kaput.model import Aim, Compare, Condition, Field, Rule, Target, Trigger, span

WHEN = {
    Trigger.NEW: "an issue is new",
    Trigger.REGRESSED: "a resolved issue comes back",
    Trigger.UNMUTED: "a mute ends",
    Trigger.EVERY: "any event comes",
    Trigger.EVENTS: "an issue gets so many events in a time",
    Trigger.PROJECT_EVENTS: "the project gets so many events in a time",
    Trigger.USERS: "an issue meets so many users in a time",
    Trigger.RISE: "an issue gets so many percent more events than in the time before",
    Trigger.GROWING: "an issue is older than a time and still gets events",
}
"""What may start a rule, in the order of the form."""

COMPARE = {
    "is not": Compare.IS_NOT,
    "is": Compare.IS,
    "at least": Compare.AT_LEAST,
    "at most": Compare.AT_MOST,
}

UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"(\d{1,9})\s*([a-z]{0,3})")
_CONDITION = re.compile(r"(\w+)(?: (.+?))?? (is not|is|at least|at most) (.+)")
EXAMPLES = "level at least error\nenvironment is production\ntag plan is not free\ntime is 09:00-17:00 Europe/Berlin"


def sentence(rule: Rule) -> str:
    """Returns when a rule fires: `100 events or more of one issue in 5 min`."""
    within = f"in {span(rule.seconds)}"
    match rule.trigger:
        case Trigger.EVENTS:
            return f"{rule.number:,} events or more of one issue {within}"
        case Trigger.PROJECT_EVENTS:
            return f"{rule.number:,} events or more of the project {within}"
        case Trigger.USERS:
            return f"{rule.number:,} users or more of one issue {within}"
        case Trigger.RISE:
            return f"events of one issue up {rule.number:,}% {within}"
        case Trigger.GROWING:
            return f"an issue older than {span(rule.seconds)} still gets events"
        case _:
            return WHEN[rule.trigger]


def said(condition: Condition) -> str:
    """Returns a condition as it is typed."""
    words = next(words for words, compare in COMPARE.items() if compare is condition.test)
    key = f" {condition.key}" if condition.key else ""
    value = span(int(condition.value)) if condition.field is Field.AGE else condition.value
    return f"{condition.field.value}{key} {words} {value}"


def whom(targets: Sequence[Target], channels: Mapping[int, str]) -> str:
    """Returns who is told: `all members, the channel Chat`."""
    named = {Aim.MEMBERS: "all members", Aim.ASSIGNEE: "who is assigned", Aim.CHANNELS: "all channels"}
    parts = []
    for target in targets:
        if target.aim is Aim.CHANNEL:
            parts.append(f"the channel {channels.get(int(target.value), 'that is gone')}")
        else:
            parts.append(named.get(target.aim, target.value))
    return ", ".join(parts)


def condition_of(text: str) -> Condition:
    """Reads a condition: `level at least error`, `tag plan is not free`.

    Raises:
        ValueError: it is none, fit to be shown.
    """
    found = _CONDITION.fullmatch(" ".join(text.split()))
    if found is None or found[1] not in {field.value for field in Field}:
        fields = ", ".join(field.value for field in Field)
        raise ValueError(f"{text[:80]!r} is no condition; write {fields}, then is, is not, at least or at most.")
    field, value = Field(found[1]), found[4]
    if field is Field.AGE:
        value = str(seconds_of(value))
    return Condition(field, COMPARE[found[3]], value, found[2] or "")


def seconds_of(text: str) -> int:
    """Reads a span of time: `5 min`, `90s`, `2h`, `1 d`; a number alone is minutes.

    Raises:
        ValueError: it is none, fit to be shown.
    """
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None or (found[2] and found[2] not in UNITS):
        raise ValueError(f"{text[:40]!r} is no span of time; write 90 s, 5 min, 2 h or 1 d.")
    return int(found[1]) * UNITS[found[2] or "min"]


def target_of(text: str, channels: Mapping[int, str]) -> Target:
    """Reads who is told: `members`, `assignee`, `channels`, `channel NAME`, or an address.

    Raises:
        ValueError: it is none, fit to be shown.
    """
    plain = {"members": Aim.MEMBERS, "assignee": Aim.ASSIGNEE, "channels": Aim.CHANNELS}
    if text in plain:
        return Target(plain[text])
    if text.startswith("channel "):
        name = text.removeprefix("channel ")
        found = next((number for number, known in channels.items() if known == name), None)
        if found is None:
            raise ValueError(f"There is no channel {name[:80]!r} in this project.")
        return Target(Aim.CHANNEL, str(found))
    return Target(Aim.ADDRESS, text)
