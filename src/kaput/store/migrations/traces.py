"""Makes the tables of what people did to issues, for the first migration.

In: nothing. Out: tables. `versions/0001_first.py` imports it.
"""

import sqlalchemy as sa
from alembic import op


def create_traces() -> None:
    """Makes the tables."""
    _marks()
    _notes()


def _marks() -> None:
    op.create_table(
        "move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("origin_id", sa.Integer(), nullable=True),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["issue.id"], name=op.f("fk_move_source_id_issue")),
        sa.ForeignKeyConstraint(["target_id"], ["issue.id"], name=op.f("fk_move_target_id_issue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move")),
    )
    op.create_table(
        "regroup",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("last_row", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_regroup_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_regroup")),
    )
    op.create_table(
        "bookmark",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_bookmark_account_id_account")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_bookmark_issue_id_issue")),
        sa.PrimaryKeyConstraint("account_id", "issue_id", name=op.f("pk_bookmark")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "saved_search",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_saved_search_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_saved_search")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mute_event",
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_mute_event_issue_id_issue")),
        sa.PrimaryKeyConstraint("issue_id", "time", name=op.f("pk_mute_event")),
        sqlite_with_rowid=False,
    )


def _notes() -> None:
    op.create_table(
        "undo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("time", sa.Float(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_undo_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("undo", schema=None) as batch_op:
        batch_op.create_index("ix_undo_time", ["time"], unique=False)
    op.create_table(
        "activity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_activity_account_id_account")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_activity_issue_id_issue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_activity_issue_id"), ["issue_id"], unique=False)
