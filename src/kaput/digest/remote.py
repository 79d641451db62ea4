"""The stack that another process wrote into its error as text.

In: the value of an exception. Out: a stack trace. Pure; `fingerprint.py` imports it.

Python's pools of processes hand over what failed there as the cause, with nothing but its text
(https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor).
"""

import re

from kaput.digest.frames import is_own
from kaput.model import Frame, Stacktrace

_KINDS = frozenset({"_RemoteTraceback", "RemoteTraceback"})
_LENGTH = 8192
_FRAMES = 60
_FRAME = re.compile(
    r'^ *File "([^"\n]{1,300})", line [0-9]{1,9}, in ([^\n]{1,200})\n(?: {4,}([^\n]{1,500}))?', re.MULTILINE
)


def told(kind: str, value: str) -> Stacktrace | None:
    """Returns the stack in words of another process, None when there is none."""
    if kind not in _KINDS:
        return None
    frames = [
        Frame(filename=path, abs_path=path, function=function, context_line=line or None, in_app=is_own(path, path, ""))
        for path, function, line in _FRAME.findall(value[-_LENGTH:])
    ]
    return Stacktrace(frames[-_FRAMES:]) if frames else None
