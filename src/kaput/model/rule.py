"""When somebody is told: the rules of a project, what they ask of the store, and what comes of them.

In: nothing. Out: frozen structs, and the wording of a span of time. Imported through `kaput.model`.

The time that counts for a rule is the time at which an event was received, as Kaput's own clock had it: clients' clocks
are wrong, and what a client kept while it was offline happened earlier than anybody could have been told.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from kaput.model.event import Event
from kaput.model.notice import Draft, Kind

PAUSE = 1800
"""Seconds for which a rule that fired rests for this issue, unless it says otherwise."""


class Trigger(StrEnum):
    """When a rule looks at an event, or fires."""

    NEW = "new"
    REGRESSED = "regressed"
    UNMUTED = "unmuted"
    EVERY = "every"
    EVENTS = "events"
    PROJECT_EVENTS = "project_events"
    USERS = "users"
    RISE = "rise"
    GROWING = "growing"


class Field(StrEnum):
    """What a condition is about; the last four are about the issue or the moment, the others about the event."""

    LEVEL = "level"
    ENVIRONMENT = "environment"
    RELEASE = "release"
    TAG = "tag"
    TYPE = "type"
    PATH = "path"
    AGE = "age"
    COUNT = "count"
    ASSIGNED = "assigned"
    TIME = "time"


class Compare(StrEnum):
    """How a condition compares."""

    IS = "is"
    IS_NOT = "is_not"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class Condition(Struct, frozen=True, omit_defaults=True):
    """One thing that has to be so.

    Attributes:
        value: a glob (`*` any characters, `?` one) for texts; a level; seconds for the age, a number for the count; an
            address, `anybody` or `nobody` for who is assigned; `09:00-17:00`, a zone behind it if wanted, for the time.
        key: of a tag.
    """

    field: Field
    test: Compare
    value: str
    key: str = ""


class Aim(StrEnum):
    """Who is told."""

    MEMBERS = "members"
    ASSIGNEE = "assignee"
    ADDRESS = "address"
    CHANNEL = "channel"
    CHANNELS = "channels"


class Target(Struct, frozen=True, omit_defaults=True):
    """To whom a rule's notices go. `value`: the address, or the id of the channel."""

    aim: Aim
    value: str = ""


EVERYBODY = (Target(Aim.MEMBERS), Target(Aim.CHANNELS))


class Rule(Struct, frozen=True):
    """When this happens, and all of that is so, tell them.

    Attributes:
        number: of events or users at least; of percent for a rise.
        seconds: the window; for an issue that is still growing its least age.
        conditions: all have to hold.
        pause: seconds for which the rule rests for an issue after it fired for it; 0 for none.
    """

    id: int
    project_id: int
    name: str
    trigger: Trigger
    number: int = 0
    seconds: int = 0
    conditions: tuple[Condition, ...] = ()
    targets: tuple[Target, ...] = EVERYBODY
    pause: int = PAUSE
    enabled: bool = True


class Happened(Struct, frozen=True):
    """One stored event, as the rules see it.

    Attributes:
        kind: what it means for its issue, if anything.
        type: of the exception, as the issue's title has it.
    """

    kind: Kind | None
    project_id: int
    issue_id: int
    event_row: int
    type: str
    event: Event


class IssueState(Struct, frozen=True):
    """What a rule may ask about an issue.

    Attributes:
        open: it is neither resolved nor muted.
        assignee: address of who is assigned, empty when nobody is.
    """

    open: bool
    first_seen: float
    count: int
    assignee: str = ""


class History(Struct, frozen=True):
    """What came to a project lately.

    Attributes:
        events: in the order of storing; `kind` says which was the first of its issue.
        returns: how resolved and muted issues came back, in order.
        issues: those of both, as they are now.
        whole: no event of the time is missing.
    """

    events: list[Happened]
    returns: list[Happened]
    issues: dict[int, IssueState]
    whole: bool


class Preview(Struct, frozen=True):
    """How often a rule would have fired in the last days; `whole`: by all events, and not only by those kept."""

    fired: int
    days: int
    whole: bool


class Audience(Struct, frozen=True):
    """Who can be told about a project.

    Attributes:
        members: their addresses.
        channels: by id the recipient that a notice for the channel has; those that are not disabled.
        unwanted: addresses, in lower case, that want no mail of the project.
    """

    members: Sequence[str] = ()
    channels: Mapping[int, str] = {}
    unwanted: frozenset[str] = frozenset()

    def takes(self, recipient: str) -> bool:
        """Answers whether a recipient wants to be told."""
        return recipient.lower() not in self.unwanted


Case = tuple[int, int]
"""A rule and an issue, or 0 for the whole project."""


class Pause(Struct, frozen=True):
    """A rule that rests for an issue, and what it held back meanwhile.

    Attributes:
        until: when it ends, in the time of receipt.
        held: how often it would have fired, since this batch began.
        drafts: the last time of these, for each recipient.
    """

    until: float
    held: int = 0
    drafts: tuple[Draft, ...] = ()


class Window(Struct, frozen=True):
    """What a rule counted for an issue, packed; it means nothing any more after `until`."""

    content: bytes
    until: float


class Verdict(Struct, frozen=True):
    """What the rules say about some events: what is told, what they counted, and which of them rest."""

    drafts: list[Draft]
    windows: dict[Case, Window] = {}
    pauses: dict[Case, Pause] = {}


class Situation(Protocol):
    """What rules ask while they judge; each answer is that of one moment."""

    @property
    def now(self) -> float:
        """The time, seconds since the epoch."""

    def rules(self, project_id: int) -> Sequence[Rule]:
        """Returns the rules of a project that are switched on, in the order of their ids."""

    def window(self, case: Case) -> bytes:
        """Returns what was counted; nothing when there is no count."""

    def paused_until(self, case: Case) -> float:
        """Returns when the rest of a rule ends or ended; 0 when it never rested."""

    def issue(self, issue_id: int) -> IssueState:
        """Returns an issue as it is with these events."""

    def audience(self, project_id: int) -> Audience:
        """Returns who can be told."""


def default_rules() -> tuple[Rule, ...]:
    """Returns what a new project has, without ids."""
    return (
        Rule(0, 0, "New issues", Trigger.NEW),
        Rule(0, 0, "Regressions", Trigger.REGRESSED),
        Rule(0, 0, "100 events in 5 minutes", Trigger.EVENTS, number=100, seconds=300),
    )


def span(seconds: int) -> str:
    """Returns a span of time in words: `5 min`."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def clock_times(value: str) -> tuple[int, int, str]:
    """Reads a time of day: `09:00-17:00 Europe/Berlin`.

    Returns:
        The minute of the day at which it begins, that at which it ends, and the zone, empty for UTC.

    Raises:
        ValueError: it is none.
    """
    times, _, zone = value.partition(" ")
    begin, dash, end = times.partition("-")
    if not dash:
        raise ValueError(value)
    return _minute(begin), _minute(end), zone.strip()


def _minute(text: str) -> int:
    hour, colon, minute = text.partition(":")
    if not (colon and len(hour) == len(minute) == 2 and hour.isdecimal() and minute.isdecimal()):
        raise ValueError(text)
    found = 60 * int(hour) + int(minute)
    if int(minute) > 59 or found > 24 * 60:
        raise ValueError(text)
    return found
