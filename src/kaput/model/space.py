"""How much room the data directory takes.

In: nothing. Out: a frozen struct. Imported through `kaput.model`.
"""

from msgspec import Struct

SPACE = "space"
"""The fact under which the work process notes what it measured."""


class Space(Struct, frozen=True):
    """The data directory at one moment, in bytes.

    Attributes:
        used: by everything in it.
        spare: of that, what the database has free inside, and gives back.
        budget: what it may take; 0 when there is no limit.
        spool, dead, files: of `used`, by what waits to be digested, cannot be digested, and was attached.
        exhausted: nothing more can be thinned out, and still more is used than may be.
    """

    used: int
    budget: int
    spare: int = 0
    spool: int = 0
    dead: int = 0
    files: int = 0
    exhausted: bool = False

    @property
    def excess(self) -> int:
        """Bytes that are too many, 0 when none are."""
        return max(0, self.used - self.spare - self.budget) if self.budget else 0
