"""One event as lines for a terminal: what, when, where, and the stack with its local variables.

In: a stored event. Out: lines with styles, in the order Python prints a traceback: the call that failed last. Pure; for
the commands of this package. Control characters are made harmless where lines are printed, not here.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from kaput.cli.terminal import Line, moment
from kaput.model import Event, ExceptionValue, Frame, Stacktrace
from kaput.store.base import AttachmentRow, FeedbackRow, StoredEvent

LONGEST = 200
"""Characters shown of one value; `kaput event --json` has the rest."""


def event_lines(stored: StoredEvent) -> Iterator[Line]:
    """Yields the event's head, its exceptions or stacks, and what was known of the request, the user and the tags."""
    event, row = stored.event, stored.row
    yield f"Event {row.event_id} of {row.project}", "bold"
    about = {"level": event.level, "release": event.release, "environment": event.environment}
    facts = ", ".join(f"{name} {value}" for name, value in about.items() if value)
    yield f"{moment(event.timestamp)} UTC, received {moment(event.received)} UTC; {facts}", ""
    yield from _stacks(event)
    yield from _context(event)


def beside_lines(files: Sequence[AttachmentRow], said: Sequence[FeedbackRow]) -> Iterator[Line]:
    """Yields what is attached to the event, and what people said about it."""
    for file in files:
        place = "its file is gone" if file.missing else f"files/{file.attachment_id}"
        yield f"Attached {file.name} ({file.size} bytes): {place}", ""
    for one in said:
        yield f"{one.name or 'Somebody'} said: {_short(one.comments)}", ""


def _stacks(event: Event) -> Iterator[Line]:
    if event.logentry is not None:
        yield "", ""
        yield event.logentry.formatted or event.logentry.message, "bold"
    for exception in event.exception.values if event.exception else ():
        yield from _exception(exception)
    if event.stacktrace is not None:
        yield "", ""
        yield from _trace(event.stacktrace)
    for thread in event.threads.values if event.threads else ():
        if thread.stacktrace is not None and (thread.crashed or thread.current):
            yield "", ""
            yield f"Thread {thread.name or thread.id}", "bold"
            yield from _trace(thread.stacktrace)


def _exception(exception: ExceptionValue) -> Iterator[Line]:
    yield "", ""
    if exception.stacktrace is not None:
        yield from _trace(exception.stacktrace)
    first, *rest = exception.text.splitlines() or [""]
    yield first, "bold red"
    for line in rest:
        yield line, "red"


def _trace(trace: Stacktrace) -> Iterator[Line]:
    cut = trace.omitted
    for index, frame in enumerate(trace.frames):
        if cut is not None and index == cut[1]:
            yield f"  ({cut[0]} frames left out)", "dim"
        yield from _frame(frame)


def _frame(frame: Frame) -> Iterator[Line]:
    style = "" if frame.in_app else "dim"
    place = frame.filename or frame.abs_path or frame.module or "?"
    line = "" if frame.lineno is None else f", line {frame.lineno}"
    yield f'  File "{place}"{line}, in {frame.function or "?"}', style
    if frame.context_line is not None and frame.context_line.strip():
        yield f"    {_short(frame.context_line.strip())}", "bold" if frame.in_app else "dim"
    if frame.in_app:
        for name, value in frame.vars.items():
            yield f"      {name} = {_short(_plain(value))}", "cyan"


def _context(event: Event) -> Iterator[Line]:
    yield "", ""
    if event.request is not None:
        yield f"Request  {event.request.method} {event.request.url}".rstrip(), ""
    if event.user is not None:
        known = (event.user.id, event.user.email, event.user.username, event.user.ip_address)
        yield f"User     {', '.join(filter(None, known))}", ""
    if event.tags:
        yield f"Tags     {', '.join(f'{key}={value}' for key, value in event.tags.items())}", ""
    if event.sdk is not None:
        yield f"Client   {event.sdk.name} {event.sdk.version}", ""


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ({len(text)} characters)"
