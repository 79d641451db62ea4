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
    is_compiled,
    is_generated,
    is_own,
    is_standard,
    is_template,
    is_wrapper,
    method_of,
    module_of,
)
from kaput.digest.raising import is_passing
from kaput.digest.source import LONG, scope, statement
from kaput.model import Frame, Stacktrace

_FAR_COLUMN = 300
_REPEATED = 3
"""A place that occurs so often among the last frames is part of a recursion."""
_LAST = 60
"""Own frames that are looked at for a recursion: further up stands how the program came there."""
_HELPERS = 8
"""Functions that are passed over at most."""
_CIRCLE = 20
"""Functions of a recursion at most: more, and hardly any of them would be there so often."""
_NESTED = 4
"""Frames above a generated name that are looked at for the function that it stands in."""
_CALLED_ANYWHERE = frozenset({"<lambda>", "anonymous", "<anonymous>", "", "_onTimeout", "_onImmediate"})
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


class Place(NamedTuple):
    """Where something failed.

    Attributes:
        function: as the strict hash takes it.
        line: source with white space collapsed; empty when there is none or it says nothing.
        within: the function as the loose hash takes it: that around a generated name.
        own: it is the application's code.
        minified: neither line nor module say anything that outlives a build.
        passed: helpers deeper in the stack, by name.
    """

    module: str
    function: str
    line: str
    within: str
    own: bool
    minified: bool = False
    passed: tuple[str, ...] = ()

    @property
    def vague(self) -> bool:
        """Whether it says no more than the file."""
        return not self.line and is_generated(self.within)

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
        if len(passed) < _HELPERS and is_passing(frames[index]):
            passed.append("" if is_wrapper(frames[index].function) else _named(frames[index]))
            continue
        return _described(frames, index, own=True, passed=tuple(dict.fromkeys(filter(None, passed))))
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
            if not is_standard(frame) and not is_compiled(frame):
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
    minified = []
    for key, _ in times.most_common(_CIRCLE):
        found = _described(stack.frames, where[key], own=True)
        if found.minified and times[key] >= _REPEATED:
            minified.append(found)
        counts[Place(found.module, found.within, "", found.within, own=True)] += times[key]
    # Of functions without names at least their number is known.
    return tuple(sorted(minified or (found for found, count in counts.items() if count >= _REPEATED)))


def _named(frame: Frame) -> str:
    return f"{module_of(frame.module, frame.filename, frame.abs_path)}.{function_of(frame.function)}"


def _described(frames: Sequence[Frame], index: int, *, own: bool, passed: tuple[str, ...] = ()) -> Place:
    frame = frames[index]
    module = module_of(frame.module, frame.filename, frame.abs_path)
    function = method_of(frame.module, frame.function)
    if _is_minified(frame):
        name = function.rpartition(".")[2]
        telling = name if len(name) >= _TELLING and not is_generated(name) and not name.startswith("__webpack") else ""
        return Place("", telling, "", telling, own, minified=True)
    line = statement(frame)
    within = function
    if is_generated(function) and index:
        within = _around(frames, index, module) or function
        # A lambda may be called from anywhere; a comprehension, and what stands in one line with its caller, may not.
        if function in _CALLED_ANYWHERE and not _same_line(frames[index - 1], frame):
            return Place(module, function if line else within, line, within, own, passed=passed)
    around = scope(frame, within) if line and frame.pre_context else ""
    return Place(module, f"{around}.{within}" if around else within, line, within, own, passed=passed)


def _around(frames: Sequence[Frame], index: int, module: str) -> str:
    """Returns the function that a generated name stands in, empty when the frames above are elsewhere."""
    for above in frames[max(0, index - _NESTED) : index][::-1]:
        if not above.in_app or not has_file(above.filename):
            continue
        if module_of(above.module, above.filename, above.abs_path) != module:
            break
        name = function_of(above.function)
        if not is_generated(name):
            return name
    return ""


def _same_line(one: Frame, other: Frame) -> bool:
    return one.context_line is not None and one.context_line == other.context_line


def _is_minified(frame: Frame) -> bool:
    """Whether a build made the line: it is far too long, or the failure stands too far to the right."""
    far = (frame.colno or 0) > _FAR_COLUMN and (frame.lineno or 0) < _FAR_COLUMN
    long = len(frame.context_line or "") > LONG or "{snip}" in (frame.context_line or "")
    return (far or long or ".min." in frame.filename) and _SCRIPT.search(frame.filename) is not None
