"""The statement that failed, as text.

In: a frame. Out: its source line with white space collapsed, and the lines that it goes on in. Pure; `place.py` and
`raising.py` import it.
"""

import re

from kaput.model import Frame

LONG = 240
"""A longer source line is no line that a person wrote (minified code) and says nothing."""
_ABOVE = 6
_DEFINITION = re.compile(r"^(\s{0,40})(?:async +def|def|class) +(\w{1,100})")
_MORE = 3
"""Lines that a statement goes on in, at most."""
_OPEN = ("(", "[", ",")
_OPENING, _CLOSING = "([{", ")]}"


def statement(frame: Frame) -> str:
    """Returns the line, and while it has brackets open the lines behind: `raise ValueError(` alone says little."""
    line = _collapsed(frame.context_line or "")
    if line.endswith(_OPEN):
        for more in frame.post_context[:_MORE]:
            longer = f"{line} {_collapsed(more)}"
            if len(longer) > LONG:
                break
            line = longer
            if _left_open(line) <= 0:
                break
    return line if len(line) <= LONG else ""


def scope(frame: Frame, function: str) -> str:
    """Returns the class or function that a function of Python stands in, when the lines above show it, else nothing.

    Clients send the bare name, which two classes of a module may share, with the line that failed.
    """
    inner = 0
    for line in frame.pre_context[: -_ABOVE - 1 : -1]:
        match = _DEFINITION.match(line) if "def " in line or "class " in line else None
        if match is None:
            if inner and line.strip() and len(line) - len(line.lstrip()) < inner:
                break
            continue
        indent = len(match[1])
        if not inner:
            if match[2] != function or not indent:
                break
            inner = indent
        elif indent < inner:
            return match[2]
        else:
            break
    return ""


def _collapsed(line: str) -> str:
    return " ".join(line[: LONG + 1].split())


def _left_open(line: str) -> int:
    return sum(map(line.count, _OPENING)) - sum(map(line.count, _CLOSING))
