"""What has to be so for a rule to fire: its conditions as functions.

In: conditions of a rule. Out: one function that judges events, and one that judges the issue and the moment. Pure.
`tell/rules.py` imports it. Globs match whole texts, whatever their case; `fnmatch` makes expressions of them that take
linear time on any text.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from fnmatch import translate
from zoneinfo import ZoneInfo

from kaput.model import Compare, Condition, Event, Field, Happened, IssueState, Stacktrace, clock_times

LEVELS = ("debug", "info", "warning", "error", "fatal")
CONTEXTS = ("browser", "os", "runtime", "device")
"""Contexts whose name can be asked for as a tag, as in the search."""

ANYBODY = "anybody"
NOBODY = "nobody"

EventCheck = Callable[[Happened], bool]
IssueCheck = Callable[[IssueState, float], bool]
"""`(issue, time of receipt) -> it is so`."""

_OF_ISSUE = frozenset({Field.AGE, Field.COUNT, Field.ASSIGNED, Field.TIME})


def event_check(conditions: Sequence[Condition]) -> EventCheck | None:
    """Returns what judges an event, None when any will do."""
    checks = [_event_check(condition) for condition in conditions if condition.field not in _OF_ISSUE]
    if not checks:
        return None
    return lambda happened: all(check(happened) for check in checks)


def issue_check(conditions: Sequence[Condition]) -> IssueCheck | None:
    """Returns what judges the issue and the moment, None when any will do."""
    checks = [_issue_check(condition) for condition in conditions if condition.field in _OF_ISSUE]
    if not checks:
        return None
    return lambda issue, time: all(check(issue, time) for check in checks)


def _event_check(condition: Condition) -> EventCheck:
    if condition.field is Field.LEVEL:
        return _level_check(condition)
    matches = re.compile(translate(condition.value.replace("[", "[[]")), re.IGNORECASE).match
    texts, wanted = _texts(condition), condition.test is Compare.IS
    return lambda happened: any(matches(text) for text in texts(happened)) is wanted


def _level_check(condition: Condition) -> EventCheck:
    asked, test = LEVELS.index(condition.value), condition.test

    def check(happened: Happened) -> bool:
        level = happened.event.level
        # A level of the client's own counts as an error, as it does in the list.
        return _compares(LEVELS.index(level) if level in LEVELS else LEVELS.index("error"), test, asked)

    return check


def _texts(condition: Condition) -> Callable[[Happened], Iterable[str]]:
    """Returns what takes the texts out of an event that a condition is about."""
    match condition.field:
        case Field.ENVIRONMENT:
            return lambda happened: (happened.event.environment,)
        case Field.RELEASE:
            return lambda happened: (happened.event.release,)
        case Field.TYPE:
            return lambda happened: (happened.type,)
        case Field.PATH:
            return lambda happened: _paths(happened.event)
        case _:
            return lambda happened: _tag(happened.event, condition.key)


def _tag(event: Event, key: str) -> Sequence[str]:
    value = event.tags.get(key, "")
    if not value and key in {"server_name", "transaction", "logger"}:
        value = getattr(event, key)
    if not value and key in CONTEXTS:
        context = event.contexts.get(key)
        name = context.get("name") if isinstance(context, dict) else ""
        value = name if isinstance(name, str) else ""
    return (value,) if value else ()


def _paths(event: Event) -> Iterable[str]:
    """Yields where the frames of an event are: as files and as modules."""
    stacks: list[Stacktrace | None] = [event.stacktrace]
    if event.exception:
        stacks += [value.stacktrace for value in event.exception.values]
    for stack in stacks:
        for frame in stack.frames if stack else ():
            yield from (text for text in (frame.filename, frame.abs_path, frame.module) if text)


def _issue_check(condition: Condition) -> IssueCheck:
    test = condition.test
    if condition.field is Field.TIME:
        return _time_check(condition)
    if condition.field is Field.ASSIGNED:
        return _assigned_check(condition)
    asked = int(condition.value)
    if condition.field is Field.COUNT:
        return lambda issue, _time: _compares(issue.count, test, asked)
    return lambda issue, time: _compares(time - issue.first_seen, test, asked)


def _assigned_check(condition: Condition) -> IssueCheck:
    value, wanted = condition.value.lower(), condition.test is Compare.IS

    def check(issue: IssueState, _time: float) -> bool:
        if value in {ANYBODY, NOBODY}:
            return (bool(issue.assignee) is (value == ANYBODY)) is wanted
        return (issue.assignee.lower() == value) is wanted

    return check


def _time_check(condition: Condition) -> IssueCheck:
    begin, end, name = clock_times(condition.value)
    zone = ZoneInfo(name) if name else UTC
    wanted = condition.test is Compare.IS

    def check(_issue: IssueState, time: float) -> bool:
        there = datetime.fromtimestamp(time, zone)
        minute = 60 * there.hour + there.minute
        within = begin <= minute < end if begin <= end else minute >= begin or minute < end
        return within is wanted

    return check


def _compares(value: float, test: Compare, asked: float) -> bool:
    if test is Compare.AT_LEAST:
        return value >= asked
    if test is Compare.AT_MOST:
        return value <= asked
    return (value == asked) is (test is Compare.IS)
