"""The documents that webhooks get: about one issue, or about many at once. `docs/webhooks.md` describes them.

In: a notice with its issue and event, or a digest's list. Out: `Document`s of JSON. Pure. Imported by
`tell/routes.py`.

Fields are added and never changed: other people's programs read them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from kaput.model import Event
from kaput.store.base import IssueRow, NoticeRow
from kaput.tell.excerpt import excerpt, one_line
from kaput.tell.mail import NAME_LENGTH, Listed, link_of
from kaput.tell.webhook import Document

LENGTH = 500


class DocumentComposer:
    """Writes documents.

    Args:
        origin: what tells the ids of this installation from those of any other.
    """

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def notice(self, notice: NoticeRow, issue: IssueRow, event: Event, project: str, base: str) -> Document:
        """Writes about one change of one issue; arguments as for `mail.Composer.notice`."""
        shown = excerpt(issue, event)
        content = {
            "type": f"issue.{notice.kind.value}",
            "time": _iso(notice.created),
            "project": {"id": notice.project_id, "name": one_line(project, NAME_LENGTH)},
            "reason": notice.words or notice.kind.value,
            "issue": _issue(issue, base),
            "event": {
                "event_id": event.event_id,
                "timestamp": _iso(event.timestamp),
                "level": _text(event.level),
                "release": _text(event.release),
                "environment": _text(event.environment),
                "server_name": _text(event.server_name),
                "transaction": _text(event.transaction),
                "where": shown.where.place if shown.where else "",
                "causes": shown.causes,
                "tags": {_text(name): _text(value) for name, value in event.tags.items()},
            },
        }
        return Document(f"notice-{notice.id}.{self._origin}", msgspec.json.encode(content))

    def digest(
        self, notices: Sequence[NoticeRow], listed: Sequence[Listed], project: str, base: str, now: float
    ) -> Document:
        """Writes what was held back; arguments as for `mail.Composer.digest`."""
        first, last = notices[0], notices[-1]
        counts: dict[str, int] = {}
        for notice in notices:
            counts[notice.kind.value] = counts.get(notice.kind.value, 0) + notice.count
        content = {
            "type": "digest",
            "time": _iso(now),
            "project": {"id": first.project_id, "name": one_line(project, NAME_LENGTH)},
            "counts": counts,
            "first": _iso(first.created),
            "last": _iso(last.created),
            "issues": [_issue(entry.issue, base) | {"kind": entry.notice.kind.value} for entry in listed],
            "more": sum(notice.count for notice in notices) - sum(entry.notice.count for entry in listed),
        }
        name = f"digest-{first.id}-{last.id}-{len(notices)}.{self._origin}"
        return Document(name, msgspec.json.encode(content))


def _issue(issue: IssueRow, base: str) -> dict[str, Any]:
    texts = ("short_id", "project", "title", "type", "value", "culprit", "level", "platform")
    return {name: _text(getattr(issue, name)) for name in texts} | {
        "id": issue.id,
        "count": issue.count,
        "users": issue.users,
        "status": issue.status.value,
        "first_seen": _iso(issue.first_seen),
        "last_seen": _iso(issue.last_seen),
        "link": link_of(base, issue),
    }


def _text(text: str) -> str:
    """Returns a text that is bounded, clean and in one line."""
    return one_line(text, LENGTH)


def _iso(time: float) -> str | None:
    try:
        return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, OSError, ValueError):
        return None
