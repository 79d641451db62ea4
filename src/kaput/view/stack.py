"""The stack trace as it is read: the raised exception first, its causes after it, the newest call first.

In: the exception chain or a bare stack trace of a normalised event. Out: frozen view models for
`templates/_stack.html`. Pure and bounded; `view/event.py` imports it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import msgspec
from markupsafe import Markup

from kaput.model import ExceptionChain, ExceptionValue, Frame, Mechanism, Stacktrace
from kaput.view.render import cut_middle, plural
from kaput.view.source import coloured, cut_line
from kaput.view.values import Member, Value, end_cut, members_of, value_of, visible

CONTEXT = 5
MOST_OPEN = 12
MOST_COLOURED = 24
REPEATS = 3
LONGEST_ROUND = 8
DEEPEST = 6
MOST_PACKAGES = 3
WORD = re.compile(r"[^\W\d]\w*")
ONLY_SEEN = ("", ".", "..", "<frozen")


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line of source: its number, its text as HTML, and whether it is the line that was running."""

    number: int | None
    html: Markup
    running: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One frame as it is shown.

    Attributes:
        function: its name; empty when the client does not know it.
        place: file, line and column, cut in the middle when long; `path` is the whole path.
        own: it is code of the application, not of a library.
        open: source and locals are shown before anything is clicked.
        used: how many of the locals stand on the running line; they come first.
    """

    function: str
    place: str
    path: str
    own: bool
    open: bool
    lines: tuple[SourceLine, ...]
    locals: tuple[Member, ...]
    used: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames that lie side by side.

    Attributes:
        kind: `calls` are shown one by one; `library` and `repeats` are folded under `label`; `omitted` is a label
            alone.
    """

    kind: Literal["calls", "library", "repeats", "omitted"]
    label: str
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Raised:
    """One exception of the chain, or a bare stack trace, which has no type.

    Attributes:
        relation: how it belongs to the one before it: empty for the first, `caused by`, `during handling of`, `one of`.
        depth: how far it is indented: members of an exception group lie deeper than the group.
        how: `unhandled`, `handled` or empty.
        through: the mechanism of the client that caught it, e.g. `flask`.
    """

    relation: str
    depth: int
    type: str
    module: str
    value: Value | None
    how: str
    through: str
    stretches: tuple[Stretch, ...]


class Budget:
    """How many frames may still be open, and how many may still be coloured: one for all stacks of an event."""

    def __init__(self) -> None:
        self.open = MOST_OPEN
        self.coloured = MOST_COLOURED

    def take_open(self) -> bool:
        """Answers whether one more frame may be open."""
        self.open -= 1
        return self.open >= 0

    def take_coloured(self) -> bool:
        """Answers whether one more frame may be coloured."""
        self.coloured -= 1
        return self.coloured >= 0


def raised(chain: ExceptionChain, platform: str, budget: Budget) -> tuple[Raised, ...]:
    """Returns the exceptions of a chain in the order of reading: the raised one, then what led to it.

    An exception group is followed by its members, which lie one step deeper.
    """
    ordered = enumerate(_in_order(chain.values))
    return tuple(
        _raised(value, relation if index else "", depth, platform, budget)
        for index, (value, relation, depth) in ordered
    )


def bare(trace: Stacktrace, platform: str, budget: Budget) -> Raised:
    """Returns a stack trace that belongs to no exception, of a message or a thread."""
    stretches = tuple(_stretches(trace, platform, budget))
    return Raised("", 0, "", "", None, "", "", stretches)


def _in_order(values: Sequence[ExceptionValue]) -> Iterator[tuple[ExceptionValue, str, int]]:
    """Yields each exception once, with its relation and depth, whatever its ids claim."""
    by_parent: dict[int, list[ExceptionValue]] = {}
    known = {value.mechanism.exception_id for value in values if value.mechanism}
    roots: list[ExceptionValue] = []
    for value in reversed(values):
        parent = value.mechanism.parent_id if value.mechanism else None
        if parent is None or parent not in known:
            roots.append(value)
        else:
            by_parent.setdefault(parent, []).append(value)
    seen: set[int] = set()
    for root in roots:
        yield from _descend(root, by_parent, seen)
    for value in reversed(values):
        if id(value) not in seen:
            yield value, _relation(value.mechanism), 0


def _descend(
    root: ExceptionValue, by_parent: dict[int, list[ExceptionValue]], seen: set[int]
) -> Iterator[tuple[ExceptionValue, str, int]]:
    waiting = [(root, _relation(root.mechanism), 0)]
    while waiting:
        value, words, deep = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        yield value, words, deep
        mechanism = value.mechanism
        if mechanism is None or mechanism.exception_id is None:
            continue
        children = sorted(by_parent.get(mechanism.exception_id, ()), key=_exception_id, reverse=True)
        for child in children:
            inside = mechanism.is_exception_group and _relation(child.mechanism) == "one of"
            waiting.append((child, _relation(child.mechanism), min(deep + inside, DEEPEST)))


def _exception_id(value: ExceptionValue) -> int:
    found = value.mechanism.exception_id if value.mechanism else None
    return found if found is not None else 0


def _relation(mechanism: Mechanism | None) -> str:
    source = mechanism.source if mechanism else ""
    if source == "__context__":
        return "during handling of"
    return "one of" if source.startswith(("exceptions", "errors")) else "caused by"


def _raised(value: ExceptionValue, relation: str, depth: int, platform: str, budget: Budget) -> Raised:
    mechanism = value.mechanism or Mechanism()
    how = {None: "", False: "unhandled", True: "handled"}[mechanism.handled]
    through = end_cut(visible(mechanism.type), 40) if mechanism.type not in ("", "generic", "chained") else ""
    stretches = tuple(_stretches(value.stacktrace, platform, budget)) if value.stacktrace else ()
    text = value_of(value.value, platform) if value.value else None
    name = end_cut(visible(value.type or "Error"), 200)
    return Raised(relation, depth, name, end_cut(visible(value.module), 100), text, how, through, stretches)


def _stretches(trace: Stacktrace, platform: str, budget: Budget) -> Iterator[Stretch]:
    frames = trace.frames
    own_known = any(frame.in_app for frame in frames)
    cut, after = trace.omitted or (0, 0)
    split = max(0, min(after, len(frames)))
    newest, oldest = list(reversed(frames[split:])), list(reversed(frames[:split]))
    yield from _folded(newest, platform, budget, lead=not own_known)
    if cut > 0:
        yield Stretch("omitted", f"{plural(cut, 'frame')} left out")
    yield from _folded(oldest, platform, budget, lead=not own_known and not newest)


def _folded(frames: Sequence[Frame], platform: str, budget: Budget, *, lead: bool) -> Iterator[Stretch]:
    """Yields the stretches of frames, newest first; `lead`: the first frame is shown though it is a library's."""
    marked = [(frame, frame.in_app or (lead and index == 0)) for index, frame in enumerate(frames)]
    for shown, run in groupby(marked, key=lambda pair: pair[1]):
        calls = [frame for frame, _ in run]
        if shown:
            yield from _own(calls, platform, budget)
        else:
            label = f"{plural(len(calls), 'frame')} in {_packages(calls)}"
            yield Stretch("library", label, tuple(_call(frame, platform, budget, is_open=False) for frame in calls))


def _own(frames: Sequence[Frame], platform: str, budget: Budget) -> Iterator[Stretch]:
    """Yields the calls of the application; of a recursion one round is shown and the other rounds are folded."""
    start = 0
    while start < len(frames):
        length, rounds = _round(frames[start:])
        kept, end = start + length, start + length * rounds
        shown = (_call(frame, platform, budget, is_open=budget.take_open()) for frame in frames[start:kept])
        yield Stretch("calls", "", tuple(shown))
        if kept < end:
            # Their source is that of the round above; without it a deep recursion stays a small page.
            others = (msgspec.structs.replace(frame, context_line=None) for frame in frames[kept:end])
            again = (_call(frame, platform, budget, is_open=False) for frame in others)
            what = "call" if length == 1 else f"{length} calls"
            yield Stretch("repeats", f"the same {what} {rounds - 1:,} more times", tuple(again))
        start = end


def _round(frames: Sequence[Frame]) -> tuple[int, int]:
    """Returns how many calls make one round of the recursion that begins here, and how many rounds follow each other.

    Calls that do not come `REPEATS` times are one round of one call.
    """
    keys = [(frame.filename, frame.function, frame.lineno) for frame in frames[: LONGEST_ROUND * REPEATS]]
    for length in range(1, LONGEST_ROUND + 1):
        if len(keys) >= length * REPEATS and keys[:length] * REPEATS == keys[: length * REPEATS]:
            rounds = REPEATS
            while _same(frames[:length], frames[length * rounds : length * (rounds + 1)]):
                rounds += 1
            return length, rounds
    return 1, 1


def _same(some: Sequence[Frame], others: Sequence[Frame]) -> bool:
    return len(some) == len(others) and all(
        (one.filename, one.function, one.lineno) == (other.filename, other.function, other.lineno)
        for one, other in zip(some, others, strict=True)
    )


def _call(frame: Frame, platform: str, budget: Budget, *, is_open: bool) -> Call:
    path = visible(frame.filename or frame.abs_path or frame.module or "unknown file")
    line = f":{frame.lineno}" if frame.lineno is not None else ""
    if line and frame.colno is not None:  # of minified code the column alone tells where
        line += f":{frame.colno}"
    full = visible(frame.abs_path or frame.filename) + line
    used, others = _locals(frame, platform)
    return Call(
        function=end_cut(visible(frame.function), 120),
        place=cut_middle(path, 72) + line,
        path=end_cut(full, 1_000),
        own=frame.in_app,
        open=is_open,
        lines=tuple(_source(frame, platform, budget)),
        locals=(*used, *others),
        used=len(used),
    )


def _locals(frame: Frame, platform: str) -> tuple[list[Member], list[Member]]:
    """Returns the local variables that stand on the running line, and the others, both in their order."""
    words = set(WORD.findall(frame.context_line or ""))
    members = members_of(frame.vars, platform)
    return [one for one in members if one.name in words], [one for one in members if one.name not in words]


def _source(frame: Frame, platform: str, budget: Budget) -> Iterator[SourceLine]:
    if frame.context_line is None:
        return
    before, after = frame.pre_context[-CONTEXT:], frame.post_context[:CONTEXT]
    while before and not before[0].strip():
        before = before[1:]
    while after and not after[-1].strip():
        after = after[:-1]
    texts = [*map(cut_line, before), cut_line(frame.context_line, frame.colno), *map(cut_line, after)]
    html = coloured(texts, frame.filename, platform) if budget.take_coloured() else [Markup.escape(t) for t in texts]
    for index, line in enumerate(html):
        number = frame.lineno + index - len(before) if frame.lineno is not None else None
        number = number if number is None or number > 0 else None  # a client may send more lines than there are
        yield SourceLine(number, line, index == len(before))


def _packages(frames: Iterable[Frame]) -> str:
    names = list(dict.fromkeys(_package(frame) for frame in frames))
    more = f" and {len(names) - MOST_PACKAGES:,} more" if len(names) > MOST_PACKAGES else ""
    return ", ".join(names[:MOST_PACKAGES]) + more


def _package(frame: Frame) -> str:
    """Returns the library a frame belongs to: the first part of its module, else what its path tells."""
    if frame.module:
        return end_cut(visible(frame.module.split(".")[0]), 40)
    parts = (frame.filename or frame.abs_path).replace("\\", "/").split("/")
    for marker in ("node_modules", "site-packages", "dist-packages", "gems", "vendor"):
        if marker in parts[:-2]:
            return end_cut(visible(parts[parts.index(marker) + 1]), 40)
    first = next((part for part in parts[:-1] if part not in ONLY_SEEN), parts[-1])
    return end_cut(visible(first), 40) or "a library"
