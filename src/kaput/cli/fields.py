"""The JSON that scripts read: the fields of an issue, an event, a key and so on, exactly as they are documented.

In: rows of the store. Out: plain dictionaries with times as ISO 8601 text in UTC. Pure; for the commands of this
package. Names and meanings are an interface: fields may be added, never renamed or removed.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from kaput.model import Event, SessionCounts
from kaput.store.base import (
    ActivityRow,
    AttachmentRow,
    ChannelRow,
    DeadRow,
    EventRow,
    FeedbackRow,
    IssueRow,
    KeyRow,
    MonitorRow,
    NoticeRow,
    ProjectRow,
    ReleaseRow,
    Status,
    TagCount,
)


def iso(seconds: float) -> str:
    """Returns a time as `2026-11-22T14:48:53.250000Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def issue_fields(row: IssueRow) -> dict[str, Any]:
    """Returns what `kaput issues --json` shows of an issue."""
    return {
        "id": row.id,
        "short_id": row.short_id,
        "project": row.project,
        "title": row.title,
        "type": row.type,
        "value": row.value,
        "culprit": row.culprit,
        "status": row.status.value,
        "level": row.level,
        "count": row.count,
        "users": row.users,
        "first_seen": iso(row.first_seen),
        "last_seen": iso(row.last_seen),
    }


def event_fields(row: EventRow) -> dict[str, Any]:
    """Returns what `kaput export` shows of an event beside its payload."""
    return {
        "event_id": row.event_id,
        "issue_id": row.issue_id,
        "project": row.project,
        "timestamp": iso(row.timestamp),
        "received": iso(row.received),
        "level": row.level,
        "release": row.release,
        "environment": row.environment,
    }


def payload_fields(
    event: Event, files: Sequence[AttachmentRow], said: Sequence[tuple[FeedbackRow, Sequence[AttachmentRow]]]
) -> dict[str, Any]:
    """Returns what `kaput event --json` shows: the payload, and what came beside the event."""
    payload: dict[str, Any] = msgspec.to_builtins(event)
    return payload | {
        "attachments": [attachment_fields(row) for row in files],
        "feedback": [feedback_fields(row, attached) for row, attached in said],
    }


def attachment_fields(row: AttachmentRow) -> dict[str, Any]:
    """Returns what is shown of an attachment; `file` is its place in the data directory."""
    return {
        "id": row.attachment_id,
        "name": row.name,
        "content_type": row.content_type,
        "type": row.kind,
        "size": row.size,
        "received": iso(row.received),
        "file": None if row.missing else f"files/{row.attachment_id}",
    }


def feedback_fields(row: FeedbackRow, files: Sequence[AttachmentRow]) -> dict[str, Any]:
    """Returns what is shown of feedback."""
    return {
        "id": row.feedback_id,
        "name": row.name,
        "email": row.email,
        "comments": row.comments,
        "url": row.url,
        "created": iso(row.created),
        "attachments": [attachment_fields(file) for file in files],
    }


def issue_details(row: IssueRow, tags: dict[str, list[TagCount]], activity: list[ActivityRow]) -> dict[str, Any]:
    """Returns what `kaput issue --json` shows beside the newest event."""
    return issue_fields(row) | {
        "assignee": row.assignee,
        "priority": row.priority.name.lower(),
        "regressed": row.regressed,
        "regressed_in": row.regressed_in,
        "resolution": _resolution(row) if row.status is Status.RESOLVED else None,
        "mute": msgspec.to_builtins(row.mute) if row.status is Status.MUTED else None,
        "release": row.release,
        "environment": row.environment,
        "platform": row.platform,
        "grouped_by": row.grouped_by,
        "kept": row.kept,
        "thinned": None if row.thinned is None else iso(row.thinned),
        "tags": {key: [{"value": tag.value, "count": tag.count} for tag in counts] for key, counts in tags.items()},
        "activity": [
            {"kind": done.kind, "who": done.who, "detail": done.detail, "time": iso(done.time)} for done in activity
        ],
    }


def _resolution(row: IssueRow) -> dict[str, str]:
    return {"how": row.resolution.value, "release": row.resolved_release}


def channel_fields(row: ChannelRow, last: NoticeRow | None) -> dict[str, Any]:
    """Returns what `kaput project channel list --json` shows of a channel; `last` is its newest notice."""
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind.value,
        "address": row.shown,
        "disabled": row.disabled,
        "created": iso(row.created),
        "last": last and {"time": iso(last.created), "state": last.state, "error": last.error},
    }


def release_fields(row: ReleaseRow, project: str, day: SessionCounts, week: SessionCounts) -> dict[str, Any]:
    """Returns what `kaput releases --json` shows of a release; `day` and `week` are its sessions of the last ones."""
    return {
        "release": row.version,
        "project": project,
        "first_seen": iso(row.first_seen),
        "events": row.events,
        "new_issues": row.new_issues,
        "last_24_hours": session_fields(day),
        "last_7_days": session_fields(week),
    }


def session_fields(counts: SessionCounts) -> dict[str, Any]:
    """Returns numbers of sessions; `crash_free` is a percentage rounded down, null without sessions."""
    return {
        "sessions": counts.total,
        "errored": counts.errored,
        "unhandled": counts.unhandled,
        "abnormal": counts.abnormal,
        "crashed": counts.crashed,
        "crash_free": counts.crash_free,
    }


def monitor_fields(row: MonitorRow) -> dict[str, Any]:
    """Returns what `kaput monitors --json` shows of a monitor."""
    monitor, config = row.monitor, row.monitor.config
    return {
        "id": monitor.id,
        "monitor": monitor.slug,
        "project": row.project,
        "environment": monitor.environment,
        "state": row.state.replace(" ", "_"),
        "paused": monitor.paused,
        "failing": monitor.failing,
        "issue": row.short_id or None,
        "schedule": {"type": config.type, "value": config.value, "unit": config.unit, "timezone": config.timezone},
        "schedule_in_words": monitor.schedule,
        "problem": monitor.problem,
        "last_run": None if monitor.last_run is None else iso(monitor.last_run),
        "last_duration": monitor.last_duration,
        "next_run": None if monitor.expected is None else iso(monitor.expected),
    }


def project_fields(row: ProjectRow) -> dict[str, Any]:
    """Returns what `kaput project list --json` shows of a project."""
    return {
        "id": row.id,
        "project": row.slug,
        "name": row.name,
        "internal": row.internal,
        "created": iso(row.created),
    }


def key_fields(row: KeyRow, dsn: str) -> dict[str, Any]:
    """Returns what `kaput project key list --json` shows of a key."""
    return {
        "id": row.id,
        "key": row.public,
        "label": row.label,
        "disabled": row.disabled,
        "limit": {"events": row.limit_events, "seconds": row.limit_seconds} if row.limit_events else None,
        "created": iso(row.created),
        "dsn": dsn,
    }


def dead_fields(row: DeadRow, project: str) -> dict[str, Any]:
    """Returns what `kaput dead list --json` shows of a record."""
    return {
        "name": row.dead.name,
        "event_id": row.dead.event_id,
        "project": project,
        "received": iso(row.dead.received),
        "stored": iso(row.stored),
        "reason": row.dead.reason,
    }
