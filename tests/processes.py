"""Which process started which, as the kernel tells it; for tests that start real servers."""

from collections import defaultdict
from contextlib import suppress
from pathlib import Path


def children() -> dict[int, list[int]]:
    """Returns the processes that each process started, and that were not waited for.

    Read from every `/proc/PID/stat`: the list in `/proc/PID/task/TID/children` leaves some out while others end.
    """
    found = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):  # it ended meanwhile
                # proc(5): pid (name) state parent ...; the name may hold spaces and parentheses
                parent = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
                found[int(parent)].append(int(entry.name))
    return dict(found)


def tree(pid: int) -> dict[int, str]:
    """Returns a process and all that it started, directly or not, each with its command line."""
    started = children()
    pids, found = [pid], {}
    while pids:
        one = pids.pop()
        with suppress(OSError):
            found[one] = Path(f"/proc/{one}/cmdline").read_text(encoding="utf-8", errors="replace").replace("\0", " ")
        pids += started.get(one, [])
    return found
