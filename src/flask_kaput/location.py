"""Where an error happened: the line of the application's own code that failed.

In: a log record. Out: the same record, whose place is that line when the record comes from a library's handling of an
error, as Flask's does: it logs every unhandled error from one line of its own. Only `records.py` imports it.
"""

import logging
import os
import sysconfig
from pathlib import Path
from types import TracebackType

import flask
import werkzeug

LIBRARY_FOLDERS = frozenset({"site-packages", "dist-packages"})
_STANDARD = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib")})
_FRAMEWORK = tuple(str(Path(file).parent) + os.sep for file in (__file__, flask.__file__, werkzeug.__file__))
"""Never the application's, wherever they are installed: the extension, Flask and Werkzeug."""


def is_own(file: str, root: str) -> bool:
    """Answers whether a file is the application's own code.

    Args:
        file: as a frame names it; what is no file, such as `<string>`, is nobody's.
        root: the folder of the application; empty when none is known. It may be installed among the libraries.
    """
    if file.startswith(("<", *_FRAMEWORK)):
        return False
    if root and file.startswith(root + os.sep):
        return LIBRARY_FOLDERS.isdisjoint(Path(file[len(root) :]).parts)
    return LIBRARY_FOLDERS.isdisjoint(Path(file).parts) and not file.startswith(_STANDARD)


def relocate(record: logging.LogRecord, root: str) -> bool:
    """Gives a record that a library wrote about an error the place where the error happened.

    That is the innermost frame of the application's own code; when there is none, the innermost of all. A record that
    the application's own code wrote keeps its place.

    Returns:
        Whether the record got another place.
    """
    if not record.exc_info or record.exc_info[2] is None or is_own(record.pathname, root):
        return False
    frames = _frames(record.exc_info[2])
    frame = next((one for one in reversed(frames) if is_own(one.tb_frame.f_code.co_filename, root)), frames[-1])
    code = frame.tb_frame.f_code
    record.pathname, record.lineno, record.funcName = code.co_filename, frame.tb_lineno, code.co_name
    record.filename = Path(code.co_filename).name
    record.module = Path(code.co_filename).stem
    return True


def _frames(traceback: TracebackType) -> list[TracebackType]:
    frames = []
    rest: TracebackType | None = traceback
    while rest is not None:
        frames.append(rest)
        rest = rest.tb_next
    return frames
