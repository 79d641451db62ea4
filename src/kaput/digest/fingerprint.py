"""Decides which issue an event belongs to: grouping algorithm `v1`.

In: a normalised event. Out: its hashes, strict first, and the reason in words. Pure; only `record.py` imports it.

It looks at where the program failed, not at how it came there. For each exception of the chain the evidence is its
type and the deepest frame of the application's own code: module, function, and the source line with white space
collapsed. Line numbers, paths, variables and the frames above have no part in it, so that moved code, another release
folder or another caller lead to the same issue. The second hash leaves the source line out.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kaput.digest.frames import function_of, has_file, is_generated, module_of
from kaput.digest.parameterise import parameterise
from kaput.model import Event, ExceptionValue, Frame, Grouping, LogEntry, Stacktrace

VERSION = "v1"

_LONG_LINE = 240
"""A longer source line is no line that a person wrote (minified code) and says nothing."""
_REPEATED = 3
"""A place that occurs so often in one stack is part of a recursion."""
_VARIABLE = re.compile(r"\{\{\s*([\w.]{1,100})\s*\}\}")
_DEFAULT = "default"

Part = tuple[str, ...]
"""One piece of evidence: its kind, then its texts."""


class _Place(NamedTuple):
    """Where something failed, without its deployment."""

    module: str
    function: str
    line: str
    own: bool

    @property
    def name(self) -> str:
        return ".".join(part for part in (self.module, self.function) if part)


class _Evidence(NamedTuple):
    """What an event is grouped by; `loose` is the same without source lines."""

    strict: tuple[Part, ...]
    loose: tuple[Part, ...]
    reason: str


def group(event: Event) -> Grouping:
    """Groups an event by the client's fingerprint, else by its exceptions, its message, or its stack."""
    evidence = _computed(event)
    if event.fingerprint:
        evidence = _client(event, evidence)
    hashes = tuple(dict.fromkeys((_hash(evidence.strict), _hash(evidence.loose))))
    return Grouping(VERSION, hashes, evidence.reason)


def _computed(event: Event) -> _Evidence:
    if event.exception:
        return _exceptions(event.exception.values)
    stack = _bare_stack(event)
    if event.logentry:
        return _message(event.logentry, stack)
    if stack and (place := _place(stack)):
        return _located((("stack",),), (place,), "")
    if event.transaction:
        parts: tuple[Part, ...] = (("transaction", parameterise(event.transaction)),)
        return _Evidence(parts, parts, f"transaction: {event.transaction}")
    return _Evidence((), (), "nothing to go by: all such events share one issue")


# --- exceptions -----------------------------------------------------------------------------------------------------


def _exceptions(chain: Sequence[ExceptionValue]) -> _Evidence:
    """All exceptions of the chain, each once; of an exception group its distinct members, in no order."""
    leaves = [one for one in chain if not (one.mechanism and one.mechanism.is_exception_group)]
    grouped = 0 < len(leaves) < len(chain)
    evidence = [_exception(one) for one in leaves or chain]
    distinct = list(dict.fromkeys(evidence))
    reason = distinct[-1].reason
    if grouped:
        distinct.sort()
        reason = f"{len(distinct)} distinct exceptions of a group: {'; '.join(one.reason for one in distinct)}"[:400]
    elif len(distinct) > 1:
        reason = f"{reason}; {len(distinct)} exceptions in the chain"
    strict = tuple(part for one in distinct for part in one.strict)
    loose = tuple(part for one in dict.fromkeys(distinct) for part in one.loose)
    return _Evidence(strict, loose, reason)


def _exception(exception: ExceptionValue) -> _Evidence:
    """The type and the place; the value counts only when there is no frame of the application's own."""
    synthetic = bool(exception.mechanism and exception.mechanism.synthetic)
    kind: Part = ("type", "" if synthetic else exception.type)
    places = _places(exception.stacktrace, exception.type) if exception.stacktrace else ()
    if places and places[0].own:
        return _located((kind,), places, "")
    value: Part = ("value", parameterise(exception.value))
    if places:
        return _located((kind, value), places, ", and the message")
    return _Evidence((kind, value), (kind, value), f"no stack: {exception.type or 'no type'} and its message")


def _located(parts: tuple[Part, ...], places: Sequence[_Place], addition: str) -> _Evidence:
    loose: tuple[Part, ...] = tuple(("place", place.module, place.function) for place in places)
    strict: tuple[Part, ...] = tuple(
        (*part, place.line) if place.line else part for part, place in zip(loose, places, strict=True)
    )
    whose = "last own frame" if places[0].own else "last frame, of a library"
    if len(places) > 1:
        whose = "recursion"
    names = ", ".join(place.name or "unnamed" for place in places)
    reason = f"{whose}: {names}{', its line' if places[0].line else ''}{addition}"
    return _Evidence(parts + strict, parts + loose, reason)


def _places(stack: Stacktrace, kind: str) -> tuple[_Place, ...]:
    """Where it failed: one place, or the whole circle of a recursion that never ended."""
    if kind == "RecursionError":
        circle = _circle(stack)
        if circle:
            return circle
    place = _place(stack)
    return (place,) if place else ()


def _circle(stack: Stacktrace) -> tuple[_Place, ...]:
    """The own places that repeat, in order of name: it is chance in which of them the stack was full."""
    counts: dict[_Place, int] = {}
    for index, frame in enumerate(stack.frames):
        if frame.in_app:
            place = _describe(stack.frames, index)
            counts[place] = counts.get(place, 0) + 1
    return tuple(sorted(place for place, count in counts.items() if count >= _REPEATED))


def _place(stack: Stacktrace) -> _Place | None:
    frames = stack.frames
    if not frames:
        return None
    own = [index for index, frame in enumerate(frames) if frame.in_app]
    in_files = [index for index in own if has_file(frames[index].filename)]
    return _describe(frames, (in_files or own or [len(frames) - 1])[-1])


def _describe(frames: Sequence[Frame], index: int) -> _Place:
    """Names a place; a generated name (`<listcomp>`) gives way to the function around it in the same module."""
    frame = frames[index]
    module = module_of(frame.module, frame.filename, frame.abs_path)
    function = function_of(frame.function)
    if is_generated(function):
        above = frames[index - 1] if index else frame
        if module_of(above.module, above.filename, above.abs_path) == module and not is_generated(above.function):
            function = function_of(above.function)
    line = " ".join((frame.context_line or "")[: _LONG_LINE + 1].split())
    return _Place(module, function, line if len(line) <= _LONG_LINE else "", frame.in_app)


# --- messages, bare stacks, fingerprints ----------------------------------------------------------------------------


def _message(entry: LogEntry, stack: Stacktrace | None) -> _Evidence:
    """The template when it was filled by the client, else the text without what varies; and the function, if known."""
    if entry.params and entry.message:
        text, reason = entry.message, f"message template: {entry.message[:200]}"
    else:
        text = parameterise(entry.formatted)
        reason = f"message: {text[:200]}"
    parts: tuple[Part, ...] = (("message", text),)
    place = _place(stack) if stack else None
    if place and place.own:
        parts += (("place", place.module, place.function),)
        reason += f", in {place.name}"
    return _Evidence(parts, parts, reason)


def _bare_stack(event: Event) -> Stacktrace | None:
    """The stack of an event without exception: its own, else that of the thread that crashed or reported."""
    if event.stacktrace:
        return event.stacktrace
    threads = event.threads.values if event.threads else []
    telling = [thread for thread in threads if thread.crashed] or [thread for thread in threads if thread.current]
    for thread in telling or threads[:1]:
        if thread.stacktrace:
            return thread.stacktrace
    return None


def _client(event: Event, computed: _Evidence) -> _Evidence:
    """The client's fingerprint, with what was computed in the place of `{{ default }}`."""
    strict: list[Part] = []
    loose: list[Part] = []
    words: list[str] = []
    for part in event.fingerprint:
        match = _VARIABLE.fullmatch(part.strip())
        if match and match[1] == _DEFAULT:
            strict += computed.strict
            loose += computed.loose
            words.append(f"({computed.reason})")
            continue
        filled = _VARIABLE.sub(lambda found: _variable(event, found[1], found[0]), part)
        strict.append(("client", filled))
        loose.append(("client", filled))
        words.append(filled)
    return _Evidence(tuple(strict), tuple(loose), f"fingerprint of the client: {', '.join(words)}"[:400])


_VARIABLES: dict[str, Callable[[Event], str]] = {
    "transaction": lambda event: event.transaction,
    "level": lambda event: event.level,
    "logger": lambda event: event.logger,
    "message": lambda event: event.logentry.formatted if event.logentry else _raised(event).value,
    "type": lambda event: _raised(event).type,
    "error.type": lambda event: _raised(event).type,
    "value": lambda event: _raised(event).value,
    "error.value": lambda event: _raised(event).value,
    "function": lambda event: _raised_at(event).function,
    "stack.function": lambda event: _raised_at(event).function,
    "module": lambda event: _raised_at(event).module,
    "stack.module": lambda event: _raised_at(event).module,
    "release": lambda event: event.release,
    "environment": lambda event: event.environment,
    "platform": lambda event: event.platform,
}


def _variable(event: Event, name: str, written: str) -> str:
    """The value of `{{ name }}`; `tags.x` is a tag; an unknown name stays as it is written."""
    if name.startswith("tags."):
        return event.tags.get(name.removeprefix("tags."), "")
    return _VARIABLES[name](event) if name in _VARIABLES else written


def _raised(event: Event) -> ExceptionValue:
    return event.exception.values[-1] if event.exception else ExceptionValue()


def _raised_at(event: Event) -> _Place:
    stack = _raised(event).stacktrace
    return (_place(stack) if stack else None) or _Place("", "", "", own=False)


def _hash(parts: Sequence[Part]) -> str:
    """32 hexadecimal digits; every text is preceded by its length, so that no two lists of parts look alike."""
    digest = hashlib.blake2b(VERSION.encode(), digest_size=16)
    for part in parts:
        digest.update(f"({len(part)}".encode())
        for text in part:
            data = text.encode()
            digest.update(b"%d:%b" % (len(data), data))
    return digest.hexdigest()
