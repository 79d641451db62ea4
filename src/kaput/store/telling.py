"""The tables of telling: rules and what they count, channels, notices, and who wants none.

In: nothing. Out: tables. Imported through `kaput.store.schema`.
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
    text,
)

from kaput.store.metadata import metadata

channel = Table(
    "channel",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    # What a person may see of the address; the address itself is for the sender only.
    Column("shown", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created", Float, nullable=False),
    UniqueConstraint("project_id", "name"),
    # Else the id of one that is deleted would be that of the next, and what waits for the one would go to the other.
    sqlite_autoincrement=True,
)

unsubscribed = Table(
    "unsubscribed",
    metadata,
    Column("project_id", ForeignKey("project.id"), nullable=False),
    Column("address", Text, nullable=False),
    Column("time", Float, nullable=False),
    PrimaryKeyConstraint("project_id", "address"),
    sqlite_with_rowid=False,
)

rule = Table(
    "rule",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("project.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("definition", Text, nullable=False),
    Column("created", Float, nullable=False),
    # A rule can be had back for a day.
    Column("deleted", Float),
    Column("fired", Float),
    # Else the id of one that is gone would be that of the next, with what the one had counted.
    sqlite_autoincrement=True,
)

# What rules count, and where they rest: of a rule and an issue, or 0 for the whole project. No references: each batch
# writes them, and what is left of an issue or a rule that is gone is removed with what is over.
rule_window = Table(
    "rule_window",
    metadata,
    Column("rule_id", Integer, nullable=False),
    Column("issue_id", Integer, nullable=False),
    Column("until", Float, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("rule_id", "issue_id"),
    sqlite_with_rowid=False,
)

rule_pause = Table(
    "rule_pause",
    metadata,
    Column("rule_id", Integer, nullable=False),
    Column("issue_id", Integer, nullable=False),
    Column("until", Float, nullable=False),
    # How often the rule would have fired meanwhile, since when, and the notices that tell it, as JSON.
    Column("held", Integer, nullable=False),
    Column("since", Float, nullable=False),
    Column("drafts", Text, nullable=False),
    PrimaryKeyConstraint("rule_id", "issue_id"),
    Index("ix_rule_pause_held", "until", sqlite_where=text("held > 0")),
    sqlite_with_rowid=False,
)

# What went out to whom, for the budget of each.
mailed = Table(
    "mailed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", Integer, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("time", Float, nullable=False),
    Column("in_digest", Boolean, nullable=False),
    Index("ix_mailed_time", "time"),
)

notice = Table(
    "notice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("project_id", ForeignKey("project.id"), nullable=False),
    # None for a test in a project that has no issue yet.
    Column("issue_id", ForeignKey("issue.id")),
    Column("event_row", Integer, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("in_digest", Boolean, nullable=False),
    Column("created", Float, nullable=False),
    Column("due", Float, nullable=False),
    Column("sent", Float),
    Column("attempts", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("error", Text, nullable=False),
    # What a person wrote, when that is what is told.
    Column("note", Text),
    # No reference: what was told outlives the rule.
    Column("rule_id", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Index("ix_notice_state", "state", "created"),
    Index("ix_notice_issue_id", "issue_id", "recipient"),
    Index("ix_notice_recipient", "recipient", "id"),
)

notice_gone = Table(
    "notice_gone",
    metadata,
    Column("project_id", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("project_id", "state"),
    sqlite_with_rowid=False,
)
