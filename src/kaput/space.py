"""How much room the data directory takes, and how much it may take.

In: settings, the disk. Out: `Space`. A root: only the other roots import it.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from kaput.config import Settings, Share
from kaput.model import Space
from kaput.view.render import size

GIBIBYTE = 1024**3
LEAST = 256 * 1024**2
"""A part of the volume means at least so much: a directory smaller than this is not what fills the disk."""


def measure(settings: Settings, spare: int = 0, disk: Callable[[Path], os.statvfs_result] = os.statvfs) -> Space:
    """Looks at every file of the data directory; `spare` is what the database has free inside."""
    spool, dead, files = (bytes_in(settings.data / name) for name in ("spool", "dead", "files"))
    used = spool + dead + files + sum(_files(settings.data))
    volume = disk(settings.data)
    total, free = volume.f_blocks * volume.f_frsize, volume.f_bavail * volume.f_frsize
    return Space(used, budget(settings, total, free, used), spare, spool, dead, files)


def budget(settings: Settings, total: int, free: int, used: int) -> int:
    """Returns the bytes that the data directory may take; 0 for no limit.

    A number is what it is. A part of the volume leaves the last 1 GiB free, or twice what clients are turned away for,
    whoever fills the rest: events are thinned out long before any is refused. It is never less than 256 MiB, or half
    of a very small volume: where others fill the disk, deleting everything here would not help.

    Args:
        settings: of which `retention_disk` and `min_free` count.
        total: bytes of the volume.
        free: bytes of it that can still be written.
        used: bytes that the data directory takes now.
    """
    limit = settings.retention_disk
    if not isinstance(limit, Share):
        return int(limit)
    reserve = max(GIBIBYTE, 2 * settings.min_free)
    return max(min(LEAST, total // 2), min(total * limit // 100, used + free - reserve))


def bytes_in(directory: Path) -> int:
    """Returns the bytes on the disk of all files in a directory and below."""
    total = sum(_files(directory))
    with suppress(OSError), os.scandir(directory) as entries:
        total += sum(bytes_in(Path(entry.path)) for entry in entries if entry.is_dir(follow_symlinks=False))
    return total


def problem(space: Space | None) -> list[str]:
    """Returns what is wrong with it, in sentences with what to do; none when all fits."""
    if space is None or not space.exhausted:
        return []
    parts = (("events that wait", space.spool), ("dead records", space.dead), ("attachments", space.files))
    named = " and ".join(f"{size(taken)} of {name}" for name, taken in parts if 10 * taken > space.used)
    within = f" In it are {named}." if named else ""
    text = (
        f"The data directory takes {size(space.used)}, more than its {size(space.budget)}"
        f" (KAPUT_RETENTION_DISK), and no more events can be thinned out.{within} Give it more room."
    )
    return [text]


def _files(directory: Path) -> Iterator[int]:
    """Yields what each file of a directory takes; one that goes meanwhile takes nothing."""
    with suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.is_file(follow_symlinks=False):
                    yield entry.stat(follow_symlinks=False).st_blocks * 512
