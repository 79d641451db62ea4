"""What an alert shows of an event: texts that are short, clean and in order.

In: an issue and one of its events, as they were stored, scrubbed. Out: an `Excerpt`. Pure.
Imported by those that write: `tell/mail.py`, `tell/brief.py` and `tell/document.py`. Whatever an event holds, every
text that leaves here is bounded, has no control characters and can be encoded as UTF-8.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from kaput.model import Event, Frame, Stacktrace, User
from kaput.store.base import IssueRow

AROUND = 3
"""Lines of source shown before and after the failing one."""

MOST_LOCALS = 20
MOST_CAUSES = 3
TITLE_LENGTH = 300
VALUE_LENGTH = 200
URL_LENGTH = 500
_WORD = re.compile(r"[^\W\d]\w*")
REQUEST_ID = "request_id"
"""The tag under which `flask_kaput`, and others by custom, send the id by which a request stands in logs."""


class SourceLine(Struct, frozen=True):
    """One line of source; `number` is empty when the client did not say."""

    number: str
    text: str
    failing: bool

    @property
    def shown(self) -> str:
        """The line with its number, the failing one with a mark."""
        return f"{'>' if self.failing else ' '} {self.number:>6}  {self.text}".rstrip()


class Where(Struct, frozen=True):
    """The frame that failed.

    Attributes:
        place: `price_cart in shop/pricing.py:88`.
        locals: name and value; those that stand on the failing line first.
        omitted: how many locals are left out.
    """

    place: str
    source: list[SourceLine]
    locals: list[tuple[str, str]]
    omitted: int


class Excerpt(Struct, frozen=True):
    """An event and its issue as a mail tells them.

    Attributes:
        title: `KeyError: 'sku-9'`.
        facts: name and value, e.g. `Release`, `2.4.1`; those that are unknown are left out.
    """

    title: str
    culprit: str
    causes: list[str]
    where: Where | None
    facts: list[tuple[str, str]]


def excerpt(issue: IssueRow, event: Event) -> Excerpt:
    """Takes what a mail shows."""
    frame = _failing(event)
    return Excerpt(
        title=title_of(issue),
        culprit=one_line(issue.culprit, VALUE_LENGTH),
        causes=list(_causes(event)),
        where=_where(frame) if frame else None,
        facts=[(name, value) for name, value in _facts(issue, event) if value],
    )


def title_of(issue: IssueRow) -> str:
    """Returns the title of an issue in one line that is never empty."""
    return one_line(issue.title, TITLE_LENGTH) or "Error without a name"


def one_line(text: str, most: int) -> str:
    """Puts a text into one line of at most `most` characters, in printable characters only."""
    # What does not fit even with all its blanks folded needs no look: the cost stays bounded.
    printable = "".join(c if c.isprintable() else " " for c in _unicode(text[: most * 4]))
    return _cut(" ".join(printable.split()), most)


def moment(time: float) -> str:
    """Writes a time in UTC, to the second."""
    try:
        return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, OSError, ValueError):
        return "at an unknown time"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Writes a number with its noun: `1 event`, `1,204 events`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _unicode(text: str) -> str:
    """Joins the halves of surrogate pairs and replaces the lone ones, which cannot be encoded."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _source_text(text: str) -> str:
    """Keeps the indentation of a line of source."""
    shown = _unicode(text[:1000]).expandtabs(4).rstrip()
    return _cut("".join(c if c.isprintable() else " " for c in shown), VALUE_LENGTH)


def _failing(event: Event) -> Frame | None:
    """Finds the frame to show: the last of the program's own of the exception that was raised last, else the last."""
    for trace in _stacks(event):
        if trace.frames:
            return next((frame for frame in reversed(trace.frames) if frame.in_app), trace.frames[-1])
    return None


def _stacks(event: Event) -> Iterator[Stacktrace]:
    exceptions = event.exception.values if event.exception else []
    threads = event.threads.values if event.threads else []
    yield from (exception.stacktrace for exception in reversed(exceptions) if exception.stacktrace)
    if event.stacktrace:
        yield event.stacktrace
    told = sorted(threads, key=lambda thread: (not thread.crashed, not thread.current))
    yield from (thread.stacktrace for thread in told if thread.stacktrace)


def _causes(event: Event) -> Iterator[str]:
    earlier = event.exception.values[:-1] if event.exception else []
    for cause in earlier[: -MOST_CAUSES - 1 : -1]:
        yield one_line(cause.text, TITLE_LENGTH)


def _where(frame: Frame) -> Where:
    # The locals that stand on the failing line first: of a template's frame the others are Jinja's own.
    used = set(_WORD.findall(frame.context_line or ""))
    named = sorted(frame.vars.items(), key=lambda pair: pair[0] not in used)
    return Where(
        place=_place(frame),
        source=list(_source(frame)),
        locals=[(one_line(name, 80), one_line(_shown(value), VALUE_LENGTH)) for name, value in named[:MOST_LOCALS]],
        omitted=max(0, len(named) - MOST_LOCALS),
    )


def _place(frame: Frame) -> str:
    file = frame.filename or frame.abs_path or frame.module
    number = f":{frame.lineno}" if file and frame.lineno is not None else ""
    function = frame.function or "unknown function"
    return one_line(f"{function} in {file}{number}" if file else function, TITLE_LENGTH)


def _source(frame: Frame) -> Iterator[SourceLine]:
    if frame.context_line is None:
        return
    before, after = frame.pre_context[-AROUND:], frame.post_context[:AROUND]
    for index, text in enumerate([*before, frame.context_line, *after], start=-len(before)):
        number = "" if frame.lineno is None or frame.lineno + index < 1 else str(frame.lineno + index)
        yield SourceLine(number, _source_text(text), failing=index == 0)


def _shown(value: Any) -> str:
    """Writes a local as text: most clients send what `repr` gave, the others plain JSON values."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)


def _facts(issue: IssueRow, event: Event) -> Iterator[tuple[str, str]]:
    if event.request:
        yield "Request", one_line(f"{event.request.method} {event.request.url}", URL_LENGTH)
    elif event.transaction:
        yield "Transaction", one_line(event.transaction, VALUE_LENGTH)
    yield "User", _person(event.user) if event.user else ""
    yield "Request id", one_line(event.tags.get(REQUEST_ID, ""), VALUE_LENGTH)
    yield "Release", one_line(event.release, VALUE_LENGTH)
    yield "Environment", one_line(event.environment, VALUE_LENGTH)
    yield "Server", one_line(event.server_name, VALUE_LENGTH)
    yield "Level", one_line(event.level, VALUE_LENGTH)
    users = f", {counted(issue.users, 'user')}" if issue.users else ""
    yield "How often", counted(issue.count, "event") + users
    yield "First seen", moment(issue.first_seen)
    yield "Last seen", moment(issue.last_seen)


def _person(user: User) -> str:
    names = dict.fromkeys((user.email, user.username, user.name, user.id, user.ip_address))
    return one_line(", ".join(name for name in names if name), VALUE_LENGTH)
