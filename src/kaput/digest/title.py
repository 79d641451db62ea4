"""How an event and its issue are called.

In: a normalised event. Out: type, value and culprit, each one short line. Pure; `record.py` and the roots
import it.
"""

from collections.abc import Sequence

from kaput.digest.frames import function_of, has_file
from kaput.digest.trim import cut
from kaput.model import Event, Frame, Stacktrace, Title

UNLABELLED = "<unlabelled event>"

_VALUE = 256
_CULPRIT = 200
_PARTS = 2
"""Parts of an absolute path that are shown."""


def title(event: Event) -> Title:
    """Calls an event by the exception that was raised last, else by its message."""
    culprit = _culprit(event)
    if event.exception:
        raised = event.exception.values[-1]
        kind, value = raised.type, _first_line(raised.value)
        return Title(cut(kind, _VALUE), value if kind or value else UNLABELLED, culprit)
    message = _first_line(event.logentry.formatted) if event.logentry else ""
    return Title("", message or UNLABELLED, culprit)


def _first_line(text: str) -> str:
    lines = text.strip()[: 4 * _VALUE].splitlines()
    return cut(" ".join(lines[0].split()), _VALUE) if lines else ""


def _culprit(event: Event) -> str:
    """`price_cart in shop/pricing.py`: the deepest own frame, else the deepest, else the transaction."""
    stack = _stack(event)
    if stack is None or not stack.frames:
        return event.transaction
    frame = _telling(stack.frames)
    function, file = function_of(frame.function), _file(frame)
    if function and file:
        return cut(f"{function} in {file}", _CULPRIT)
    return cut(function or file, _CULPRIT) or event.transaction


def _telling(frames: Sequence[Frame]) -> Frame:
    """The deepest own frame that stands in a file, else the deepest own one, else the deepest."""
    own = None
    for frame in reversed(frames):
        if frame.in_app:
            if has_file(frame.filename):
                return frame
            own = own or frame
    return own or frames[-1]


def _stack(event: Event) -> Stacktrace | None:
    if event.exception:
        return next((one.stacktrace for one in reversed(event.exception.values) if one.stacktrace), None)
    return event.stacktrace


def _file(frame: Frame) -> str:
    """The file as a person knows it: relative as it came, of an absolute path the end."""
    path = (frame.filename or frame.module).replace("\\", "/").partition("?")[0]
    if path.startswith("/") or "://" in path or path[1:3] == ":/":
        return "/".join(path.rstrip("/").rsplit("/", _PARTS)[-_PARTS:])
    return path
