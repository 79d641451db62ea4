"""Where a program failed: the deepest frame of the application's own code that says something.

In: a stack trace. Out: places without their deployment. Pure; `fingerprint.py` and `variables.py` import it.

Passed over on the way up from the deepest frame are libraries, programs made of strings, the functions that decorators
put around others, and functions that raise what they were handed: what has to be mended is who called them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from kaput.digest.frames import (
    function_of,
    has_file,
    is_generated,
    is_own,
    is_standard,
    is_template,
    is_wrapper,
    module_of,
)
from kaput.model import Frame, Stacktrace

_LONG_LINE = 240
"""A longer source line is no line that a person wrote (minified code) and says nothing."""
_FAR_COLUMN = 300
_REPEATED = 3
"""A place that occurs so often among the last frames is part of a recursion."""
_LAST = 60
"""Own frames that are looked at for a recursion: further up stands how the program came there."""
_TELLING = 4
"""Letters of a name that no minifier made."""
_ENDLESS = frozenset(
    {
        *("RecursionError", "StackOverflowError", "StackOverflowException", "SystemStackError"),
        *("InsufficientExecutionStackException", "InternalError", "RangeError"),
    }
)
_AMBIGUOUS = {"RangeError": "call stack", "InternalError": "recursion"}
"""Types that are an endless recursion only when their value says so."""

_SCRIPT = re.compile(r"\.[cm]?jsx?(?:$|[?#])|^https?://")
_RAISED = re.compile(r"^(?:raise|throw)\s+(?:new\s+)?([\w.$]+)\s*(?:\((.*)\))?\s*(?:from\s+\w+)?;?$")
_ARGUMENT = re.compile(r"^(?:\w+\s*[=:]\s*)?\$?(\w+)$")
_WORDS = re.compile(
    r"^(?:.*_)?(?:message|msg|text|reason|details?|description|error|err|exc|exception|cause|why)(?:_text)?$",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"^[a-z_$][\w$]*$")
_DEMANDING = re.compile(
    r"^_*(?:(?:require|ensure|demand|enforce|invariant|expect)(?:_?(?:that|true|not_?none|not_?null|non_?null|present|value|arg|param))?"
    r"|unwrap|\w+_or_(?:fail|raise|throw|die|abort|404))_*$",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"^([^{:]{1,200}(?::[^{]{0,100})?[{:])\s*((?:raise|throw) [^}]{1,200}?)\s*\}?$")
"""A function in one line: its head, and what it raises."""
_HEADER = re.compile(r"\b(?:def|function|func|fn|fun)\s+(\w+)\s*\(")


class Place(NamedTuple):
    """Where something failed.

    Attributes:
        function: as the strict hash takes it.
        line: source with white space collapsed; empty when there is none or it says nothing.
        within: the function as the loose hash takes it: that around a generated name.
        own: it is the application's code.
        minified: neither line nor module say anything that outlives a build.
        passed: helpers and wrappers deeper in the stack, by name.
    """

    module: str
    function: str
    line: str
    within: str
    own: bool
    minified: bool = False
    passed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The place in words."""
        return ".".join(part for part in (self.module, self.within or self.function) if part)


def place(stack: Stacktrace) -> Place | None:
    """Returns where it failed, None for a stack without frames."""
    frames = stack.frames
    if not frames:
        return None
    fallback: int | None = None
    passed: list[str] = []
    for index in _own(frames):
        if fallback is None:
            fallback = index
        if not has_file(frames[index].filename):
            continue
        if is_wrapper(frames[index].function) or _is_helper(frames[index]):
            passed.append(_named(frames[index]))
            continue
        return _described(frames, index, own=True, passed=tuple(dict.fromkeys(passed)))
    if fallback is not None:
        return _described(frames, fallback, own=True)
    return _described(frames, _deepest_library(frames), own=False)


def places(stack: Stacktrace, kind: str, value: str) -> tuple[Place, ...]:
    """Returns where an exception came from: one place, or the whole circle of a recursion that never ended."""
    if kind in _ENDLESS and _AMBIGUOUS.get(kind, "") in value:
        circle = _circle(stack)
        if circle:
            return circle
    found = place(stack)
    return (found,) if found else ()


def _own(frames: Sequence[Frame]) -> Iterator[int]:
    """Yields the application's own frames, deepest first; those whose path is its own when the client names none."""
    named = False
    for index in range(len(frames) - 1, -1, -1):
        frame = frames[index]
        if frame.in_app:
            if not is_standard(frame):
                named = True
                yield index
        elif is_template(frame) and is_own(frame.filename, frame.abs_path, ""):
            named = True
            yield index
    if not named:
        for index in range(len(frames) - 1, -1, -1):
            frame = frames[index]
            if not frame.in_app and frame.abs_path and is_own(frame.filename, frame.abs_path, frame.module):
                yield index


def _deepest_library(frames: Sequence[Frame]) -> int:
    """Returns the deepest frame of a library, of the language's own when there is no other."""
    foreign = (index for index in range(len(frames) - 1, -1, -1) if not is_standard(frames[index]))
    return next(foreign, len(frames) - 1)


def _circle(stack: Stacktrace) -> tuple[Place, ...]:
    """The own functions that repeat, in order of name: it is chance in which of them the stack was full."""
    where: dict[tuple[str, str, str], int] = {}
    times: Counter[tuple[str, str, str]] = Counter()
    for index in islice(_own(stack.frames), _LAST):
        frame = stack.frames[index]
        if not is_wrapper(frame.function):
            key = (frame.module, frame.filename, frame.function)
            where.setdefault(key, index)
            times[key] += 1
    counts: Counter[Place] = Counter()
    for key, index in where.items():
        found = _described(stack.frames, index, own=True)
        counts[Place(found.module, found.within, "", found.within, own=True)] += times[key]
    return tuple(sorted(found for found, count in counts.items() if count >= _REPEATED))


def _named(frame: Frame) -> str:
    return f"{module_of(frame.module, frame.filename, frame.abs_path)}.{function_of(frame.function)}"


def _described(frames: Sequence[Frame], index: int, *, own: bool, passed: tuple[str, ...] = ()) -> Place:
    frame = frames[index]
    module = module_of(frame.module, frame.filename, frame.abs_path)
    function = function_of(frame.function)
    if _is_minified(frame):
        name = function.rpartition(".")[2]
        telling = name if len(name) >= _TELLING and not is_generated(name) and not name.startswith("__webpack") else ""
        return Place("", telling, "", telling, own, minified=True)
    line = " ".join((frame.context_line or "")[: _LONG_LINE + 1].split())
    line = line if len(line) <= _LONG_LINE else ""
    within = function
    if is_generated(function) and index:
        within = _around(frames[index - 1], module) or function
        # A lambda may be called from anywhere; a comprehension, and what stands in one line with its caller, may not.
        if function in {"<lambda>", "anonymous", "<anonymous>", ""} and not _same_line(frames[index - 1], frame):
            return Place(module, function if line else within, line, within, own, passed=passed)
    return Place(module, within, line, within, own, passed=passed)


def _around(above: Frame, module: str) -> str:
    """Returns the function that a generated name stands in, empty when the frame above is elsewhere."""
    if module_of(above.module, above.filename, above.abs_path) != module or is_generated(above.function):
        return ""
    return function_of(above.function)


def _same_line(one: Frame, other: Frame) -> bool:
    return one.context_line is not None and one.context_line == other.context_line


def _is_minified(frame: Frame) -> bool:
    """Whether a build made the line: it is far too long, or the failure stands too far to the right."""
    far = (frame.colno or 0) > _FAR_COLUMN and (frame.lineno or 0) < _FAR_COLUMN
    long = len(frame.context_line or "") > _LONG_LINE or "{snip}" in (frame.context_line or "")
    return (far or long or ".min." in frame.filename) and _SCRIPT.search(frame.filename) is not None


def _is_helper(frame: Frame) -> bool:
    """Whether the function raises for everyone: an exception, a class or words that it was handed.

    `raise ShopError(message)` is that when `message` is a parameter of the function, as far as the lines above show it.
    `raise OutOfStock(sku)` is not: a function that knows what is wrong says so in a class or in words of its own.
    """
    line = (frame.context_line or "").strip()
    if "raise " not in line and "throw " not in line:
        return False
    above = frame.pre_context
    if whole := _WHOLE.match(line):
        line, above = whole[2], [*above, whole[1]]
    if not line.startswith(("raise ", "throw ")):
        return False
    match = _RAISED.match(line)
    if match is None:
        return False
    raised, arguments = match[1], match[2]
    if _DEMANDING.match(frame.function):
        return True
    names = (
        [raised] if _VARIABLE.match(raised) and (arguments is None or _WORDS.match(raised) or _is_class(raised)) else []
    )
    for argument in (arguments or "").split(","):
        found = _ARGUMENT.match(argument.strip())
        if found and _WORDS.match(found[1]):
            names.append(found[1])
    return bool(names) and _handed(frame.function, above, names)


def _is_class(name: str) -> bool:
    return name.rpartition("_")[2] in {"kind", "cls", "klass", "class", "type", "factory"}


def _handed(function: str, above: Sequence[str], names: Sequence[str]) -> bool:
    """Whether all names are parameters of the function, which nothing in the lines between gives another value."""
    between: list[str] = []
    for text in reversed(above):
        header = _HEADER.search(text)
        if header and header[1] == function.rpartition(".")[2]:
            parameters = set(re.findall(r"\w+", text[header.end() :]))
            return parameters.issuperset(names) and not _assigned(between, names)
        between.append(text)
    return False


def _assigned(lines: Sequence[str], names: Sequence[str]) -> bool:
    changed = re.compile(
        r"(?:^|\bas |\bfor )\s*(?:const |let |var )?\$?(?:" + "|".join(map(re.escape, names)) + r")\s*(?:=(?!=)|:|in\b)"
    )
    return any(changed.search(line.strip()) for line in lines)
