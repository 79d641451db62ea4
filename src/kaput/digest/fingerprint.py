"""Decides which issue an event belongs to: grouping algorithm `v1`.

In: a normalised event, and a project's rules if it has any. Out: its hashes, strict first, and the reason in words.
Pure; `record.py`, `rehearsal.py` and the roots import it.

It looks at where the program failed (`place.py`), not at how it came there. For each exception of the chain the
evidence is its type and the deepest place in the application's own code: module, function, and the source line with
white space collapsed. Line numbers, paths, variables and the frames above have no part in it, so that moved code,
another release folder or another caller lead to the same issue. The second hash leaves the source line out.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from kaput.digest.frames import is_foreign, is_wrapper
from kaput.digest.parameterise import canonical, canonical_template, has_words, outspoken, parameterise, unmarked
from kaput.digest.place import Place, place, places
from kaput.digest.remote import told
from kaput.digest.rules import Rules, parse
from kaput.digest.target import target
from kaput.digest.variables import filled, is_default
from kaput.model import Event, ExceptionValue, Grouper, Grouping, LogEntry, Stacktrace

VERSION = "v1"
_PERSON = VERSION.encode()
_encode = msgspec.json.Encoder().encode

_REASON = 400
_SAID = 512
_SQL_WORDS = 200
_ALONE, _AMONG = 512, 128
"""Characters that are read of a message: of one alone, and of one among several."""
_LOOKED_AT = 8
"""Exceptions of one event, when they are not equal."""
_WORDED = 4
"""Exceptions of a chain whose messages are all read; of more it is that of the last."""
_SQL = re.compile(
    r"(?:^|[.\\:])(?:Integrity|Operational|Programming|Data|Database|NotSupported|Interface|Statement)Error$|^SQL|PDOException"
    r"|QueryException$|PSQLException$|SqlException$|^PG::|Sqlite3?(?:Error|Exception)$|^(?:Unique|NotNull|ForeignKey|Check)Violation$"
)
_SQL_NAME = re.compile(
    r"\b(?:relation|column|table|constraint|function|key|index|view|schema|sequence)"
    r" ['\"`]([A-Za-z_][\w.$]{0,63})['\"`]",
    re.IGNORECASE,
)
"""What the programmer called a thing; other quoted texts may be a user's."""
_DIGITS = re.compile(r"[0-9]+")
_CONNECTION = re.compile(r"connect|timed? ?out|timeout|refused|closed|host|server|network|socket|SSL", re.IGNORECASE)
_MANGLED = re.compile(
    r"(?<![\w.$'\"])[A-Za-z_$][\w$]?(?=\.[A-Za-z_$]| is not | is null| is undefined)|(?<=')[A-Za-z_$][\w$]?(?=' before)"
)
"""Names that a minifier gave, in what engines say of them."""
_NAMELESS = frozenset({"", "root", "__main__", "__mp_main__"})

Part = tuple[str, ...]
"""One piece of evidence: its kind, then its texts."""


class _Evidence(NamedTuple):
    """What an event is grouped by; `loose` is the same without source lines."""

    strict: tuple[Part, ...]
    loose: tuple[Part, ...]
    reason: str


class _Raised(NamedTuple):
    """An exception and where it came from; `bare` when that is no place in own code."""

    exception: ExceptionValue
    stack: Stacktrace | None
    kind: str
    places: tuple[Place, ...]
    bare: bool


def group(event: Event, rules: Rules | None = None) -> Grouping:
    """Groups an event by a project's rules, else by the client's fingerprint, its exceptions, its message or stack."""
    rule = rules.match(event) if rules else None
    evidence = plain = _computed(event)
    if event.fingerprint:
        plain = _given(event, evidence, event.fingerprint, "fingerprint of the client")
    ruled = _given(event, evidence, rule.parts, f"rule of line {rule.line}") if rule else plain
    strict = _hash(ruled.strict)
    hashes = (strict,) if ruled.strict == ruled.loose else (strict, _hash(ruled.loose))
    where = target(event.exception.values) if event.exception else ""
    return Grouping(VERSION, hashes, ruled.reason, where, _hash(plain.strict) if rule else "")


def grouper(text: str) -> Grouper:
    """Makes what groups by a project's rules, also events that were stored before; raises RuleError."""
    rules = parse(text)
    return lambda event: group(event, rules)


def _computed(event: Event) -> _Evidence:
    stack = _bare_stack(event)
    if event.exception:
        return _exceptions(event.exception.values, stack)
    if event.logentry:
        return _message(event.logentry, event.logger, stack)
    if stack and (found := place(stack)):
        return _located((("stack",),), (found,), "")
    if event.transaction:
        parts: tuple[Part, ...] = (("transaction", canonical(event.transaction)),)
        return _Evidence(parts, parts, f"transaction: {event.transaction}")
    return _Evidence((), (), "nothing to go by: all such events share one issue")


# --- exceptions -----------------------------------------------------------------------------------------------------


def _exceptions(chain: Sequence[ExceptionValue], stack: Stacktrace | None) -> _Evidence:
    """All exceptions of the chain, each once; of an exception group its distinct members, in no order."""
    if len(chain) == 1:  # most are; what follows would come to the same
        only = _raised(chain[0], chain[0].stacktrace or stack)
        return _said(only, _ALONE, bare=only.bare)
    leaves = [one for one in chain if not _is_group(one)]
    grouped = 0 < len(leaves) < len(chain)
    leaves = _unlike(leaves or list(chain))
    alone = all(one.stacktrace is None for one in leaves)
    found = [_raised(one, one.stacktrace or (stack if alone and one is leaves[-1] else None)) for one in leaves]
    if grouped and all(one.bare for one in found):
        found += [_raised(one, one.stacktrace) for one in _unlike(list(filter(_is_group, chain)))]
    elif not grouped:
        found = [one for cause, one in zip([None, *found], found, strict=False) if not _is_wrapping(cause, one)]
    distinct = list(dict.fromkeys(_telling(found)))
    reason = distinct[-1].reason
    if grouped:
        distinct.sort()
        reason = f"{len(distinct)} distinct exceptions of a group: {'; '.join(one.reason for one in distinct)}"[
            :_REASON
        ]
    elif len(distinct) > 1:
        reason = f"{reason}; {len(distinct)} exceptions in the chain"
    strict = tuple(part for one in distinct for part in one.strict)
    loose = tuple(part for one in dict.fromkeys(distinct) for part in one.loose)
    return _Evidence(strict, loose, reason)


def _is_group(exception: ExceptionValue) -> bool:
    return exception.mechanism is not None and exception.mechanism.is_exception_group


def _unlike(chain: list[ExceptionValue]) -> list[ExceptionValue]:
    """Leaves out of many exceptions those that repeat one, and what is still too much: the newest tell most."""
    if len(chain) <= _LOOKED_AT:
        return chain
    first: dict[tuple[object, ...], ExceptionValue] = {}
    for one in chain:
        frames = one.stacktrace.frames if one.stacktrace else ()
        where = tuple((frame.filename, frame.function, frame.lineno) for frame in frames)
        first.setdefault((one.type, where) if where else (one.type, one.value), one)
    return list(first.values())[-_LOOKED_AT:]


def _raised(exception: ExceptionValue, stack: Stacktrace | None) -> _Raised:
    synthetic = exception.mechanism is not None and exception.mechanism.synthetic
    stack = stack or told(exception.type, exception.value)
    found = places(stack, exception.type, exception.value) if stack else ()
    return _Raised(exception, stack, "" if synthetic else exception.type, found, not (found and found[0].own))


def _is_wrapping(cause: _Raised | None, raised: _Raised) -> bool:
    """Whether a library or a decorator caught what failed in own code, and raised its own in its place.

    Then the place of the second is only how the program came there. A stack begins where it was caught, except in
    languages whose stacks are always whole; their libraries name a cause only when they wrap it.
    """
    if cause is None or cause.bare or cause.stack is None or raised.stack is None:
        return False
    catching, raising = cause.stack.frames[0], raised.stack.frames[-1]
    if is_foreign(raising):
        return is_foreign(catching)
    return is_wrapper(raising.function) and (catching.function, catching.module) == (raising.function, raising.module)


def _telling(chain: Sequence[_Raised]) -> list[_Evidence]:
    """What a library raised within is known by its type alone, as soon as another exception has a place in own code."""
    bare = all(one.bare for one in chain)
    placed = {one.kind for one in chain if not one.bare}
    most = _ALONE if len(chain) == 1 else _AMONG if len(chain) <= _WORDED else 0
    found = []
    for one in chain:
        said = most or (_AMONG if one is chain[-1] else 0)
        if bare or not one.bare:
            found.append(_said(one, said, bare=bare))
        elif one.kind not in placed:
            parts: tuple[Part, ...] = (("type", one.kind),)
            found.append(_Evidence(parts, parts, f"{one.kind} of a library"))
    return found


def _said(raised: _Raised, most: int, *, bare: bool) -> _Evidence:
    return _worded(raised, most) if bare or _says_little(raised) else _placed(raised, most)


def _says_little(raised: _Raised) -> bool:
    """Whether the place does not tell what failed: no names, or only that of who reported it."""
    mechanism = raised.exception.mechanism
    first = raised.places[0]
    return first.minified or first.vague or (mechanism is not None and mechanism.synthetic)


def _placed(raised: _Raised, most: int) -> _Evidence:
    """The type and the place; of an error of a database also what it says, since one function asks it many things."""
    kind: Part = ("type", raised.kind)
    value = raised.exception.value
    if most and _is_database(raised.kind) and not _CONNECTION.search(value[:_SAID]):
        said = value[:_SQL_WORDS].partition("\n")[0]
        named = (_DIGITS.sub("", name) for name in _SQL_NAME.findall(said))
        words: Part = ("sql", canonical(said, most=min(most, _SQL_WORDS)), *named)
        return _located((kind, words), raised.places, ", and what the database says")
    return _located((kind,), raised.places, "")


def _worded(raised: _Raised, most: int) -> _Evidence:
    """The type and the value without what varies, when no line of own code is known.

    Args:
        raised: the exception.
        most: characters of the value; none when there are too many exceptions to read them all.
    """
    parts: tuple[Part, ...] = (("type", raised.kind),)
    minified = bool(raised.places) and raised.places[0].minified
    if most:
        said = raised.exception.value[: 4 * most]
        parts += (("value", canonical(_MANGLED.sub("*", said) if minified else said, names=minified, most=most)),)
    if raised.places:
        return _located(parts, raised.places, ", and the message")
    return _Evidence(parts, parts, f"no stack: {raised.exception.type or 'no type'} and its message")


@lru_cache(maxsize=1024)
def _is_database(kind: str) -> bool:
    return _SQL.search(kind) is not None


def _located(parts: tuple[Part, ...], found: Sequence[Place], addition: str) -> _Evidence:
    loose: list[Part] = [("place", one.module, one.within) for one in found]
    strict: list[Part] = [
        ("place", one.module, one.function, one.line) if one.line else ("place", one.module, one.within)
        for one in found
    ]
    passed: list[Part] = [("passed", *one.passed) for one in found if one.passed]
    return _Evidence((*parts, *strict, *passed), (*parts, *loose, *passed), _words(found, addition))


def _words(found: Sequence[Place], addition: str) -> str:
    first = found[0]
    whose = "last own frame" if first.own else "last frame, of a library"
    if first.passed:
        whose = f"own frame that called {', '.join(first.passed)}"
    if first.minified:
        whose = "minified code"
    if len(found) > 1:
        whose = "recursion"
    names = ", ".join(one.name or "unnamed" for one in found)
    return f"{whose}: {names}{', its line' if first.line else ''}{addition}"[:_REASON]


# --- messages, bare stacks, fingerprints ----------------------------------------------------------------------------


def _message(entry: LogEntry, logger: str, stack: Stacktrace | None) -> _Evidence:
    """The template if the client filled it, else the text without what varies; logger and function, if known."""
    if entry.params and entry.message and has_words(entry.message):
        text, reason = canonical_template(entry.message), f"message template: {entry.message[:200]}"
    else:
        said = parameterise(entry.formatted)
        text, reason = unmarked(said), f"message: {said[:200]}"
        if not has_words(text.replace("<*>", "")):
            text = outspoken(entry.formatted)
    parts: tuple[Part, ...] = (("message", text),)
    if logger not in _NAMELESS:
        parts += (("logger", canonical(logger)),)
        reason += f", of {logger[:100]}"
    found = place(stack) if stack else None
    if found and found.own:
        parts += (("place", found.module, found.within),)
        reason += f", in {found.name}"
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


def _given(event: Event, computed: _Evidence, parts: Sequence[str], whose: str) -> _Evidence:
    """A fingerprint that somebody gave, with what was computed in the place of `{{ default }}`."""
    strict: list[Part] = []
    loose: list[Part] = []
    words: list[str] = []
    for part in parts:
        if is_default(part):
            strict += computed.strict
            loose += computed.loose
            words.append(f"({computed.reason})")
            continue
        text = filled(event, part)
        strict.append(("client", text))
        loose.append(("client", text))
        words.append(text)
    return _Evidence(tuple(strict), tuple(loose), f"{whose}: {', '.join(words)}"[:_REASON])


def _hash(parts: Sequence[Part]) -> str:
    """32 hexadecimal digits of the parts as JSON, in which no two lists of parts look alike."""
    return hashlib.blake2b(_encode(parts), digest_size=16, person=_PERSON).hexdigest()
