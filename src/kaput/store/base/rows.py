"""Rows of the store as the stages see them.

In: nothing. Out: frozen structs. Imported through `kaput.store.base`.
"""

from enum import StrEnum

from msgspec import Struct

from kaput.model import Dead, Event, Kind, Monitor, Rule, Run, RunStatus
from kaput.store.base.decisions import Mute, Priority, Resolution

NEW_FOR = 86_400.0
"""Seconds for which an issue is new, to the search and on every page."""


class Status(StrEnum):
    """The state of an issue, as people decided it."""

    UNRESOLVED = "unresolved"
    RESOLVED = "resolved"
    MUTED = "muted"


class ProjectRow(Struct, frozen=True):
    """One project. `internal` marks the project `kaput`, in which Kaput keeps its own problems."""

    id: int
    slug: str
    name: str
    internal: bool
    created: float


class KeyRow(Struct, frozen=True):
    """One key of a project.

    Attributes:
        public: the user part of its DSN, 32 hexadecimal digits.
        limit_events: how many events it may bring in `limit_seconds`; both 0 when it has no limit.
    """

    id: int
    project_id: int
    public: str
    label: str
    disabled: bool
    created: float
    limit_events: int = 0
    limit_seconds: int = 0


class AccountRow(Struct, frozen=True):
    """One person. `epoch` grows with each change of password, which ends all sessions of before.

    It begins with the time at which the account was made: an id that a removed account had may be given again.
    """

    id: int
    email: str
    admin: bool
    epoch: int
    created: float


class IssueRow(Struct, frozen=True):
    """One issue as the list shows it.

    Attributes:
        short_id: upper-case slug of the project and number in it: `SHOP-41`.
        project: slug of the project.
        count: events that ever came.
        users: how many different users were affected.
        kept: of `count`, the events that are stored now.
        thinned: since when the others are gone; None while none is.
        regressed: it was resolved, and came again.
        release: release of the newest event; `environment` likewise.
        regressed_in: release of the event with which it came again.
        resolution: when it is resolved, from when on.
        resolved_release: the release that `resolution` is about: the given one, or the newest at that time.
        shared: what its link names, while somebody shares it.
        removed: why it is in no list: `merged`, into `merged_into`; empty for all others.
        assignee: mail address of who takes care of it; empty for nobody.
        mute: when it is muted, until when: `events` and `users` are the counts at which it ends.
    """

    id: int
    short_id: str
    project_id: int
    project: str
    title: str
    type: str
    value: str
    culprit: str
    status: Status
    level: str
    count: int
    users: int
    first_seen: float
    last_seen: float
    regressed: bool
    release: str
    environment: str
    platform: str
    grouped_by: str
    kept: int
    thinned: float | None
    regressed_in: str = ""
    resolution: Resolution = Resolution.NOW
    resolved_release: str = ""
    mute: Mute = Mute()
    assignee: str = ""
    priority: Priority = Priority.NONE
    shared: str = ""
    removed: str = ""
    merged_into: int | None = None


class EventRow(Struct, frozen=True):
    """One stored event without its payload. `row` grows in the order of storing."""

    row: int
    event_id: str
    issue_id: int
    project_id: int
    project: str
    timestamp: float
    received: float
    level: str
    release: str
    environment: str


class StoredEvent(Struct, frozen=True):
    """One stored event with its payload."""

    row: EventRow
    event: Event


class Neighbours(Struct, frozen=True):
    """Where an event stands among the stored events of its issue; `index` counts from 1, oldest first."""

    index: int
    total: int
    previous: str | None
    next: str | None
    oldest: str
    newest: str


class TagCount(Struct, frozen=True):
    """How often a tag had a value within an issue."""

    key: str
    value: str
    count: int


class ActivityRow(Struct, frozen=True):
    """Something done to an issue. `who` is an address, or empty when Kaput did it; `kind`: see `Activity`."""

    kind: str
    who: str
    detail: str
    time: float


class FeedbackRow(Struct, frozen=True):
    """What a person said.

    Attributes:
        event_id: the event that it is about; empty when it is about none.
        short_id: the event's issue; empty, as `title` is, while no event of this id came.
        feedback_id: what its attachments name as their event.
        url: the page on which it was said.
    """

    event_id: str
    short_id: str
    title: str
    name: str
    email: str
    comments: str
    created: float
    feedback_id: str = ""
    project_id: int = 0
    url: str = ""


class AttachmentRow(Struct, frozen=True):
    """One attachment.

    Attributes:
        attachment_id: 32 hexadecimal digits; the name of its file in `files/` too.
        event_id: the event, or the feedback, that it belongs to.
        name: as the client called it.
        content_type: as the client said; not to be trusted.
        kind: what it is for: `event.attachment`, `event.minidump` and so on.
        size: bytes.
        missing: its file is gone.
    """

    attachment_id: str
    event_id: str
    project_id: int
    name: str
    content_type: str
    kind: str
    size: int
    received: float
    missing: bool = False


class MonitorRow(Struct, frozen=True):
    """One monitor as the page shows it.

    Attributes:
        project: slug of the project.
        short_id: of its issue; empty while it has none.
        runs: its newest runs, newest first.
    """

    monitor: Monitor
    project: str
    short_id: str
    runs: list[Run]

    @property
    def state(self) -> str:
        """What a person must know first: paused, failing, missed, timed out, running, ok, or waiting for the first."""
        if self.monitor.paused:
            return "paused"
        bad = _BAD.get(self.monitor.status) if self.monitor.status else None
        if bad or any(run.status is RunStatus.IN_PROGRESS for run in self.runs):
            return bad or "running"
        return "ok" if self.monitor.status else "waiting"


_BAD = {RunStatus.ERROR: "failing", RunStatus.MISSED: "missed", RunStatus.TIMEOUT: "timed out"}


class ReleaseRow(Struct, frozen=True):
    """One release of a project; events, or sessions, named it.

    Attributes:
        first_seen: when the first of them was received.
        events: all that ever came from it; `new_issues` those whose issue had not been seen before.
    """

    id: int
    project_id: int
    version: str
    first_seen: float
    events: int
    new_issues: int


class DeadRow(Struct, frozen=True):
    """One record in `dead/`."""

    dead: Dead
    stored: float


class NoticeRow(Struct, frozen=True):
    """One notice of the outbox.

    Attributes:
        issue_id: 0 for a test in a project that has no issue yet.
        recipient: a mail address, or a channel (`kaput.model.channel_recipient`).
        state: pending, held, sent or failed.
        due: when to try next; for a held notice when it was held back.
        sequence: how many notices about this issue went to this recipient before, 0 for the first.
        error: the mail server's own words at the last attempt.
        note: what a person wrote, when that is what is told.
        rule_id: of the rule that made it, which may be gone; `words` as in `Change`.
        count: how often it happened; more than once when it was held back by the rule's pause.
        rule: what the rule is called, of notices that are to be sent; empty when it is gone.
    """

    id: int
    kind: Kind
    project_id: int
    issue_id: int
    event_row: int
    recipient: str
    state: str
    created: float
    due: float
    attempts: int
    sequence: int
    error: str
    note: str = ""
    rule_id: int = 0
    words: str = ""
    count: int = 1
    rule: str = ""


class RuleRow(Struct, frozen=True):
    """One rule of a project.

    Attributes:
        deleted: when it was deleted; it can be had back for a day.
        fired: when it made a notice last; None when it never did.
    """

    rule: Rule
    created: float
    deleted: float | None
    fired: float | None


class MailedRow(Struct, frozen=True):
    """One mail that went out."""

    project_id: int
    recipient: str
    time: float
    in_digest: bool
