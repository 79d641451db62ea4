"""What a person decides about issues.

In: nothing. Out: frozen structs. Imported through `kaput.store.base`.
"""

from enum import IntEnum, StrEnum

from msgspec import Struct


class Resolution(StrEnum):
    """From when on an event of a resolved issue is a regression."""

    NOW = "now"
    NEXT = "next"
    RELEASE = "release"


class Resolve(Struct, frozen=True):
    """It is mended.

    Attributes:
        how: now: every event that is accepted later is a regression. In the next release: only one of a release that
            is newer than all that are known. In a given release: only one of that release or a newer one.
        release: the given one.
    """

    how: Resolution = Resolution.NOW
    release: str = ""


class Mute(Struct, frozen=True, omit_defaults=True):
    """It does not matter: for good when nothing is given, else until the first that is given comes to pass.

    Attributes:
        until: a time; the first event that is accepted from then on ends it.
        events: so many more events; with `window`, so many within as many seconds.
        users: so many more users.
        window: seconds.
    """

    until: float | None = None
    events: int | None = None
    users: int | None = None
    window: int | None = None


class Reopen(Struct, frozen=True):
    """It matters, and is not mended."""


class Priority(IntEnum):
    """How urgent it is; none says that nobody thought about it."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Assign(Struct, frozen=True):
    """Somebody takes care of it; None is nobody."""

    account_id: int | None


class Prioritise(Struct, frozen=True):
    """How urgent it is."""

    priority: Priority


Decision = Resolve | Mute | Reopen | Assign | Prioritise


class Decided(Struct, frozen=True):
    """What a decision did.

    Attributes:
        changed: how many issues are not as they were.
        undo: names the decision for `Decisions.undo`; None when nothing changed.
    """

    changed: int
    undo: int | None
