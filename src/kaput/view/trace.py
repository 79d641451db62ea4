"""The text form of an event's stack trace, to be pasted into an editor, a mail or a bug report.

In: an event. Out: one string, as the language itself would print it. Pure; `view/event.py` imports it.
"""

from collections.abc import Iterator

from kaput.model import Event, ExceptionValue, Frame, Stacktrace
from kaput.view.values import visible

MOST_FRAMES = 100


def text_of(event: Event) -> str:
    """Returns the trace of an event: for Python the oldest call first, for others the newest first."""
    values = event.exception.values if event.exception else []
    if values:
        parts = [_exception(value, event.platform) for value in values]
        ordered = parts if event.platform == "python" else parts[::-1]
        return visible(_between(event.platform).join(ordered))
    message = event.logentry.formatted or event.logentry.message if event.logentry else ""
    lines = [message, *(_frames(event.stacktrace, event.platform) if event.stacktrace else ())]
    return visible("\n".join(line for line in lines if line))


def _between(platform: str) -> str:
    return "\n\nThis led to:\n\n" if platform == "python" else "\n\nCaused by: "


def _exception(value: ExceptionValue, platform: str) -> str:
    frames = list(_frames(value.stacktrace, platform)) if value.stacktrace else []
    if platform == "python":
        return "\n".join([*(["Traceback (most recent call last):"] if frames else []), *frames, value.text])
    return "\n".join([value.text, *frames])


def _frames(trace: Stacktrace, platform: str) -> Iterator[str]:
    frames = trace.frames[-MOST_FRAMES:]
    write = _python_frame if platform == "python" else _plain_frame
    written = [write(frame) for frame in frames]
    if len(frames) < len(trace.frames) or trace.omitted:
        written.insert(0, "  ... older frames left out")
    yield from written if platform == "python" else reversed(written)


def _python_frame(frame: Frame) -> str:
    line = f'  File "{frame.abs_path or frame.filename}", line {frame.lineno or "?"}, in {frame.function or "?"}'
    return f"{line}\n    {frame.context_line.strip()}" if frame.context_line else line


def _plain_frame(frame: Frame) -> str:
    place = ":".join(str(part) for part in (frame.filename or frame.abs_path, frame.lineno, frame.colno) if part)
    return f"    at {frame.function or '?'} ({place})"
