"""Stack traces and exceptions of any shape become those of the event.

In: the decoded `exception`, `stacktrace` and `threads` of an event. Out: structs of `model.py`, bounded.
Only `normalise.py`, `parts.py` and `regular.py` import it.
"""

from typing import Any

from kaput.digest.fields import Notes, bounded, flag, mapping, prose, text, values, whole
from kaput.digest.frames import is_own
from kaput.digest.trim import cut
from kaput.model import ExceptionChain, ExceptionValue, Frame, Mechanism, Stacktrace, Thread, Threads

_OLDEST, _NEWEST = 50, 200
_FRAMES = 1000
"""Frames of one event over all its exceptions and threads."""
_FEWEST = 10
"""Frames that each stack may have at least."""
_EXCEPTIONS_OLDEST, _EXCEPTIONS_NEWEST = 10, 40
_THREADS = 100
LINE = 512
LINES = 10
NAME = 256
_UNKNOWN = "?"
"""What JavaScript's SDKs call a function whose name they do not know."""
PATH = 1024
_VALUE = 8192
VARS, VARS_DEPTH = 2048, 5


class Stacks:
    """Reads the stacks of one event; all of them share one number of frames."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._left = _FRAMES

    def exceptions(self, raw: Any) -> ExceptionChain | None:
        """Reads exceptions, the oldest cause first; the newest are read first, so that they keep their frames."""
        notes = self._notes
        found = [(index, value) for index, value in enumerate(values(raw, notes, "exception")) if value]
        if len(found) > _EXCEPTIONS_OLDEST + _EXCEPTIONS_NEWEST:
            notes.trimmed("exception.values")
            found = found[:_EXCEPTIONS_OLDEST] + found[-_EXCEPTIONS_NEWEST:]
        chain = [self._exception(value, f"exception.values.{index}.") for index, value in reversed(found)]
        kept = [exception for exception in reversed(chain) if exception is not None]
        return ExceptionChain(kept) if kept else None

    def _exception(self, raw: Any, path: str) -> ExceptionValue | None:
        notes = self._notes
        if isinstance(raw, str):
            return ExceptionValue(value=prose(raw, _VALUE, notes, path + "value"))
        if not isinstance(raw, dict):
            notes.invalid(path[:-1], raw)
            return None
        exception = ExceptionValue(
            type=text(raw, "type", NAME, notes, path),
            value=prose(raw.get("value"), _VALUE, notes, path + "value"),
            module=text(raw, "module", NAME, notes, path),
            mechanism=_mechanism(raw.get("mechanism"), notes, path + "mechanism."),
            stacktrace=self.stacktrace(raw.get("stacktrace"), path + "stacktrace."),
            thread_id=text(raw, "thread_id", NAME, notes, path) or None,
        )
        if exception.type or exception.value or exception.stacktrace:
            return exception
        notes.invalid(path[:-1], raw)
        return None

    def threads(self, raw: Any) -> Threads | None:
        """Reads the threads of the process."""
        notes = self._notes
        found = values(raw, notes, "threads")
        if len(found) > _THREADS:
            notes.trimmed("threads.values")
        threads = [self._thread(value, f"threads.values.{index}.") for index, value in enumerate(found[:_THREADS])]
        kept = [thread for thread in threads if thread is not None]
        return Threads(kept) if kept else None

    def _thread(self, raw: Any, path: str) -> Thread | None:
        if not isinstance(raw, dict):
            self._notes.invalid(path[:-1], raw)
            return None
        return Thread(
            id=text(raw, "id", NAME, self._notes, path),
            name=text(raw, "name", NAME, self._notes, path),
            crashed=flag(raw.get("crashed")) or False,
            current=flag(raw.get("current")) or False,
            stacktrace=self.stacktrace(raw.get("stacktrace"), path + "stacktrace."),
        )

    def stacktrace(self, raw: Any, path: str) -> Stacktrace | None:
        """Reads one stack, unless it is read; of a long one the newest 200 frames and the oldest 50 are kept."""
        notes = self._notes
        if isinstance(raw, Stacktrace):
            self._left -= len(raw.frames)
            return raw
        if isinstance(raw, dict):
            raw = raw.get("frames")
        if raw is None or not isinstance(raw, list):
            if raw is not None:
                notes.invalid(path + "frames", raw)
            return None
        most = min(_OLDEST + _NEWEST, max(_FEWEST, self._left))
        oldest = min(_OLDEST, most // 5)
        indexes = range(len(raw))
        omitted = None
        if len(raw) > most:
            notes.trimmed(path + "frames")
            omitted = (len(raw) - most, oldest)
            chosen = [*indexes[:oldest], *indexes[oldest - most :]]
        else:
            chosen = list(indexes)
        self._left -= len(chosen)
        frames = [frame(raw[index], notes, f"{path}frames.{index}.") for index in chosen]
        kept = [one for one in frames if one is not None]
        return Stacktrace(kept, omitted) if kept else None


def frame(raw: Any, notes: Notes, path: str) -> Frame | None:
    """Reads one frame."""
    if not isinstance(raw, dict):
        notes.invalid(path[:-1], raw)
        return None
    filename = text(raw, "filename", PATH, notes, path)
    abs_path = text(raw, "abs_path", PATH, notes, path)
    module = text(raw, "module", NAME, notes, path)
    in_app = flag(raw.get("in_app"))
    line = raw.get("context_line")
    return Frame(
        filename=filename or abs_path,
        abs_path=abs_path,
        module=module,
        function="" if raw.get("function") == _UNKNOWN else text(raw, "function", NAME, notes, path),
        lineno=whole(raw, "lineno", notes, path),
        colno=whole(raw, "colno", notes, path),
        pre_context=_lines(raw.get("pre_context"))[-LINES:],
        context_line=cut(line, LINE) if isinstance(line, str) else None,
        post_context=_lines(raw.get("post_context"))[:LINES],
        in_app=is_own(filename, abs_path, module) if in_app is None else in_app,
        vars=variables(raw, notes, path),
    )


def _lines(raw: Any) -> list[str]:
    """The lines around; what is no text is an empty line, so that line numbers stay right."""
    if not isinstance(raw, list):
        return []
    near = raw if len(raw) <= LINES else raw[:LINES] + raw[-LINES:]
    return [cut(line, LINE) if isinstance(line, str) else "" for line in near]


def variables(raw: dict[str, Any], notes: Notes, path: str) -> dict[str, Any]:
    """Reads the variables of a frame; those in a list have their place as their name."""
    if isinstance(raw.get("vars"), list):
        raw = {"vars": {str(index): value for index, value in enumerate(raw["vars"])}}
    return bounded(raw, "vars", VARS, VARS_DEPTH, notes, path)


def _mechanism(raw: Any, notes: Notes, path: str) -> Mechanism | None:
    if raw is None:
        return None
    if isinstance(raw, str):
        return Mechanism(type=cut(raw, NAME))
    raw = mapping({"mechanism": raw}, "mechanism", notes, path)
    return Mechanism(
        type=text(raw, "type", NAME, notes, path),
        handled=flag(raw.get("handled")),
        synthetic=flag(raw.get("synthetic")) or False,
        exception_id=whole(raw, "exception_id", notes, path),
        parent_id=whole(raw, "parent_id", notes, path),
        is_exception_group=flag(raw.get("is_exception_group")) or False,
        source=text(raw, "source", NAME, notes, path),
    )
