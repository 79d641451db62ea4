"""The tables. Imported by this stage's files and by the migrations' test, which holds both against each other.

Times are seconds since the epoch. An hour is the number of whole hours since the epoch. Event ids and hashes are
16 bytes.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from kaput.store.metadata import metadata
from kaput.store.telling import channel, mailed, notice, notice_gone, rule, rule_pause, rule_window, unsubscribed
from kaput.store.traces import activity, bookmark, move, mute_event, regroup, saved_search, undo

__all__ = [
    "activity",
    "bookmark",
    "channel",
    "mailed",
    "metadata",
    "move",
    "mute_event",
    "notice",
    "notice_gone",
    "regroup",
    "rule",
    "rule_pause",
    "rule_window",
    "saved_search",
    "undo",
    "unsubscribed",
]

fact = Table(
    "fact",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

project = Table(
    "project",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("internal", Boolean, nullable=False),
    Column("last_number", Integer, nullable=False),
    Column("digested", Integer, nullable=False),
    Column("sessions", Integer, nullable=False),
    Column("filters", Text, nullable=False),
    # Its rules of grouping, as they were typed.
    Column("grouping", Text),
    Column("created", Float, nullable=False),
)

project_key = Table(
    "project_key",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("project.id"), nullable=False, index=True),
    Column("public", Text, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("limit_events", Integer, nullable=False),
    Column("limit_seconds", Integer, nullable=False),
    Column("created", Float, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("password", Text, nullable=False),
    Column("admin", Boolean, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("created", Float, nullable=False),
)

# Logins that a person ended; a cookie that somebody copied would be good until `until` otherwise.
ended_login = Table(
    "ended_login",
    metadata,
    Column("login", Text, primary_key=True),
    Column("until", Float, nullable=False),
    sqlite_with_rowid=False,
)

member = Table(
    "member",
    metadata,
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    PrimaryKeyConstraint("project_id", "account_id"),
    sqlite_with_rowid=False,
)

issue = Table(
    "issue",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("culprit", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_since", Float, nullable=False),
    Column("regressed", Boolean, nullable=False),
    Column("regressed_in", Text),
    # How a person decided: in which release it is resolved, or until when it is muted (`store.base.Mute` as JSON).
    Column("resolution", Text),
    Column("resolved_release", Text),
    Column("mute", Text),
    Column("assignee_id", ForeignKey("account.id")),
    Column("priority", Integer),
    # What its link must name, while it is shared.
    Column("shared", Text),
    # Why it is hidden: merged into another one, deleted, ignored; and since when what hangs on it may go.
    Column("removed", Text),
    Column("removed_at", Float),
    Column("merged_into", Integer),
    # What it has in common with issues that may be the same.
    Column("loose", LargeBinary),
    # The host and port that could not be reached, for errors of connections.
    Column("target", Text),
    Column("level", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("grouped_by", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("users", Integer, nullable=False),
    # Of `count`, the events that are stored now, the bytes of their payloads, and since when some are not.
    Column("kept", Integer, nullable=False),
    Column("kept_bytes", Integer, nullable=False),
    Column("thinned", Float),
    Column("first_seen", Float, nullable=False),
    Column("last_seen", Float, nullable=False),
    UniqueConstraint("project_id", "number"),
    Index("ix_issue_list", "project_id", "status", "last_seen"),
    Index("ix_issue_loose", "project_id", "loose"),
    Index("ix_issue_target", "project_id", "target"),
    Index("ix_issue_merged_into", "merged_into"),
    Index("ix_issue_removed_at", "removed_at"),
)

issue_hash = Table(
    "issue_hash",
    metadata,
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("issue_id", ForeignKey("issue.id"), nullable=False),
    Column("version", Text, nullable=False),
    # The issue that was merged and brought the hash; a person put it where it is, and nothing else moves it.
    Column("origin_id", Integer),
    Column("by_person", Boolean),
    # When stored events were last grouped again and one of them had it.
    Column("grouped", Float),
    PrimaryKeyConstraint("project_id", "hash"),
    Index("ix_issue_hash_issue_id", "issue_id"),
    sqlite_with_rowid=False,
)

dictionary = Table(
    "dictionary",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("project.id"), nullable=False, index=True),
    Column("content", LargeBinary, nullable=False),
    Column("ratio", Float, nullable=False),
    Column("last_row", Integer, nullable=False),
    Column("created", Float, nullable=False),
    sqlite_autoincrement=True,
)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event_id", LargeBinary, nullable=False),
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("issue_id", ForeignKey("issue.id"), nullable=False),
    Column("timestamp", Float, nullable=False),
    Column("received", Float, nullable=False),
    Column("level", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("environment", Text, nullable=False),
    # The merged issue whose hash brought it; NULL for the issue's own.
    Column("origin_id", Integer),
    # Which dictionary the payload is compressed with, if any. No reference: it would want an index to hold.
    Column("dictionary_id", Integer),
    Column("payload", LargeBinary, nullable=False),
    UniqueConstraint("event_id", "project_id"),
    Index("ix_event_issue_id", "issue_id", "id"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("feedback_id", LargeBinary, nullable=False),
    Column("project_id", ForeignKey("project.id"), nullable=False),
    # No reference: the event may come later, and go sooner.
    Column("event_id", LargeBinary),
    Column("issue_id", ForeignKey("issue.id")),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("comments", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("url", Text, nullable=False),
    UniqueConstraint("feedback_id", "project_id"),
    Index("ix_feedback_event_id", "event_id"),
    Index("ix_feedback_issue_id", "issue_id", "id"),
    Index("ix_feedback_project_id", "project_id", "id"),
)

attachment = Table(
    "attachment",
    metadata,
    Column("id", Integer, primary_key=True),
    # The name of its file too.
    Column("attachment_id", LargeBinary, nullable=False, unique=True),
    Column("project_id", ForeignKey("project.id"), nullable=False),
    # No reference: the event, or the feedback, may come later.
    Column("event_id", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("received", Float, nullable=False),
    Index("ix_attachment_event_id", "event_id", "project_id"),
)

monitor = Table(
    "monitor",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("slug", Text, nullable=False),
    Column("environment", Text, nullable=False),
    # The hash of its issue, which may not be there yet.
    Column("hash", LargeBinary, nullable=False),
    Column("config", Text, nullable=False),
    Column("schedule", Text, nullable=False),
    Column("problem", Text, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("failing", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("successes", Integer, nullable=False),
    Column("last_run", Float),
    Column("last_duration", Float),
    Column("expected", Float),
    Column("due", Float),
    Column("created", Float, nullable=False),
    UniqueConstraint("project_id", "slug", "environment"),
    Index("ix_monitor_due", "due"),
)

check_in = Table(
    "check_in",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("monitor_id", ForeignKey("monitor.id"), nullable=False),
    Column("run_id", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    Column("started", Float, nullable=False),
    Column("ended", Float),
    Column("duration", Float),
    Column("release", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    UniqueConstraint("monitor_id", "run_id"),
    Index("ix_check_in_monitor_id", "monitor_id", "id"),
)

issue_hour = Table(
    "issue_hour",
    metadata,
    Column("issue_id", ForeignKey("issue.id"), nullable=False),
    Column("hour", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("issue_id", "hour"),
    sqlite_with_rowid=False,
)

issue_tag = Table(
    "issue_tag",
    metadata,
    Column("issue_id", ForeignKey("issue.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("issue_id", "key", "value"),
    sqlite_with_rowid=False,
)

issue_user = Table(
    "issue_user",
    metadata,
    Column("issue_id", ForeignKey("issue.id"), nullable=False),
    Column("user", Text, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("issue_id", "user"),
    sqlite_with_rowid=False,
)

release = Table(
    "release",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("version", Text, nullable=False),
    Column("first_seen", Float, nullable=False),
    Column("last_seen", Float, nullable=False),
    Column("events", Integer, nullable=False),
    Column("new_issues", Integer, nullable=False),
    UniqueConstraint("project_id", "version"),
    Index("ix_release_list", "project_id", "id"),
)

environment = Table(
    "environment",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("project_id", "name"),
)

session_hour = Table(
    "session_hour",
    metadata,
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("hour", Integer, nullable=False),
    # No reference: it would have every count looked at when a release goes, which outlives its counts.
    Column("release_id", Integer, nullable=False),
    Column("environment_id", ForeignKey("environment.id"), nullable=False),
    Column("started", Integer, nullable=False),
    Column("errored", Integer, nullable=False),
    Column("unhandled", Integer, nullable=False),
    Column("abnormal", Integer, nullable=False),
    Column("crashed", Integer, nullable=False),
    PrimaryKeyConstraint("project_id", "hour", "release_id", "environment_id"),
    sqlite_with_rowid=False,
)

# The sessions that are not healthy and may be told of again; a healthy one is a number in session_hour and no more.
unhealthy_session = Table(
    "unhealthy_session",
    metadata,
    Column("hour", Integer, nullable=False),
    Column("project_id", Integer, nullable=False),
    Column("sid", LargeBinary, nullable=False),
    Column("release_id", Integer, nullable=False),
    Column("environment_id", Integer, nullable=False),
    Column("begun", Boolean, nullable=False),
    Column("health", Integer, nullable=False),
    PrimaryKeyConstraint("hour", "project_id", "sid"),
    sqlite_with_rowid=False,
)

dropped = Table(
    "dropped",
    metadata,
    Column("hour", Integer, nullable=False),
    Column("project_id", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("hour", "project_id", "reason"),
    sqlite_with_rowid=False,
)

dead = Table(
    "dead",
    metadata,
    Column("name", Text, primary_key=True),
    Column("project_id", Integer, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("received", Float, nullable=False),
    Column("stored", Float, nullable=False),
    sqlite_with_rowid=False,
)

position = Table(
    "position",
    metadata,
    Column("segment", Text, primary_key=True),
    Column("offset", Integer, nullable=False),
    sqlite_with_rowid=False,
)
