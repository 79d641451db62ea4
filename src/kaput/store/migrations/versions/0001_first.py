"""All tables of the first version.

Run by Alembic at the start of a version that has it; never changed once released.
"""

import sqlalchemy as sa
from alembic import op

from kaput.store.migrations.rules import create_counts, create_rules
from kaput.store.migrations.telling import create_channels, create_notices
from kaput.store.migrations.traces import create_traces

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _people() -> None:
    """Accounts and their logins."""
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )
    op.create_table(
        "ended_login",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_ended_login")),
        sqlite_with_rowid=False,
    )


def _projects() -> None:
    """Projects, their keys and members."""
    op.create_table(
        "project",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("digested", sa.Integer(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("grouping", sa.Text(), nullable=True),
        sa.Column("created", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("slug", name=op.f("uq_project_slug")),
    )
    op.create_table(
        "project_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("limit_events", sa.Integer(), nullable=False),
        sa.Column("limit_seconds", sa.Integer(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_key_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_key")),
        sa.UniqueConstraint("public", name=op.f("uq_project_key_public")),
    )
    with op.batch_alter_table("project_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_key_project_id"), ["project_id"], unique=False)
    op.create_table(
        "member",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_member_account_id_account")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_member_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", "account_id", name=op.f("pk_member")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fact",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_fact")),
        sqlite_with_rowid=False,
    )


def _issues() -> None:
    """Issues."""
    op.create_table(
        "issue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("culprit", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_since", sa.Float(), nullable=False),
        sa.Column("regressed", sa.Boolean(), nullable=False),
        sa.Column("regressed_in", sa.Text(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("resolved_release", sa.Text(), nullable=True),
        sa.Column("mute", sa.Text(), nullable=True),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=True),
        sa.Column("shared", sa.Text(), nullable=True),
        sa.Column("removed", sa.Text(), nullable=True),
        sa.Column("removed_at", sa.Float(), nullable=True),
        sa.Column("merged_into", sa.Integer(), nullable=True),
        sa.Column("loose", sa.LargeBinary(), nullable=True),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("grouped_by", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("users", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("kept_bytes", sa.Integer(), nullable=False),
        sa.Column("thinned", sa.Float(), nullable=True),
        sa.Column("first_seen", sa.Float(), nullable=False),
        sa.Column("last_seen", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["assignee_id"], ["account.id"], name=op.f("fk_issue_assignee_id_account")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_issue_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_issue_project_id_number")),
    )
    with op.batch_alter_table("issue", schema=None) as batch_op:
        batch_op.create_index("ix_issue_list", ["project_id", "status", "last_seen"], unique=False)
        batch_op.create_index("ix_issue_loose", ["project_id", "loose"], unique=False)
        batch_op.create_index("ix_issue_target", ["project_id", "target"], unique=False)
        batch_op.create_index("ix_issue_merged_into", ["merged_into"], unique=False)
        batch_op.create_index("ix_issue_removed_at", ["removed_at"], unique=False)


def _hashes() -> None:
    """What leads to an issue."""
    op.create_table(
        "issue_hash",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("origin_id", sa.Integer(), nullable=True),
        sa.Column("by_person", sa.Boolean(), nullable=True),
        sa.Column("grouped", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_hash_issue_id_issue")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_issue_hash_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", "hash", name=op.f("pk_issue_hash")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("issue_hash", schema=None) as batch_op:
        batch_op.create_index("ix_issue_hash_issue_id", ["issue_id"], unique=False)


def _counters() -> None:
    """Counts of each issue by hour, tag value and user."""
    op.create_table(
        "issue_hour",
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_hour_issue_id_issue")),
        sa.PrimaryKeyConstraint("issue_id", "hour", name=op.f("pk_issue_hour")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "issue_tag",
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_tag_issue_id_issue")),
        sa.PrimaryKeyConstraint("issue_id", "key", "value", name=op.f("pk_issue_tag")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "issue_user",
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_user_issue_id_issue")),
        sa.PrimaryKeyConstraint("issue_id", "user", name=op.f("pk_issue_user")),
        sqlite_with_rowid=False,
    )


def _events() -> None:
    """Events, and the dictionaries that they are compressed with."""
    op.create_table(
        "dictionary",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("ratio", sa.Float(), nullable=False),
        sa.Column("last_row", sa.Integer(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_dictionary_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dictionary")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("dictionary", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dictionary_project_id"), ["project_id"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.LargeBinary(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Float(), nullable=False),
        sa.Column("received", sa.Float(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("origin_id", sa.Integer(), nullable=True),
        sa.Column("dictionary_id", sa.Integer(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_event_issue_id_issue")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_event_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("event_id", "project_id", name=op.f("uq_event_event_id_project_id")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix_event_issue_id", ["issue_id", "id"], unique=False)


def _feedback() -> None:
    """What people said about events."""
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feedback_id", sa.LargeBinary(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.LargeBinary(), nullable=True),
        sa.Column("issue_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("comments", sa.Text(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_feedback_issue_id_issue")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_feedback_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("feedback_id", "project_id", name=op.f("uq_feedback_feedback_id_project_id")),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index("ix_feedback_event_id", ["event_id"], unique=False)
        batch_op.create_index("ix_feedback_issue_id", ["issue_id", "id"], unique=False)
        batch_op.create_index("ix_feedback_project_id", ["project_id", "id"], unique=False)


def _releases() -> None:
    """Releases and how their sessions went."""
    op.create_table(
        "release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.Float(), nullable=False),
        sa.Column("last_seen", sa.Float(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("new_issues", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_release_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("project_id", "version", name=op.f("uq_release_project_id_version")),
    )
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.create_index("ix_release_list", ["project_id", "id"], unique=False)
    op.create_table(
        "environment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_environment_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environment")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_environment_project_id_name")),
    )
    op.create_table(
        "session_hour",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("environment_id", sa.Integer(), nullable=False),
        sa.Column("started", sa.Integer(), nullable=False),
        sa.Column("errored", sa.Integer(), nullable=False),
        sa.Column("unhandled", sa.Integer(), nullable=False),
        sa.Column("abnormal", sa.Integer(), nullable=False),
        sa.Column("crashed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_session_hour_project_id_project")),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environment.id"], name=op.f("fk_session_hour_environment_id_environment")
        ),
        sa.PrimaryKeyConstraint("project_id", "hour", "release_id", "environment_id", name=op.f("pk_session_hour")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "unhealthy_session",
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("sid", sa.LargeBinary(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("environment_id", sa.Integer(), nullable=False),
        sa.Column("begun", sa.Boolean(), nullable=False),
        sa.Column("health", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "project_id", "sid", name=op.f("pk_unhealthy_session")),
        sqlite_with_rowid=False,
    )


def _attachments() -> None:
    """Files that came beside events; their contents are no part of the database."""
    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.LargeBinary(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_attachment_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("attachment_id", name=op.f("uq_attachment_attachment_id")),
    )
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.create_index("ix_attachment_event_id", ["event_id", "project_id"], unique=False)


def _monitors() -> None:
    """Jobs that run by the clock, and their runs."""
    op.create_table(
        "monitor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("failing", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("successes", sa.Integer(), nullable=False),
        sa.Column("last_run", sa.Float(), nullable=True),
        sa.Column("last_duration", sa.Float(), nullable=True),
        sa.Column("expected", sa.Float(), nullable=True),
        sa.Column("due", sa.Float(), nullable=True),
        sa.Column("created", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_monitor_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitor")),
        sa.UniqueConstraint("project_id", "slug", "environment", name=op.f("uq_monitor_project_id_slug_environment")),
    )
    with op.batch_alter_table("monitor", schema=None) as batch_op:
        batch_op.create_index("ix_monitor_due", ["due"], unique=False)
    op.create_table(
        "check_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("monitor_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started", sa.Float(), nullable=False),
        sa.Column("ended", sa.Float(), nullable=True),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["monitor_id"], ["monitor.id"], name=op.f("fk_check_in_monitor_id_monitor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in")),
        sa.UniqueConstraint("monitor_id", "run_id", name=op.f("uq_check_in_monitor_id_run_id")),
    )
    with op.batch_alter_table("check_in", schema=None) as batch_op:
        batch_op.create_index("ix_check_in_monitor_id", ["monitor_id", "id"], unique=False)


def _path() -> None:
    """What the worker keeps of the buffer: positions, dead records, drops."""
    op.create_table(
        "position",
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("offset", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("segment", name=op.f("pk_position")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dead",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received", sa.Float(), nullable=False),
        sa.Column("stored", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_dead")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notice_gone",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "state", name=op.f("pk_notice_gone")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dropped",
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "project_id", "reason", name=op.f("pk_dropped")),
        sqlite_with_rowid=False,
    )


def upgrade() -> None:
    """Applies the change."""
    _people()
    _projects()
    _issues()
    _hashes()
    create_traces()
    _counters()
    _events()
    create_rules()
    create_counts()
    _feedback()
    _releases()
    _attachments()
    _monitors()
    create_notices()
    create_channels()
    _path()
