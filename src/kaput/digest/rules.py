"""A project's own rules of grouping, in one text: what an event must be, and the fingerprint that it gets then.

In: the text, events. Out: `Rules`, or RuleError with line and column. Pure; `fingerprint.py` and the roots import it.

    # a comment
    type:KeyError path:**/pricing.py -> pricing-{{ transaction }}
    message:"*timed out*" !environment:production -> timeout, {{ default }}

The first rule of which every condition holds decides. A condition is `key:glob` or `!key:glob`. In a glob `*` stands
for any characters and `?` for one; in a path `*` stops at a slash and `**` does not. A glob matches the whole text,
whatever its case. `path`, `module`, `function` and `own` hold when there is one frame for which all of them hold. Globs
are read by google-re2, so the time is linear in the text.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import re2

from kaput.digest.variables import message, raised, unknown
from kaput.errors import RuleError
from kaput.model import Event, Frame

LONGEST = 16_000
MOST_RULES = 100
MOST_CONDITIONS = 10
MOST_PARTS = 10
LONGEST_GLOB = 200
MOST_STARS = 6
_FRAMES = 300
"""Frames that are looked at, the deepest first."""
_REMEMBERED = 2048

_CONDITION = re.compile(
    r'(?P<not>!?)(?P<key>[A-Za-z_.][\w.-]*):(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s"]+))(?=\s|$)'
)
_PART = re.compile(
    r'\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>(?:\{\{[^{}]*\}\}|[^",{}]|\{(?!\{))+))\s*(?P<end>,|$)'
)
_ARROW = "->"
_ESCAPED = re.compile(r"\\(.)")
_YES = {"yes": True, "true": True, "no": False, "false": False}

Texts = Callable[[Event], tuple[str, ...]]

EVENT_KEYS: dict[str, Texts] = {
    "type": lambda event: tuple(one.type for one in event.exception.values) if event.exception else (),
    "value": lambda event: tuple(one.value for one in event.exception.values) if event.exception else (),
    "message": lambda event: (message(event), raised(event).text),
    "logger": lambda event: (event.logger,),
    "level": lambda event: (event.level,),
    "transaction": lambda event: (event.transaction,),
    "release": lambda event: (event.release,),
    "environment": lambda event: (event.environment,),
    "platform": lambda event: (event.platform,),
    "server_name": lambda event: (event.server_name,),
}
FRAME_KEYS = ("path", "module", "function", "own")
_TAG = "tags."
KEYS = (*EVENT_KEYS, "tags.<name>", *FRAME_KEYS)


class Rule(NamedTuple):
    """One rule: its line in the text, from 1, its conditions, and the parts of the fingerprint."""

    line: int
    text: str
    conditions: tuple[Callable[[Event], bool], ...]
    parts: tuple[str, ...]


class Rules:
    """The rules of one text, in order."""

    def __init__(self, rules: tuple[Rule, ...] = ()) -> None:
        self.rules = rules

    def __bool__(self) -> bool:
        """Answers whether there is any."""
        return bool(self.rules)

    def match(self, event: Event) -> Rule | None:
        """Returns the first rule that an event meets."""
        for rule in self.rules:
            if all(condition(event) for condition in rule.conditions):
                return rule
        return None


def parse(text: str) -> Rules:
    """Reads rules.

    Raises:
        RuleError: something cannot be read; it names line and column.
    """
    if len(text) > LONGEST:
        raise RuleError(f"The rules have {len(text)} characters; the limit is {LONGEST}.", 1, 1)
    found = [
        _rule(line, number)
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if len(found) > MOST_RULES:
        raise RuleError(f"There are {len(found)} rules; the limit is {MOST_RULES}.", found[MOST_RULES].line, 1)
    return Rules(tuple(found))


class _Condition(NamedTuple):
    key: str
    negated: bool
    glob: str
    column: int


def _rule(line: str, number: int) -> Rule:
    conditions, end = _conditions(line, number)
    if not conditions:
        raise RuleError(f"A rule begins with a condition, such as type:KeyError, not with {_ARROW}.", number, end + 1)
    if len(conditions) > MOST_CONDITIONS:
        raise RuleError(f"A rule has at most {MOST_CONDITIONS} conditions.", number, conditions[MOST_CONDITIONS].column)
    parts = tuple(_parts(line, end + len(_ARROW), number))
    if len(parts) > MOST_PARTS:
        raise RuleError(f"A fingerprint has at most {MOST_PARTS} parts.", number, end + len(_ARROW) + 1)
    checks: list[Callable[[Event], bool]] = [
        _of_event(condition, number) for condition in conditions if condition.key not in FRAME_KEYS
    ]
    framed = [condition for condition in conditions if condition.key in FRAME_KEYS]
    if framed:
        checks.append(_of_frames(framed, number))
    return Rule(number, line.strip(), tuple(checks), parts)


def _conditions(line: str, number: int) -> tuple[list[_Condition], int]:
    """Reads what stands before the arrow; returns it and where the arrow is."""
    found: list[_Condition] = []
    place = len(line) - len(line.lstrip())
    while not line.startswith(_ARROW, place):
        if place >= len(line.rstrip()):
            raise RuleError(f"The rule has no fingerprint: {_ARROW} and its parts are missing.", number, len(line) + 1)
        match = _CONDITION.match(line, place)
        if match is None:
            raise RuleError(
                f"A condition is written key:pattern, in quotes if it has spaces; found {line[place:][:30]!r}.",
                number,
                place + 1,
            )
        key = match["key"]
        if key not in EVENT_KEYS and key not in FRAME_KEYS and not (key.startswith(_TAG) and key != _TAG):
            raise RuleError(f"{key!r} is no key; there are {', '.join(KEYS)}.", number, match.start("key") + 1)
        glob = match["plain"] if match["quoted"] is None else _ESCAPED.sub(r"\1", match["quoted"])
        found.append(_Condition(key, bool(match["not"]), glob, match.start("key") + len(key) + 2))
        place = match.end() + len(line[match.end() :]) - len(line[match.end() :].lstrip())
    return found, place


def _parts(line: str, place: int, number: int) -> Iterator[str]:
    """Reads what stands behind the arrow."""
    while True:
        match = _PART.match(line, place)
        if match is None:
            raise RuleError(
                f"Behind {_ARROW} stand parts with commas between them, and variables like {{{{ transaction }}}}; found"
                f" {line[place:][:30]!r}.",
                number,
                place + 1,
            )
        text = (match["plain"] or "").strip() if match["quoted"] is None else _ESCAPED.sub(r"\1", match["quoted"])
        if not text:
            raise RuleError("A part of the fingerprint is empty.", number, place + 1)
        if wrong := unknown(text):
            raise RuleError(f"{wrong!r} is no variable.", number, line.index(wrong, place) + 1)
        yield text
        if not match["end"]:
            return
        place = match.end()


def _of_event(condition: _Condition, number: int) -> Callable[[Event], bool]:
    matches = _matching(condition, number)
    name = condition.key.removeprefix(_TAG)

    def tag(event: Event) -> tuple[str, ...]:
        return (event.tags.get(name, ""),)

    texts: Texts = EVENT_KEYS.get(condition.key, tag)

    def check(event: Event) -> bool:
        return any(matches(text) for text in texts(event)) != condition.negated

    return check


def _of_frames(conditions: list[_Condition], number: int) -> Callable[[Event], bool]:
    """Makes the check whether one frame meets all; what was found of a frame is remembered, since frames recur."""
    checks = [(condition, _of_frame(condition, number)) for condition in conditions]

    @lru_cache(maxsize=_REMEMBERED)
    def meets(*names: Any) -> bool:
        return all(check(*names) != condition.negated for condition, check in checks)

    def check(event: Event) -> bool:
        return any(
            meets(frame.filename, frame.abs_path, frame.module, frame.function, frame.in_app)
            for frame in _frames(event)
        )

    return check


def _of_frame(condition: _Condition, number: int) -> Callable[[str, str, str, str, bool], bool]:
    if condition.key == "own":
        wanted = _YES.get(condition.glob.lower())
        if wanted is None:
            raise RuleError(f"own is yes or no, not {condition.glob[:30]!r}.", number, condition.column)
        return lambda _filename, _path, _module, _function, own: own is wanted
    matches = _matching(condition, number)
    if condition.key == "path":
        return lambda filename, path, _module, _function, _own: (
            matches(filename.replace("\\", "/")) or matches(path.replace("\\", "/"))
        )
    if condition.key == "module":
        return lambda _filename, _path, module, _function, _own: matches(module)
    return lambda _filename, _path, _module, function, _own: matches(function)


def _frames(event: Event) -> Iterator[Frame]:
    left = _FRAMES
    stacks = [one.stacktrace for one in reversed(event.exception.values)] if event.exception else []
    stacks.append(event.stacktrace)
    stacks += [one.stacktrace for one in event.threads.values if one.crashed or one.current] if event.threads else []
    for stack in stacks:
        if stack:
            yield from reversed(stack.frames[-left:])
            left -= len(stack.frames)
        if left <= 0:
            return


def _matching(condition: _Condition, number: int) -> Callable[[str], bool]:
    glob = condition.glob
    if not 1 <= len(glob) <= LONGEST_GLOB:
        raise RuleError(f"A pattern has 1 to {LONGEST_GLOB} characters, not {len(glob)}.", number, condition.column)
    if len(re.findall(r"\*+", glob)) > MOST_STARS:
        raise RuleError(f"A pattern has at most {MOST_STARS} stars.", number, condition.column)
    if not glob.isprintable():
        raise RuleError("A pattern has printable characters only; use a ? for others.", number, condition.column)
    options = re2.Options()
    options.log_errors = False  # else it tells stderr when it takes its slower way, which is linear too
    pattern = re2.compile(f"(?is){_expression(glob, path=condition.key == 'path')}", options)
    return lambda text: pattern.fullmatch(text) is not None


def _expression(glob: str, *, path: bool) -> str:
    """`**/` in a path may be no folder at all."""
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"} if path else {"*": ".*", "?": "."}
    tokens = re.split(r"(\*\*/|\*\*|\*|\?)" if path else r"(\*|\?)", glob)
    return "".join(signs.get(token) or re2.escape(token) for token in tokens)
