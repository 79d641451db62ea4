"""The tables of the first migration that say who is told of what.

In: an open migration. Out: tables. `versions/0001_first.py` imports it.
"""

import sqlalchemy as sa
from alembic import op


def create_notices() -> None:
    """The outbox."""
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=True),
        sa.Column("event_row", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("in_digest", sa.Boolean(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("due", sa.Float(), nullable=False),
        sa.Column("sent", sa.Float(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_notice_issue_id_issue")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_notice_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_issue_id", ["issue_id", "recipient"], unique=False)
        batch_op.create_index("ix_notice_recipient", ["recipient", "id"], unique=False)
        batch_op.create_index("ix_notice_state", ["state", "created"], unique=False)


def create_channels() -> None:
    """Ways out beside mail, and who wants no mail of a project."""
    op.create_table(
        "channel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_channel_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_channel_project_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "unsubscribed",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_unsubscribed_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", "address", name=op.f("pk_unsubscribed")),
        sqlite_with_rowid=False,
    )
