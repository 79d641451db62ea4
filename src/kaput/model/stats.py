"""The sums over everything.

In: nothing. Out: a frozen struct. Imported through `kaput.model`.
"""

from msgspec import Struct, field


class Stats(Struct, frozen=True):
    """Counts since the data directory was made, in events: accepted = digested + pending + dead.

    Attributes:
        digested: includes duplicates, filtered events, and dead records that were dropped by hand.
        pending: accepted, not yet visible.
        events: stored now.
        thinned: stored once and deleted since, by age, by number or for the disk.
        dropped: by reason.
        notices: by state: sent, pending, failed.
        sessions: that were started and told of; they are no events, and none of the other counts has them.
    """

    accepted: int
    digested: int
    pending: int
    dead: int
    dropped: dict[str, int]
    issues: int
    events: int
    notices: dict[str, int] = field(default_factory=dict)
    thinned: int = 0
    sessions: int = 0
