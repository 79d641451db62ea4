"""The packages that are installed, as an event tells them. In: the folders of `sys.path`. Out: names and versions.

They are read from the names of the folders in which installers keep what they know of a package: a millisecond, where
asking each package's metadata takes a hundred. `report.py` asks once in a process. Source:
https://packaging.python.org/en/latest/specifications/recording-installed-packages/ (the .dist-info directory).
"""

import os
import re
from collections.abc import Iterable, Iterator

MOST = 1000
"""Packages that are told; an event has room for what may have failed, not for all of a distribution."""

_KNOWN = re.compile(r"(?P<name>[A-Za-z0-9._]+)-(?P<version>[^-]+)(?:-py[0-9.]+)?\.(?:dist|egg)-info")
_SEPARATORS = re.compile(r"[-_.]+")


def installed(folders: Iterable[str]) -> dict[str, str]:
    """Returns versions by name, in lower case and with dashes; what comes first in the path is what Python imports."""
    found: dict[str, str] = {}
    for folder in folders:
        for entry in _entries(folder or os.curdir):
            match = _KNOWN.fullmatch(entry)
            if match is not None:
                found.setdefault(_SEPARATORS.sub("-", match["name"]).lower(), match["version"])
    return dict(sorted(found.items())[:MOST])


def _entries(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            yield from (entry.name for entry in entries)
    except OSError:  # a zip file, or no folder any more
        return
