"""What rules of grouping would do to stored events.

In: nothing. Out: frozen structs. Imported through `kaput.model`.
"""

from msgspec import Struct


class Gathered(Struct, frozen=True):
    """Events that would be one issue, some of which are grouped otherwise now.

    Attributes:
        reason: why they would be together.
        events: how many of those that were tried.
        issues: short ids of the issues that they are in now.
        merges: those are several, which the rules of now do not put together.
    """

    reason: str
    events: int
    issues: tuple[str, ...]
    merges: bool


class Parted(Struct, frozen=True):
    """An issue whose events would be in several."""

    issue: str
    parts: int


class Rehearsal(Struct, frozen=True):
    """What rules would do.

    Attributes:
        events: how many were tried, of `issues` issues.
        changed: how many would be grouped otherwise than now.
        gathered: those in their new groups, the largest first.
    """

    events: int
    issues: int
    changed: int
    gathered: tuple[Gathered, ...]
    parted: tuple[Parted, ...]
