"""A rule as one column.

In: a `Rule`. Out: the JSON text of what it says, and back. `store/rules.py` and `store/situation.py` import it.
"""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from kaput.model import Aim, Compare, Condition, Field, Rule, Target, Trigger, clock_times

LONGEST_NAME = 100
LONGEST_VALUE = 200
MOST_CONDITIONS = 20
MOST_TARGETS = 50
MOST_STARS = 5
LONGEST_SPAN = 7 * 86400
LONGEST_AGE = 3650 * 86400
SHORTEST_WINDOW = 10
MOST = {
    Trigger.EVENTS: 10_000,
    Trigger.PROJECT_EVENTS: 10_000,
    Trigger.USERS: 1000,
    Trigger.RISE: 100_000,
}
"""The largest number of each trigger that has one: so much is kept of each window, and written with each batch."""

LEVELS = ("debug", "info", "warning", "error", "fatal")
ORDERED = frozenset({Field.LEVEL, Field.AGE, Field.COUNT})
"""What is more or less, and not only this or that."""


class _Definition(msgspec.Struct, frozen=True):
    """What stands in the column `definition`."""

    trigger: Trigger
    number: int
    seconds: int
    conditions: tuple[Condition, ...]
    targets: tuple[Target, ...]
    pause: int


_decoder = msgspec.json.Decoder(_Definition)


def written(rule: Rule) -> str:
    """Returns the text of the column.

    Raises:
        ValueError: something that no rule can have, fit to be shown.
    """
    check(rule)
    parts = _Definition(rule.trigger, rule.number, rule.seconds, rule.conditions, rule.targets, rule.pause)
    return msgspec.json.encode(parts).decode()


def read(rule_id: int, project_id: int, name: str, definition: str, *, enabled: bool) -> Rule:
    """Returns the rule that a row holds."""
    return Rule(rule_id, project_id, name, enabled=enabled, **msgspec.structs.asdict(_decoder.decode(definition)))


def check(rule: Rule) -> None:
    """Raises ValueError for what no rule can have, fit to be shown."""
    if not 0 < len(rule.name) <= LONGEST_NAME or not rule.name.isprintable() or rule.name != rule.name.strip():
        raise ValueError(f"The name of a rule has 1 to {LONGEST_NAME} characters, and no others around it.")
    if not 0 <= rule.pause <= LONGEST_SPAN:
        raise ValueError(f"A pause has 0 to {LONGEST_SPAN} seconds (a week), not {rule.pause}.")
    _check_trigger(rule)
    if len(rule.conditions) > MOST_CONDITIONS:
        raise ValueError(f"A rule has at most {MOST_CONDITIONS} conditions, not {len(rule.conditions)}.")
    for condition in rule.conditions:
        _check_condition(condition)
    if not 1 <= len(rule.targets) <= MOST_TARGETS:
        raise ValueError(f"A rule tells 1 to {MOST_TARGETS} targets, not {len(rule.targets)}. Say who shall be told.")
    for target in rule.targets:
        _check_target(target)


def _check_trigger(rule: Rule) -> None:
    most = MOST.get(rule.trigger)
    if most is not None:
        if not 1 <= rule.number <= most:
            raise ValueError(f"The number of this rule is 1 to {most:,}, not {rule.number:,}.")
        if not SHORTEST_WINDOW <= rule.seconds <= LONGEST_SPAN:
            raise ValueError(f"A window has {SHORTEST_WINDOW} to {LONGEST_SPAN} seconds (a week), not {rule.seconds}.")
    elif rule.trigger is Trigger.GROWING and not 0 < rule.seconds <= LONGEST_AGE:
        raise ValueError(f"The age of an issue is 1 second to ten years, not {rule.seconds} seconds.")


def _check_condition(condition: Condition) -> None:
    field, value = condition.field, condition.value
    ordered = condition.test in {Compare.AT_LEAST, Compare.AT_MOST}
    if ordered and field not in ORDERED:
        raise ValueError(f"For the {field.value} a condition says is or is not; more and less mean nothing there.")
    if not ordered and field in {Field.AGE, Field.COUNT}:
        raise ValueError(f"For the {field.value} a condition says at least or at most.")
    if not len(value) <= LONGEST_VALUE or not value.isprintable():
        raise ValueError(f"A condition has at most {LONGEST_VALUE} printable characters: {value[:40]!r}.")
    if value.count("*") > MOST_STARS:
        raise ValueError(f"A pattern has at most {MOST_STARS} stars: {value[:40]!r}.")
    if field is Field.LEVEL and value not in LEVELS:
        raise ValueError(f"A level is one of {', '.join(LEVELS)}, not {value!r}.")
    if field in {Field.AGE, Field.COUNT} and not (value.isascii() and value.isdecimal() and len(value) <= 10):
        raise ValueError(f"The {field.value} is a whole number, not {value!r}.")
    if (field is Field.TAG) is not bool(condition.key) or len(condition.key) > LONGEST_VALUE:
        raise ValueError("A condition on a tag names the tag; others have no name.")
    if field is Field.TIME:
        _check_time(value)


def _check_time(value: str) -> None:
    try:
        _, _, zone = clock_times(value)
        if zone:
            ZoneInfo(zone)
    except (ValueError, ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"A time of day is like 09:00-17:00 or 09:00-17:00 Europe/Berlin, not {value!r}.") from error


def _check_target(target: Target) -> None:
    value = target.value
    if target.aim is Aim.ADDRESS:
        name, at, domain = value.rpartition("@")
        if not (name and at and domain and value.isprintable() and " " not in value and len(value) <= LONGEST_VALUE):
            raise ValueError(f"{value[:80]!r} is no mail address.")
    elif target.aim is Aim.CHANNEL and not (value.isascii() and value.isdecimal() and len(value) < 12):
        raise ValueError(f"{value[:40]!r} is no number of a channel.")
