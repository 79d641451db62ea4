"""How much one step deletes, so that nobody waits for it.

In: how long the last step held the write lock. Out: how many rows the next one takes. `sweep.py` imports it.
"""

FIRST = 20
FEWEST, MOST = 4, 500
SECONDS = 0.02


class Pace:
    """Rows for a step, from how long the steps before took; used by one thread.

    Attributes:
        held: seconds for which the last step held the write lock.
    """

    def __init__(self) -> None:
        self.rows = FIRST
        self.held = 0.0

    def note(self, held: float) -> None:
        """Takes in how long a step of this size held the lock.

        One that took long because it wrote the log back halves the next at most.
        """
        self.held = held
        wanted = int(self.rows * SECONDS / max(held, SECONDS / 4))
        self.rows = max(FEWEST, self.rows // 2, min(MOST, wanted, self.rows + self.rows // 4 + 1))
