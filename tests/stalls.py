"""What a machine kept everybody waiting for; so that a test of a promised time does not measure its other programs."""

import os
import time
from contextlib import suppress
from pathlib import Path

RESOURCES = ("cpu", "io", "memory")


def stalled() -> float:
    """Returns the seconds so far in which something on this machine waited for a processor, a disk or memory.

    Time in which the machine itself was given no processor counts too. A machine that has not enough for all that runs
    on it makes nearly every second one; a quiet one, nearly none. 0 where the kernel does not tell.
    """
    found = 0.0
    for name in RESOURCES:
        with suppress(OSError, ValueError):  # a kernel may be built without it
            # Linux, Documentation/accounting/psi.rst: some avg10=0.00 avg60=0.00 avg300=0.00 total=<microseconds>
            some = Path(f"/proc/pressure/{name}").read_text(encoding="ascii").partition("\n")[0]
            found += int(some.rpartition("=")[2]) / 1e6
    # proc(5): cpu user nice system idle iowait irq softirq steal
    steal = int(Path("/proc/stat").read_text(encoding="ascii").split(maxsplit=9)[8])
    return found + steal / os.sysconf("SC_CLK_TCK") / (os.cpu_count() or 1)


class Stopwatch:
    """Begins when it is made, and stands still while the machine keeps everybody waiting."""

    def __init__(self) -> None:
        self._began, self._stalled = time.monotonic(), stalled()

    @property
    def stalls(self) -> float:
        """Seconds that do not count."""
        return stalled() - self._stalled

    @property
    def seconds(self) -> float:
        """Seconds that count."""
        return max(0.0, time.monotonic() - self._began - self.stalls)
