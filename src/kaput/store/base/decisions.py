"""What a person decides about issues, and the methods that do it.

In: nothing. Out: frozen structs, protocols. Imported through `kaput.store.base`.
"""

from collections.abc import Sequence
from enum import IntEnum, StrEnum
from typing import Protocol

from msgspec import Struct

from kaput.model import Regroup


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


class Removal(StrEnum):
    """How an issue goes: its next event is a new issue, or is left out."""

    DELETED = "deleted"
    IGNORED = "ignored"


class Decided(Struct, frozen=True):
    """What a decision did.

    Attributes:
        changed: how many issues are not as they were.
        undo: names the decision for `Decisions.undo`; None when nothing changed.
    """

    changed: int
    undo: int | None


class Swept(Struct, frozen=True):
    """What one step of the retention took away.

    Attributes:
        rows: deleted or merged.
        size: bytes of the payloads among them.
        held: seconds for which the step held the write lock.
    """

    rows: int = 0
    size: int = 0
    held: float = 0.0


class Strand(Struct, frozen=True):
    """An issue that is, or could be, a part of another one."""

    id: int
    short_id: str
    title: str
    count: int
    last_seen: float


class Progress(Struct, frozen=True):
    """How far something is that takes a while."""

    done: int
    total: int


class Decisions(Protocol):
    """What people decide about issues."""

    def decide(self, issue_ids: Sequence[int], decision: Decision, account_id: int | None) -> Decided:
        """Decides about some issues at once, and writes it into their activity.

        Those that are as it says already, and ids that are none, are left out.
        """

    def comment(self, issue_id: int, text: str, account_id: int, tell: Sequence[str]) -> None:
        """Writes a comment into the activity, and a notice for each address that it names.

        Raises:
            NotFound: there is no such issue.
        """

    def share(self, issue_id: int, key: str | None, account_id: int) -> None:
        """Lets a link that names this key show the issue, and no other link; None ends that."""

    def bookmark(self, issue_id: int, account_id: int, *, kept: bool) -> None:
        """Keeps an issue among the bookmarks of an account, or takes it out."""

    def bookmarks(self, account_id: int) -> list[int]:
        """Returns the issues that an account keeps, the one that it took last first."""

    def undo(self, undo_id: int, account_id: int | None) -> int:
        """Takes a decision of this account back, within a day, and answers for how many issues.

        An issue that changed since stays as it is. Raises NotFound when there is nothing to take back.
        """


class Merges(Protocol):
    """Issues that are put together, and taken apart again."""

    def merge(self, issue_id: int, others: Sequence[int], account_id: int | None) -> Decided:
        """Merges others into an issue: at once for events to come and all counts; stored events follow by `step`.

        Raises:
            NotFound: one of them is not there, or merged already.
            Conflict: they are of different projects, or events of one of the others are still on their way.
        """

    def split(self, issue_id: int, origin_id: int, account_id: int | None) -> None:
        """Takes an issue that was merged out of the other one again, with its hashes, counts and events."""

    def strands(self, issue_id: int) -> list[Strand]:
        """Returns the issues that were merged into this one."""

    def similar(self, issue_id: int) -> list[Strand]:
        """Returns issues that may be the same: what groups loosely is equal, and one stopped when the other began.

        The one that came last is first.
        """

    def same_target(self, issue_id: int) -> list[Strand]:
        """Returns issues of the project about the same host and port, the one that came last first; never merged."""

    def progress(self, issue_id: int) -> Progress | None:
        """Answers how many events of a merge or split of this issue have moved; None when none is on its way."""

    def step(self) -> Swept:
        """Moves some events; no rows say that there are none to be moved."""


class Removals(Protocol):
    """Issues that go."""

    def remove(self, issue_ids: Sequence[int], kind: Removal, account_id: int | None) -> Decided:
        """Hides issues at once; what hangs on them goes by `step`, ten minutes later, until when it can be undone."""

    def ignored(self, project_id: int) -> list[Strand]:
        """Returns the issues of a project whose events are left out, the newest first."""

    def take_again(self, issue_id: int, account_id: int | None) -> None:
        """Ends that; raises NotFound when the issue is not ignored."""

    def step(self, regroup: Regroup | None = None) -> Swept:
        """Deletes some of what hangs on them; no rows say that there is nothing to delete.

        An ignored issue learns from `regroup` under which hashes its events would come if no rule were there.

        Raises:
            OSError: a file cannot be removed.
        """


class Regroupings(Protocol):
    """Stored events that are grouped again."""

    def start(self, project_id: int) -> None:
        """Begins, or begins anew, to group the stored events of a project again."""

    def progress(self, project_id: int) -> Progress | None:
        """Answers how many events were looked at; None when nothing is to be done."""

    def step(self, regroup: Regroup) -> Swept:
        """Groups some events again; no rows say that there are none."""
