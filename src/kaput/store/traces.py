"""The tables of what people did to issues: the activity, what can be taken back, and what is on its way.

In: nothing. Out: tables. Imported through `kaput.store.schema`.
"""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text

from kaput.store.metadata import metadata

# Events that are on their way from one issue to another.
move = Table(
    "move",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source_id", ForeignKey("issue.id"), nullable=False),
    Column("target_id", ForeignKey("issue.id"), nullable=False),
    # Only those that came with hashes of this issue; NULL for all.
    Column("origin_id", Integer),
    Column("row", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("time", Float, nullable=False),
)

# Projects whose stored events are grouped again; up to `row` they are, up to `last_row` they shall be.
regroup = Table(
    "regroup",
    metadata,
    Column("project_id", ForeignKey("project.id"), primary_key=True),
    Column("row", Integer, nullable=False),
    Column("last_row", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("time", Float, nullable=False),
)

bookmark = Table(
    "bookmark",
    metadata,
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("issue_id", ForeignKey("issue.id"), nullable=False),
    Column("time", Float, nullable=False),
    PrimaryKeyConstraint("account_id", "issue_id"),
    sqlite_with_rowid=False,
)

# Searches that a person keeps under a name.
saved_search = Table(
    "saved_search",
    metadata,
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("time", Float, nullable=False),
    PrimaryKeyConstraint("account_id", "name"),
    sqlite_with_rowid=False,
)

# When the events of issues came that are muted until there are so many in a window.
mute_event = Table(
    "mute_event",
    metadata,
    Column("issue_id", ForeignKey("issue.id"), nullable=False),
    Column("time", Float, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("issue_id", "time"),
    sqlite_with_rowid=False,
)

# What a decision changed, so that it can be taken back.
undo = Table(
    "undo",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("account.id")),
    Column("time", Float, nullable=False),
    Column("kind", Text, nullable=False),
    Column("content", Text, nullable=False),
    Index("ix_undo_time", "time"),
    # An id is never given again: an old page must not take back what it did not do.
    sqlite_autoincrement=True,
)

activity = Table(
    "activity",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("issue_id", ForeignKey("issue.id"), nullable=False, index=True),
    Column("account_id", ForeignKey("account.id")),
    Column("kind", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("time", Float, nullable=False),
)
