"""A link of a mail that does one thing without a login.

In: nothing. Out: frozen structs. Imported through `kaput.model`.
"""

from enum import StrEnum

from msgspec import Struct

GOOD_DAYS = 14
"""How long a link is good for."""


class Act(StrEnum):
    """What a link does."""

    RESOLVE = "resolve"
    MUTE = "mute"
    UNSUBSCRIBE = "unsubscribe"


class Link(Struct, frozen=True, array_like=True):
    """One thing, for one recipient, until some time.

    Attributes:
        issue_id: 0 when it is about no issue.
        recipient: the mail address that it was sent to.
        expires: seconds since the epoch.
    """

    act: Act
    project_id: int
    issue_id: int
    recipient: str
    expires: int
