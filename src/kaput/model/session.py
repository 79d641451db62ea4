"""Sessions: how runs of an application, or its requests, ended; counted by hour, never kept one by one.

In: nothing. Out: frozen structs. Imported through `kaput.model`.
Source: https://develop.sentry.dev/sdk/telemetry/sessions/.
"""

from enum import IntEnum

from msgspec import Struct


class Health(IntEnum):
    """How a session is, the worst last. Its worst is what a session counts as, in whatever order that is told."""

    HEALTHY = 0
    ERRORED = 1
    UNHANDLED = 2
    ABNORMAL = 3
    CRASHED = 4


_WORSE = (Health.ERRORED, Health.UNHANDLED, Health.ABNORMAL, Health.CRASHED)


class SessionCounts(Struct, frozen=True, array_like=True):
    """How many sessions were started, and of these, how many were worse than healthy; each counts under its worst."""

    started: int = 0
    errored: int = 0
    unhandled: int = 0
    abnormal: int = 0
    crashed: int = 0

    @classmethod
    def of(cls, health: Health, *, begun: bool = True) -> "SessionCounts":
        """Counts one session, or what is known of it before its start is."""
        return cls(int(begun), *(int(health is worse) for worse in _WORSE))

    def __add__(self, other: "SessionCounts") -> "SessionCounts":
        return SessionCounts(
            self.started + other.started,
            self.errored + other.errored,
            self.unhandled + other.unhandled,
            self.abnormal + other.abnormal,
            self.crashed + other.crashed,
        )

    def __sub__(self, other: "SessionCounts") -> "SessionCounts":
        return SessionCounts(
            self.started - other.started,
            self.errored - other.errored,
            self.unhandled - other.unhandled,
            self.abnormal - other.abnormal,
            self.crashed - other.crashed,
        )

    @property
    def total(self) -> int:
        """All sessions; the start of one that crashed may be lost, its crash is not."""
        return max(self.started, self.errored + self.unhandled + self.abnormal + self.crashed)

    @property
    def crash_free(self) -> float | None:
        """The percentage that did not crash, rounded down to two decimals; None without sessions."""
        total = self.total
        return (total - self.crashed) * 10_000 // total / 100 if total else None


class SessionUpdate(Struct, frozen=True, array_like=True):
    """What a client said of one session that is not healthy; it may say more of it, or the same again.

    Attributes:
        sid: 32 hexadecimal digits.
        hour: in which the session was started, since the epoch.
        begun: it is the first that was said of the session.
    """

    sid: str
    hour: int
    begun: bool
    health: Health


class Sessions(Struct, frozen=True, omit_defaults=True):
    """What one item of a client says of sessions. Accept writes it, the digest completes it, the store adds it up.

    Attributes:
        hours: counts by the hour in which the sessions were started.
        updates: of single sessions, which `hours` leave out.
    """

    release: str = ""
    environment: str = ""
    hours: dict[int, SessionCounts] = {}
    updates: list[SessionUpdate] = []
    project_id: int = 0
    received: float = 0.0
