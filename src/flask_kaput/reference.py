"""The reference number of an error: what a person who saw it tells, and what the tracker's search takes to its event.

In: the id of an event. Out: its first twelve digits, to be read out. Pure; any part may import it.
"""

DIGITS = 12
"""48 bits: among a million events of a tracker two share a number once in 560 such trackers."""


def reference_of(event_id: str) -> str:
    """Returns the reference number of an event: `9f3c-2b1a-77d0`."""
    return "-".join(event_id[start : start + 4] for start in range(0, DIGITS, 4))
