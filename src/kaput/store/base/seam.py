"""The methods of the store, one protocol a noun, and the store that holds one of each.

In: batches from the worker, decisions of people, the outbox's marks. Out: rows. Imported through `kaput.store.base`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from kaput.model import (
    Batch,
    Change,
    CheckIn,
    Clock,
    Evaluate,
    Event,
    Filters,
    Monitor,
    Position,
    Run,
    SessionCounts,
)
from kaput.store.base.decisions import Decisions, Merges, Regroupings, Removals, Swept
from kaput.store.base.questions import IssueFilter, IssuePage, Limits, Pages, Tallies
from kaput.store.base.rows import (
    AccountRow,
    ActivityRow,
    AttachmentRow,
    DeadRow,
    EventRow,
    FeedbackRow,
    IssueRow,
    KeyRow,
    MonitorRow,
    Neighbours,
    ProjectRow,
    ReleaseRow,
    Status,
    StoredEvent,
    TagCount,
)
from kaput.store.base.searches import Searches
from kaput.store.base.telling import Channels, Outbox, Rules


class Batches(Protocol):
    """The worker's side."""

    def positions(self) -> list[Position]:
        """Returns how far each segment was read when the last batch was committed."""

    def commit(self, batch: Batch, evaluate: Evaluate) -> list[Change]:
        """Stores the whole batch atomically: events, counters, notices, asides, dead records, drops and positions.

        An event that is stored already is counted as `duplicate` and left out.

        Returns:
            The changes that came of it, in order.
        """

    def standing(self, project_id: int, version: str) -> dict[str, Status]:
        """Returns by hash the state of the issues that one version of grouping made in a project."""

    def forget(self, positions: Sequence[Position]) -> None:
        """Removes the positions of segments that were deleted."""

    def known_dead(self, most: int | None = None) -> list[DeadRow]:
        """Returns the records in `dead/`, oldest first: the newest `most` of them, or all."""

    def count_dead(self) -> int:
        """Counts the records in `dead/`."""

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

    def grouping(self) -> dict[int, str]:
        """Returns the rules of grouping of each project that has any, as they were typed."""

    def set_grouping(self, project_id: int, text: str) -> None:
        """Changes the rules of grouping of a project; whether they can be read was looked at before."""

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

    def in_login(self, account_id: int, login: str) -> AccountRow:
        """Returns the account of a login; raises NotFound when there is none, or the login was ended."""

    def end_login(self, login: str, seconds: float) -> None:
        """Ends a login, whose cookies would be good for so long."""

    def set_admin(self, email: str, *, admin: bool) -> None:
        """Makes an account an admin, or an ordinary one; raises Conflict for the last admin, NotFound without one."""

    def remove(self, email: str) -> None:
        """Removes an account with its memberships, bookmarks and searches; what it did stays, without a name.

        Raises:
            Conflict: it is the last admin.
            NotFound: there is no such account.
        """

    def verify(self, email: str, password: str) -> AccountRow | None:
        """Returns the account when the password is its own; takes as long when there is no such account."""


class Issues(Protocol):
    """Issues and what people decide about them."""

    def find(self, wanted: IssueFilter) -> IssuePage:
        """Returns a page of issues; raises QueryError when the query cannot be read."""

    def order(self, query: str) -> str:
        """Returns by what a query orders issues, e.g. `last-seen`; raises QueryError as `find` does."""

    def get(self, ref: int | str) -> IssueRow:
        """Returns the issue with this id or short id."""

    def hours(
        self, issue_ids: Sequence[int], first: int, hours: int, scope: Mapping[str, str] | None = None
    ) -> Mapping[int, list[int]]:
        """Returns the events per hour, `hours` numbers for each issue, beginning with the epoch hour `first`.

        With a scope these are the stored events that have its tags; where only payloads tell, some of the newest.
        """

    def tags(self, issue_id: int, most: int = 10) -> dict[str, list[TagCount]]:
        """Returns for each tag its most frequent values."""

    def activity(self, issue_id: int) -> list[ActivityRow]:
        """Returns what was done to the issue, newest first."""

    def counts(self, projects: Sequence[int] | None) -> dict[Status, int]:
        """Returns how many issues are in each state."""


class Events(Protocol):
    """Stored events and their payloads."""

    def get(self, event_id: str, project_id: int | None = None) -> StoredEvent:
        """Returns the event with this id (32 hexadecimal digits), in one project or whichever has it."""

    def begins(self, digits: str, projects: Sequence[int], limit: int) -> list[EventRow]:
        """Returns the events of these projects whose ids begin with these digits, in lower case, the newest first."""

    def by_row(self, row: int) -> StoredEvent:
        """Returns the event stored as this row."""

    def newest_of_each(self, project_id: int, issues: int, events: int) -> Iterator[tuple[str, Event]]:
        """Yields the newest events of the issues of a project that came last, each with the short id of its issue."""

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

    def of_event(self, project_id: int, event_id: str) -> list[FeedbackRow]:
        """Returns what was said about one event, newest first; no more than a page shows."""


class Attachments(Protocol):
    """Files that clients sent beside events and feedback."""

    def of(self, project_id: int, event_ids: Sequence[str]) -> dict[str, list[AttachmentRow]]:
        """Returns what is attached to some events, or pieces of feedback, of a project, in the order it came."""

    def open(self, project_id: int, attachment_id: str) -> tuple[AttachmentRow, BinaryIO]:
        """Returns an attachment of a project and its content, to be closed; raises NotFound when either is gone."""

    def sweep(self) -> int:
        """Removes attachments whose event did not come in a day, and files without a row; answers how many.

        Raises:
            OSError: a file cannot be removed.
        """


class Monitors(Protocol):
    """Jobs that run by the clock. What becomes of them is stored by `Batches.commit`."""

    def concerned(self, check_ins: Sequence[CheckIn]) -> list[tuple[Monitor, list[Run]]]:
        """Returns the known monitors of the check-ins, each with the runs that matter.

        Those are its runs that are in progress, those that the check-ins name, and its newest one.
        """

    def due(self, now: float, limit: int) -> list[tuple[Monitor, list[Run]]]:
        """Returns monitors that somebody must look at, the most urgent first, with their runs as `concerned` does."""

    def counts(self) -> dict[int, int]:
        """Returns how many monitors each project has, by its id."""

    def all(self, project_id: int | None, runs: int) -> list[MonitorRow]:
        """Returns the monitors of a project, or of all but the internal one, in the order of their names.

        Args:
            project_id: of the one project, or None.
            runs: how many of the newest runs each shall have.
        """

    def get(self, project_id: int, monitor_id: int, runs: int) -> MonitorRow:
        """Returns one monitor of a project with its newest runs."""

    def set_paused(self, monitor_id: int, *, paused: bool) -> None:
        """Stops or resumes telling of a monitor; the next run is expected from now on."""

    def delete(self, monitor_id: int) -> None:
        """Forgets a monitor and its runs; its issue stays, and its next check-in makes it anew."""


class Releases(Protocol):
    """Releases, and how their sessions went. Without an environment those of all are counted."""

    def of_project(self, project_id: int, limit: int, before: int | None = None) -> list[ReleaseRow]:
        """Returns releases, the one that was seen first last at the top, those with a smaller id than `before` only."""

    def get(self, project_id: int, version: str) -> ReleaseRow:
        """Returns the release of this name."""

    def environments(self, project_id: int) -> list[str]:
        """Returns the names of the environments that sessions came from, sorted; that of none is empty."""

    def sums(self, project_id: int, first: int, environment: str | None = None) -> dict[int, SessionCounts]:
        """Returns by id of the release the sessions that were started in the epoch hour `first` or later."""

    def by_environment(self, release: ReleaseRow, first: int) -> dict[str, SessionCounts]:
        """Returns the same for one release by the name of the environment, in its order."""

    def hours(
        self, project_id: int, release_ids: Sequence[int], first: int, hours: int, environment: str | None = None
    ) -> Mapping[int, list[SessionCounts]]:
        """Returns the sessions per hour, `hours` counts for each release, beginning with the epoch hour `first`."""


class Dictionaries(Protocol):
    """What payloads are compressed with; tended by one thread beside the worker's."""

    def wait(self, seconds: float) -> None:
        """Waits until there is something to tend, or as long."""

    def wake(self) -> None:
        """Lets `wait` return at once."""

    def tend(self) -> bool:
        """Does one step of what is due (trains, packs again, deletes); answers whether there may be more."""


class Facts(Protocol):
    """Small facts about this installation, and the sums over everything."""

    def get(self, name: str) -> str:
        """Returns a fact, or an empty text. Names: `address` (scheme://host:port last listened on)."""

    def set(self, name: str, value: str) -> None:
        """Keeps a fact."""

    def tallies(self, project_id: int | None = None) -> Tallies:
        """Counts everything, or one project; without one, the internal project is left out."""

    def drops_since(self, since: float, project_id: int | None = None) -> dict[str, int]:
        """Returns drops by reason since a time, to the hour: all but the internal project's, or one project's."""


class Retention(Protocol):
    """Deletes what need not stay, in steps: each `next` of an iterator is one short transaction.

    The first and the newest event of each issue stay, and exact counts do. To stop in the middle is harmless.
    """

    def last_row(self) -> int:
        """Returns a number that grows with each stored event, so that nothing is looked for when nothing came."""

    def crowd(self, limits: Limits) -> Iterator[Swept]:
        """Thins issues of which more events are kept than the limit says; the first step only looks for them."""

    def old(self, limits: Limits) -> Iterator[Swept]:
        """Walks over everything that has an age or can grow without end: a step now and then, for hours."""

    def shrink(self, excess: int) -> Iterator[Swept]:
        """Thins the issues that take most room until some bytes are freed, or nothing may go any more."""

    def give_back(self, reserve: int) -> Iterator[Swept]:
        """Takes empty pages, all but `reserve`, out of the database's file."""

    def pages(self) -> Pages:
        """Counts the pages of the database's file."""

    def oldest(self) -> float | None:
        """Returns when the oldest stored event came; None when none is stored."""


@dataclass(frozen=True, slots=True)
class Store:
    """One open store."""

    batches: Batches
    projects: Projects
    accounts: Accounts
    issues: Issues
    searches: Searches
    decisions: Decisions
    merges: Merges
    removals: Removals
    regroupings: Regroupings
    events: Events
    feedback: Feedbacks
    monitors: Monitors
    releases: Releases
    rules: Rules
    dictionaries: Dictionaries
    attachments: Attachments
    outbox: Outbox
    channels: Channels
    facts: Facts
    retention: Retention
    clock: Clock
    close: Callable[[], None]
