"""The tables of the first migration that say when somebody is told, and what rules counted.

In: an open migration. Out: tables. `versions/0001_first.py` imports it.
"""

import sqlalchemy as sa
from alembic import op


def create_rules() -> None:
    """Rules of projects."""
    op.create_table(
        "rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("deleted", sa.Float(), nullable=True),
        sa.Column("fired", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_rule_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("rule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rule_project_id"), ["project_id"], unique=False)


def create_counts() -> None:
    """What rules count, where they rest, and what went out."""
    op.create_table(
        "rule_window",
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id", "issue_id", name=op.f("pk_rule_window")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rule_pause",
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("drafts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id", "issue_id", name=op.f("pk_rule_pause")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("rule_pause", schema=None) as batch_op:
        batch_op.create_index("ix_rule_pause_held", ["until"], unique=False, sqlite_where=sa.text("held > 0"))
    op.create_table(
        "mailed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.Column("in_digest", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailed")),
    )
    with op.batch_alter_table("mailed", schema=None) as batch_op:
        batch_op.create_index("ix_mailed_time", ["time"], unique=False)
