"""The seam of the store: what the stages may ask of it, whatever database is behind it.

In: batches from the worker, decisions of people, the outbox's marks. Out: rows as frozen structs.
`digest/worker.py`, `tell/` and `view/` import this file and no other of this stage; `app.py`, `serve.py` and `cli/`
open the store behind it (`store/database.py`).

Each method is one transaction. Times are seconds since the epoch. Methods that look something up by id raise
`kaput.errors.NotFound` when it is not there.
"""

from kaput.store.base.decisions import Decided, Decision, Mute, Reopen, Resolution, Resolve
from kaput.store.base.questions import IssueFilter, IssuePage, Limits, Pages, Swept, Tallies
from kaput.store.base.rows import (
    AccountRow,
    ActivityRow,
    AttachmentRow,
    DeadRow,
    EventRow,
    FeedbackRow,
    IssueRow,
    KeyRow,
    MonitorRow,
    Neighbours,
    NoticeRow,
    ProjectRow,
    ReleaseRow,
    Status,
    StoredEvent,
    TagCount,
)
from kaput.store.base.seam import (
    Accounts,
    Attachments,
    Batches,
    Decisions,
    Dictionaries,
    Events,
    Facts,
    Feedbacks,
    Issues,
    Monitors,
    Outbox,
    Projects,
    Releases,
    Retention,
    Store,
)

__all__ = [
    "AccountRow",
    "Accounts",
    "ActivityRow",
    "AttachmentRow",
    "Attachments",
    "Batches",
    "DeadRow",
    "Decided",
    "Decision",
    "Decisions",
    "Dictionaries",
    "EventRow",
    "Events",
    "Facts",
    "FeedbackRow",
    "Feedbacks",
    "IssueFilter",
    "IssuePage",
    "IssueRow",
    "Issues",
    "KeyRow",
    "Limits",
    "MonitorRow",
    "Monitors",
    "Mute",
    "Neighbours",
    "NoticeRow",
    "Outbox",
    "Pages",
    "ProjectRow",
    "Projects",
    "ReleaseRow",
    "Releases",
    "Reopen",
    "Resolution",
    "Resolve",
    "Retention",
    "Status",
    "Store",
    "StoredEvent",
    "Swept",
    "TagCount",
    "Tallies",
]
