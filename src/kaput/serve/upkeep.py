"""What is tidied now and then while the worker works: files that nobody names, attachments whose event never came.

In: the store's sweep. Out: nothing. `serve/work.py` runs it in a thread that ends with the process.
"""

import logging
import time
from collections.abc import Callable

from kaput.errors import StoreUnavailable

EVERY_SECONDS = 3600.0

_log = logging.getLogger(__name__)


def keep_up(sweep: Callable[[], int], sleep: Callable[[float], None] = time.sleep) -> None:
    """Sweeps now and every hour, for ever; what keeps it from it is logged, and tried again the next time."""
    while True:
        try:
            sweep()
        except (StoreUnavailable, OSError) as error:
            _log.warning("Attachments are not tidied this time: %s", error)
        sleep(EVERY_SECONDS)
