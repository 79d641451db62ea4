"""What the rules ask of the store while they judge a batch, and what comes of it.

In: the batch's transaction. Out: answers (`kaput.model.Situation`); then the verdict as rows, in that transaction.
`store/batches.py` imports what judges, `store/outbox.py` what tells of pauses that are over.

Nothing is remembered between two batches: what a rule counted for an issue is one row, read by its key in 5 us and
written with the others. So there is nothing to rebuild after a kill, and a rule that is changed counts anew at once.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from kaput.model import Audience, Case, Draft, IssueState, Rule, Verdict, channel_recipient
from kaput.store.base import Status
from kaput.store.channels import channels_of, unsubscribed_of
from kaput.store.definition import read
from kaput.store.notices import write_notices
from kaput.store.projects import members_of

_RULES = (
    "SELECT id, project_id, name, definition FROM rule WHERE project_id = ? AND enabled AND deleted IS NULL ORDER BY id"
)
_WINDOW = "SELECT content FROM rule_window WHERE rule_id = ? AND issue_id = ?"
_PAUSE = "SELECT until FROM rule_pause WHERE rule_id = ? AND issue_id = ?"
_ISSUE = (
    "SELECT status, first_seen, count, coalesce(email, '') FROM issue"
    " LEFT JOIN account ON account.id = assignee_id WHERE issue.id = ?"
)
_WRITE_WINDOW = (
    "INSERT INTO rule_window (rule_id, issue_id, until, content) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (rule_id, issue_id) DO UPDATE SET until = excluded.until, content = excluded.content"
)
_WRITE_PAUSE = (
    "INSERT INTO rule_pause (rule_id, issue_id, until, held, since, drafts) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (rule_id, issue_id) DO UPDATE SET until = excluded.until, held = held + excluded.held,"
    " since = iif(held, since, excluded.since), drafts = iif(held, drafts, excluded.drafts)"
)
_FIRED = "UPDATE rule SET fired = ? WHERE id = ?"
_HELD = "SELECT rule_id, issue_id, held, since, drafts FROM rule_pause WHERE held > 0 AND until <= ? LIMIT ?"
_HELD_OF = "SELECT rule_id, issue_id, held, since, drafts FROM rule_pause WHERE rule_id = ? AND issue_id = ? AND held"
_TOLD = "UPDATE rule_pause SET held = 0, drafts = '' WHERE rule_id = ? AND issue_id = ?"

_drafts = msgspec.json.Decoder(list[Draft])


class SqlSituation:
    """Implements `kaput.model.Situation` for one batch.

    Args:
        connection: of the batch's transaction, in which its events and issues are written already.
        now: seconds since the epoch.
    """

    def __init__(self, connection: Connection, now: float) -> None:
        self._connection = connection
        self._issues: dict[int, IssueState] = {}
        self._paused: dict[Case, float] = {}
        self.now = now

    def rules(self, project_id: int) -> Sequence[Rule]:
        """See `kaput.model.Situation.rules`."""
        rows = self._connection.exec_driver_sql(_RULES, (project_id,))
        return [read(*row, enabled=True) for row in rows]

    def window(self, case: Case) -> bytes:
        """See `kaput.model.Situation.window`."""
        row = self._one(_WINDOW, case)
        return row[0] if row else b""

    def paused_until(self, case: Case) -> float:
        """See `kaput.model.Situation.paused_until`."""
        row = self._one(_PAUSE, case)
        self._paused[case] = row[0] if row else 0.0
        return self._paused[case]

    def issue(self, issue_id: int) -> IssueState:
        """See `kaput.model.Situation.issue`."""
        found = self._issues.get(issue_id)
        if found is None:
            status, *rest = self._one(_ISSUE, (issue_id,)) or (Status.MUTED.value, 0.0, 0, "")
            found = self._issues[issue_id] = IssueState(status == Status.UNRESOLVED.value, *rest)
        return found

    def audience(self, project_id: int) -> Audience:
        """See `kaput.model.Situation.audience`."""
        return audience_of(self._connection, project_id)

    def write(self, verdict: Verdict) -> None:
        """Writes what the rules said of the batch."""
        connection = self._connection
        if verdict.windows:
            windows = [(*case, kept.until, kept.content) for case, kept in verdict.windows.items()]
            connection.exec_driver_sql(_WRITE_WINDOW, windows)
        if verdict.pauses:
            self._write_pauses(verdict)
        fired = {draft.change.rule_id for draft in verdict.drafts}
        if fired:
            connection.exec_driver_sql(_FIRED, [(self.now, rule_id) for rule_id in fired])
        write_notices(connection, verdict.drafts)

    def _write_pauses(self, verdict: Verdict) -> None:
        for case, pause in verdict.pauses.items():
            if self._paused.get(case) not in {pause.until, 0.0}:  # the one before is over
                tell_held(self._connection, self._connection.exec_driver_sql(_HELD_OF, case).all())
        rows = []
        for case, pause in verdict.pauses.items():
            text = msgspec.json.encode(pause.drafts).decode() if pause.drafts else ""
            rows.append((*case, pause.until, pause.held, self.now, text))
        self._connection.exec_driver_sql(_WRITE_PAUSE, rows)

    def _one(self, query: str, key: tuple[int, ...]) -> Any:
        """Asks the driver itself: SQLAlchemy takes several times as long for one row."""
        cursor = self._connection.connection.cursor()
        try:
            return cursor.execute(query, key).fetchone()
        finally:
            cursor.close()


def audience_of(connection: Connection, project_id: int) -> Audience:
    """Returns who can be told about a project, within an open transaction."""
    channels = {channel_id: channel_recipient(channel_id) for channel_id in channels_of(connection, project_id)}
    members = [account.email for account in members_of(connection, project_id)]
    return Audience(members, channels, frozenset(unsubscribed_of(connection, project_id)))


def pauses_over(connection: Connection, now: float, most: int) -> Sequence[Any]:
    """Returns pauses that are over, and in which something was held back."""
    return connection.exec_driver_sql(_HELD, (now, most)).all()


def tell_held(connection: Connection, rows: Sequence[Any]) -> None:
    """Writes what was held back in some pauses into the outbox, for the next digest of each recipient."""
    for rule_id, issue_id, held, since, drafts in rows:
        write_notices(connection, _drafts.decode(drafts or "[]"), count=held, held_since=since)
        connection.exec_driver_sql(_TOLD, (rule_id, issue_id))
