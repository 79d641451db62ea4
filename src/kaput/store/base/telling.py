"""What tells and whom: the outbox, and the channels beside mail.

In: marks of the sender, decisions of people. Out: rows. Imported through `kaput.store.base`.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from kaput.model import MAIL_LANE, Audience, ChannelKind, History, Rule
from kaput.store.base.rows import MailedRow, NoticeRow, RuleRow


class ChannelRow(Struct, frozen=True):
    """One channel of a project, as anyone who may see its settings sees it.

    Attributes:
        name: as an admin calls it; unlike that of any other channel of the project.
        shown: what may be shown of its address: `slack://…`, `https://hooks.example.org/…`.
    """

    id: int
    project_id: int
    kind: ChannelKind
    name: str
    shown: str
    disabled: bool
    created: float


class Address(Struct, frozen=True):
    """Where a channel leads. Its text never says more than that there is one: it is a secret.

    Attributes:
        secret: what a webhook is signed with; empty for any other channel.
    """

    url: str
    secret: str = ""

    def __repr__(self) -> str:
        return "Address([filtered])"


class Trouble(Struct, frozen=True):
    """A lane on which notices wait because they were not taken.

    Attributes:
        lane: see `kaput.model.lane_of`.
        count: how many wait.
        since: when the oldest of them was made.
        error: the newest words of the other side.
        due: when it is tried again.
        attempts: of the one that was tried most often.
    """

    lane: str
    count: int
    since: float
    error: str
    due: float
    attempts: int


class Rules(Protocol):
    """When somebody is told. What rules count is written by `Batches.commit`."""

    def of_project(self, project_id: int) -> list[RuleRow]:
        """Returns the rules of a project in the order in which they were made, without those that were deleted."""

    def get(self, rule_id: int) -> RuleRow:
        """Returns one rule that is not deleted."""

    def history(self, rule: Rule, since: float, *, rich: bool) -> History:
        """Returns what a rule would have seen since a time; `rich`: with the whole of each event, of fewer events.

        Raises:
            ValueError: as for `add`.
        """

    def add(self, rule: Rule) -> RuleRow:
        """Makes a rule; its `id` says nothing.

        Raises:
            ValueError: something that no rule can have, or there are too many; fit to be shown.
        """

    def change(self, rule: Rule) -> RuleRow:
        """Changes the rule of this id; when it counts something else now, it begins to count anew.

        Raises:
            ValueError: as for `add`.
        """

    def delete(self, rule_id: int) -> None:
        """Deletes a rule; for a day it can be had back."""

    def restore(self, rule_id: int, project_id: int) -> RuleRow:
        """Brings a deleted rule of a project back; raises ValueError when there are too many by now."""


class Outbox(Protocol):
    """Notices that wait to be sent."""

    def release(self, now: float) -> bool:
        """Turns what rules held back in pauses that are over into held notices; answers whether there was any."""

    def newest(self) -> int:
        """Returns the id of the newest notice, 0 when there is none; costs next to nothing."""

    def open(self, lane: str = MAIL_LANE) -> list[NoticeRow]:
        """Returns all pending and held notices of a lane, oldest first."""

    def waiting(self, lane: str = MAIL_LANE) -> list[NoticeRow]:
        """Returns the pending notices of a lane, and one in place of all that are held back for each recipient.

        What stands for those of a recipient and project has the id and the time of the oldest, the most attempts, and
        is due with the last that was tried, else as the first: a look at the outbox costs the same in a storm.
        """

    def held(self, project_id: int, recipient: str) -> list[NoticeRow]:
        """Returns what is held back of a project for a recipient, oldest first."""

    def lanes(self) -> list[str]:
        """Returns the lanes of channels that have open notices, those with the fewest failed attempts first."""

    def sent_at_once(self, since: float) -> list[NoticeRow]:
        """Returns the notices that were sent by themselves, not in a digest, and were created after `since`."""

    def mailed(self, since: float) -> list[MailedRow]:
        """Returns what was taken by mail server and channels after a time, at most two hours ago."""

    def mark_held(self, ids: Sequence[int], now: float) -> None:
        """Holds notices back for a digest, from now."""

    def mark_sent(self, ids: Sequence[int], now: float, *, in_digest: bool) -> None:
        """Notes that the mail server, or the channel, took them."""

    def mark_retry(self, ids: Sequence[int], error: str, due: float) -> None:
        """Notes a failed attempt and when the next one is due."""

    def mark_failed(self, ids: Sequence[int], error: str) -> None:
        """Gives notices up; they count as failed."""

    def troubles(self) -> list[Trouble]:
        """Returns the lanes on which something waits to be tried again, that of the mails first."""

    def undelivered(self, limit: int, project_id: int | None = None) -> list[NoticeRow]:
        """Returns notices that were tried in vain or given up, newest first, of all projects or of one."""

    def last(self, recipients: Sequence[str]) -> dict[str, NoticeRow]:
        """Returns the newest notice of each recipient that has one."""

    def get(self, notice_id: int) -> NoticeRow:
        """Returns one notice."""

    def test(self, project_id: int, recipient: str) -> int:
        """Writes a notice that tries whether alerts arrive; returns its id.

        It is about the newest issue of the project, or about a made-up one when there is none.
        """

    def test_rule(self, rule: Rule, recipients: Sequence[str]) -> list[int]:
        """Writes such a notice for each recipient of a rule, all at one time; returns their ids."""

    def tested(self, rule_id: int) -> list[NoticeRow]:
        """Returns the notices of the newest test of a rule, in the order of its recipients."""

    def audience(self, project_id: int) -> Audience:
        """Returns who can be told about a project."""


class Channels(Protocol):
    """Ways out beside mail, and who wants no mail."""

    def all(self, project_id: int | None = None) -> list[ChannelRow]:
        """Returns the channels of a project, or of all, in the order of their names."""

    def get(self, channel_id: int) -> ChannelRow:
        """Returns one channel."""

    def address(self, channel_id: int) -> Address:
        """Returns where a channel leads; for the sender only."""

    def add(self, project_id: int, kind: ChannelKind, name: str, shown: str, address: Address) -> ChannelRow:
        """Makes a channel.

        Raises:
            Conflict: the project has one of this name.
            ValueError: the name will not do, or there are too many; fit to be shown.
        """

    def set_disabled(self, channel_id: int, *, disabled: bool) -> None:
        """Stops or resumes alerts on a channel; what waits for one that is stopped is given up."""

    def delete(self, channel_id: int) -> None:
        """Removes a channel; what waits for it is given up."""

    def unsubscribe(self, project_id: int, address: str) -> bool:
        """Sends no more mail of a project to an address, what waits included; False when it gets none already."""

    def resubscribe(self, project_id: int, address: str) -> None:
        """Sends mail of a project to an address again."""

    def unsubscribed(self, project_id: int) -> set[str]:
        """Returns the addresses that want no mail of a project, in lower case."""
