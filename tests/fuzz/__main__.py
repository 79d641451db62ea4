"""Tries a number of inputs and tells which ones fail; the exit code is 1 when one does.

Each process of the machine's processors takes a part after the other. What a part holds comes from the seed and its
number, so that the same seed makes the same inputs on every machine.
"""

import argparse
import os
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from tempfile import gettempdir

from tests.fuzz.parts import PART, parts, tried

_TOLD = 20
"""Parts after which it is told how far it came."""


def main() -> int:
    """Reads the arguments, tries the inputs, and keeps those that fail."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    count, began = 0, time.monotonic()
    with get_context("forkserver").Pool(arguments.processes) as pool:
        for number, found in enumerate(pool.imap(tried, parts(arguments.inputs, arguments.seed))):
            if number and number % _TOLD == 0:
                print(f"{number * PART} inputs so far, {count} of them failed.", flush=True)
            for fault in found:
                count += 1
                path = Path(gettempdir()) / f"kaput-fuzz-{arguments.seed}-{count}"
                path.write_bytes(fault.data)
                print(f"{fault.target}: {fault.what}; the input is {path}", flush=True)
    print(f"{arguments.inputs} inputs in {time.monotonic() - began:.0f} s, {count} of them failed.")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
