"""Gives a process a time of day that a test sets: Python imports this at its start when it is on PYTHONPATH.

libfaketime would reach further, and breaks `time.sleep` while it is at it.
"""

import os
import time
from pathlib import Path

_true_time = time.time


def _settable_time() -> float:
    """Returns the true time and the seconds that stand in a file."""
    with Path(os.environ["TEST_CLOCK"]).open(encoding="utf-8") as file:
        return _true_time() + int(file.read())


time.time = _settable_time
