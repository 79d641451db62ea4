"""The seam of the store: what the stages may ask of it, whatever database is behind it.

In: batches from the worker, decisions of people, the outbox's marks. Out: rows as frozen structs.
`digest/worker.py`, `tell/` and `view/` import this file and no other of this stage; `app.py`, `serve.py` and `cli/`
open the store behind it (`store/database.py`).

Each method is one transaction. Times are seconds since the epoch. Methods that look something up by id raise
`kaput.errors.NotFound` when it is not there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct

from kaput.model import Batch, Change, Clock, Dead, Drop, Evaluate, Event, Filters, Kind, Position

# --- rows -----------------------------------------------------------------------------------------------------------


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
    """One person. `epoch` grows with each change of password, which ends all sessions of before."""

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
        users: how many different users were affected.
        regressed: it was resolved, and came again.
        release: release of the newest event; `environment` likewise.
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
    """

    event_id: str
    short_id: str
    title: str
    name: str
    email: str
    comments: str
    created: float


class DeadRow(Struct, frozen=True):
    """One record in `dead/`."""

    dead: Dead
    stored: float


class NoticeRow(Struct, frozen=True):
    """One notice of the outbox.

    Attributes:
        state: pending, held, sent or failed.
        due: when to try next; for a held notice when it was held back.
        sequence: how many notices about this issue went to this recipient before, 0 for the first.
        error: the mail server's own words at the last attempt.
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


# --- questions ------------------------------------------------------------------------------------------------------


class IssueFilter(Struct, frozen=True):
    """Which issues. `query` is the text a person typed; `projects` None means all but the internal one."""

    query: str = ""
    projects: tuple[int, ...] | None = None
    status: Status | None = None
    limit: int = 50
    offset: int = 0


class IssuePage(Struct, frozen=True):
    """A page of issues, newest first, and how many the filter finds in all."""

    issues: list[IssueRow]
    total: int


class Tallies(Struct, frozen=True):
    """What the database counts of `kaput.model.Stats`, and how far the buffer was read at that moment."""

    digested: int
    dead: int
    dropped: dict[str, int]
    issues: int
    events: int
    notices: dict[str, int]
    positions: list[Position]


# --- the seam -------------------------------------------------------------------------------------------------------


class Batches(Protocol):
    """The worker's side."""

    def positions(self) -> list[Position]:
        """Returns how far each segment was read when the last batch was committed."""

    def commit(self, batch: Batch, evaluate: Evaluate) -> list[Change]:
        """Stores the whole batch atomically: events, counters, notices, feedback, dead records, drops and positions.

        An event that is stored already is counted as `duplicate` and left out.

        Returns:
            The changes that came of it, in order.
        """

    def forget(self, positions: Sequence[Position]) -> None:
        """Removes the positions of segments that were deleted."""

    def known_dead(self) -> list[DeadRow]:
        """Returns the records in `dead/`, oldest first."""

    def forget_dead(self, names: Sequence[str], *, dropped: bool) -> int:
        """Removes dead records from the count, when their files are gone or put back.

        Args:
            names: of the records.
            dropped: they were given up: counted as digested and under the reason `dead`, so that the sums hold.

        Returns:
            How many of the names were there.
        """


class Projects(Protocol):
    """Projects, their keys and members."""

    def all(self) -> list[ProjectRow]:
        """Returns every project, the internal one too, in the order of their ids."""

    def get(self, ref: int | str) -> ProjectRow:
        """Returns the project with this id or slug."""

    def add(self, name: str) -> ProjectRow:
        """Makes a project with one key; raises Conflict when the slug made of the name is taken."""

    def rename(self, project_id: int, name: str) -> None:
        """Changes the name; the slug, and with it every short id, stays."""

    def keys(self, project_id: int | None = None) -> list[KeyRow]:
        """Returns the keys of one project or of all, oldest first."""

    def add_key(self, project_id: int, label: str) -> KeyRow:
        """Makes another key."""

    def set_key_disabled(self, key_id: int, *, disabled: bool) -> None:
        """Stops or resumes taking events with a key."""

    def set_key_limit(self, key_id: int, events: int, seconds: int) -> None:
        """Limits a key to some events in each window of seconds; 0 and 0 take the limit away.

        Raises:
            ValueError: a number that no limit can have, fit to be shown.
        """

    def filters(self) -> dict[int, Filters]:
        """Returns what each project leaves out, for those that leave out anything."""

    def set_filters(self, project_id: int, filters: Filters) -> None:
        """Changes what a project leaves out.

        Raises:
            ValueError: a pattern that no filter can have, fit to be shown.
        """

    def members(self, project_id: int) -> list[AccountRow]:
        """Returns all who get the project's alerts: its members and every admin."""

    def add_member(self, project_id: int, account_id: int) -> None:
        """Makes an account a member; does nothing when it is one."""

    def remove_member(self, project_id: int, account_id: int) -> None:
        """Ends a membership."""

    def of(self, account: AccountRow) -> list[ProjectRow]:
        """Returns the projects an account may see."""


class Accounts(Protocol):
    """People and their passwords (argon2id)."""

    def any(self) -> bool:
        """Answers whether an account exists; while none does, the set-up link is good."""

    def all(self) -> list[AccountRow]:
        """Returns all accounts in the order of their addresses."""

    def get(self, account_id: int) -> AccountRow:
        """Returns one account."""

    def add(self, email: str, password: str, *, admin: bool) -> AccountRow:
        """Makes an account; raises Conflict when the address is taken, ValueError when one of the two will not do."""

    def add_first(self, email: str, password: str) -> AccountRow:
        """Makes the first account, an admin; raises Conflict when one exists, whoever was faster."""

    def set_password(self, email: str, password: str) -> None:
        """Changes the password and ends all sessions."""

    def verify(self, email: str, password: str) -> AccountRow | None:
        """Returns the account when the password is its own; takes as long when there is no such account."""


class Issues(Protocol):
    """Issues and what people decide about them."""

    def find(self, wanted: IssueFilter) -> IssuePage:
        """Returns a page of issues; raises QueryError when the query cannot be read."""

    def get(self, ref: int | str) -> IssueRow:
        """Returns the issue with this id or short id."""

    def hours(self, issue_ids: Sequence[int], first: int, hours: int) -> Mapping[int, list[int]]:
        """Returns the events per hour, `hours` numbers for each issue, beginning with the epoch hour `first`."""

    def tags(self, issue_id: int, most: int = 10) -> dict[str, list[TagCount]]:
        """Returns for each tag its most frequent values."""

    def activity(self, issue_id: int) -> list[ActivityRow]:
        """Returns what was done to the issue, newest first."""

    def set_status(self, issue_id: int, status: Status, account_id: int | None) -> IssueRow:
        """Resolves, mutes or reopens, and writes it into the activity; answers the issue as it is now."""

    def counts(self, projects: Sequence[int] | None) -> dict[Status, int]:
        """Returns how many issues are in each state."""


class Events(Protocol):
    """Stored events and their payloads."""

    def get(self, event_id: str, project_id: int | None = None) -> StoredEvent:
        """Returns the event with this id (32 hexadecimal digits), in one project or whichever has it."""

    def by_row(self, row: int) -> StoredEvent:
        """Returns the event stored as this row."""

    def newest(self, issue_id: int) -> StoredEvent:
        """Returns the newest stored event of an issue."""

    def neighbours(self, issue_id: int, row: int) -> Neighbours:
        """Returns where the event stands among those of its issue."""

    def of_issue(self, issue_id: int, limit: int, before: int | None = None) -> list[EventRow]:
        """Returns events of an issue, newest first, those with a smaller row than `before` only."""

    def export(self, project_id: int | None, *, payload: bool) -> Iterator[tuple[EventRow, Any]]:
        """Yields every stored event in the order of storing, with its payload as plain JSON values, or None.

        `project_id` None means all projects but the internal one.
        """

    def since(self, row: int, limit: int) -> list[tuple[EventRow, str]]:
        """Returns events stored after a row, oldest first, each with the title of its issue."""

    def last_row(self) -> int:
        """Returns the row of the newest event, 0 when there is none."""


class Feedbacks(Protocol):
    """What people said about events."""

    def of_issue(self, issue_id: int, limit: int) -> list[FeedbackRow]:
        """Returns what was said about events of an issue, newest first."""

    def of_project(self, project_id: int, limit: int) -> list[FeedbackRow]:
        """Returns what was said in a project, newest first, with or without an event."""


class Outbox(Protocol):
    """Notices that wait to be sent."""

    def open(self) -> list[NoticeRow]:
        """Returns all pending and held notices, oldest first."""

    def sent_at_once(self, since: float) -> list[NoticeRow]:
        """Returns the notices that were sent by themselves, not in a digest, and were created after `since`."""

    def mark_held(self, ids: Sequence[int], now: float) -> None:
        """Holds notices back for a digest, from now."""

    def mark_sent(self, ids: Sequence[int], now: float, *, in_digest: bool) -> None:
        """Notes that the mail server took them."""

    def mark_retry(self, ids: Sequence[int], error: str, due: float) -> None:
        """Notes a failed attempt and when the next one is due."""

    def mark_failed(self, ids: Sequence[int], error: str) -> None:
        """Gives notices up; they count as failed."""

    def last_error(self) -> tuple[str, float] | None:
        """Returns the newest error of notices that are not sent, and when it will be tried again."""


class Facts(Protocol):
    """Small facts about this installation, and the sums over everything."""

    def get(self, name: str) -> str:
        """Returns a fact, or an empty text. Names: `address` (scheme://host:port last listened on)."""

    def set(self, name: str, value: str) -> None:
        """Keeps a fact."""

    def tallies(self, project_id: int | None = None) -> Tallies:
        """Counts everything, or one project; without one, the internal project is left out."""

    def add_drops(self, drops: Sequence[Drop]) -> None:
        """Adds drops that did not come through the buffer."""

    def drops_since(self, since: float, project_id: int | None = None) -> dict[str, int]:
        """Returns drops by reason since a time, to the hour: all but the internal project's, or one project's."""


@dataclass(frozen=True, slots=True)
class Store:
    """One open store."""

    batches: Batches
    projects: Projects
    accounts: Accounts
    issues: Issues
    events: Events
    feedback: Feedbacks
    outbox: Outbox
    facts: Facts
    clock: Clock
    close: Callable[[], None]
