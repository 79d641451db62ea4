"""How seldom a process looks for cycles of garbage.

In: a number of containers. Out: nothing. The processes of this package call it once, when all is loaded.
"""

import gc


def spare_the_collector(after: int) -> None:
    """Lets the collector look after so many new containers, and never at what is there now.

    Events and requests are thousands of containers, and make next to no cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(after, 10, 100)
