"""Tries a number of inputs and tells which ones fail; the exit code is 1 when one does."""

import argparse
import sys
from pathlib import Path
from tempfile import gettempdir

from tests.fuzz.targets import faults


def main() -> int:
    """Reads the arguments, tries the inputs, and keeps those that fail."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    count = 0
    for count, found in enumerate(faults(arguments.inputs, arguments.seed), 1):
        path = Path(gettempdir()) / f"kaput-fuzz-{arguments.seed}-{count}"
        path.write_bytes(found.data)
        print(f"{found.target}: {found.what}; the input is {path}", flush=True)
    print(f"{arguments.inputs} inputs, {count} of them failed.")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
