"""What is asked of the store, where it takes more than an id, and what is answered, where it is more than rows.

In: nothing. Out: frozen structs. Imported through `kaput.store.base`.
"""

from msgspec import Struct

from kaput.model import Position
from kaput.store.base.rows import IssueRow, Status


class IssueFilter(Struct, frozen=True):
    """Which issues.

    Attributes:
        query: the text a person typed; see `kaput.store.search`.
        projects: None means all but the internal one.
        viewer: the account that `assigned:me` means.
    """

    query: str = ""
    projects: tuple[int, ...] | None = None
    status: Status | None = None
    limit: int = 50
    offset: int = 0
    viewer: int | None = None


class IssuePage(Struct, frozen=True):
    """A page of issues, newest first unless the query says otherwise, and how many the filter finds in all.

    Attributes:
        scope: the tags, by key, that the query asks for exactly: what is counted are events that have them.
        counted: by issue the events that have all of them; None when all events are counted.
        of_kept: of those only the stored events are counted, and not those that are gone.
        partly: issues of which not all stored events were looked at: there are at least as many.
    """

    issues: list[IssueRow]
    total: int
    scope: dict[str, str] = {}
    counted: dict[int, int] | None = None
    of_kept: bool = False
    partly: frozenset[int] = frozenset()


class Limits(Struct, frozen=True):
    """How long and how many events stay; 0 means without a limit."""

    days: int = 0
    events_per_issue: int = 0


class Pages(Struct, frozen=True):
    """The pages of the database's file.

    Attributes:
        free: that hold nothing.
        size: bytes of one.
        log: bytes of what was not written back into the file yet.
    """

    free: int
    total: int
    size: int
    log: int = 0


class Tallies(Struct, frozen=True):
    """What the database counts of `kaput.model.Stats`, and how far the buffer was read at that moment."""

    digested: int
    dead: int
    dropped: dict[str, int]
    issues: int
    events: int
    thinned: int
    sessions: int
    notices: dict[str, int]
    positions: list[Position]
