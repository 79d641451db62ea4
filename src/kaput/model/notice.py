"""What may be told: a change of an issue, and a notice about it for one recipient.

In: nothing. Out: frozen structs. Imported through `kaput.model`.
"""

from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """What happened to an issue."""

    NEW = "new"
    REGRESSED = "regressed"
    UNMUTED = "unmuted"
    MENTIONED = "mentioned"
    TEST = "test"
    """Nothing: somebody tries whether alerts arrive."""
    ALERT = "alert"
    """A rule fired that is about none of these; its words say which."""


class Change(Struct, frozen=True):
    """Something about an issue that a person may want to be told.

    Attributes:
        event_row: the stored event that made it, by its row.
        rule_id: of the rule that tells it; 0 when it is what happened, whoever is told.
        words: what made the rule fire: `100 in 5 min`; empty when the kind says it all.
    """

    kind: Kind
    project_id: int
    issue_id: int
    event_row: int
    time: float
    rule_id: int = 0
    words: str = ""


class Draft(Struct, frozen=True):
    """A notice to be written into the outbox: one change for one recipient."""

    change: Change
    recipient: str
