"""What travels between the stages: the record, the event, the issue's change, the notice.

In: nothing. Out: frozen msgspec structs and the types of the functions that the roots hand into a stage.
Anyone may import it; it imports no stage.

Times are seconds since the epoch, UTC, as floats.
"""

from kaput.model.batch import Aside, Attachment, Batch, Dead, Digested, Feedback, Grouping, Healed, Position, Title
from kaput.model.channel import MAIL_LANE, ChannelKind, channel_of, channel_recipient, lane_name, lane_of
from kaput.model.event import (
    Breadcrumb,
    Breadcrumbs,
    Event,
    ExceptionChain,
    ExceptionValue,
    FieldError,
    Frame,
    LogEntry,
    Mechanism,
    Request,
    Sdk,
    Stacktrace,
    Thread,
    Threads,
    User,
    titled,
)
from kaput.model.filters import Filters
from kaput.model.functions import Clock, Digest, DropDead, Evaluate, ReadSpace, ReadStats, RetryDead, SendTest, Watch
from kaput.model.link import GOOD_DAYS, Act, Link
from kaput.model.monitor import MINUTE, CheckIn, Monitor, MonitorConfig, Run, RunStatus, Watched
from kaput.model.notice import Change, Draft, Kind
from kaput.model.record import (
    ATTACHMENT,
    CHECK_IN,
    EVENT,
    FEEDBACK,
    HOUR,
    PACKED_CODING,
    SESSIONS,
    Drop,
    Place,
    Record,
)
from kaput.model.session import Health, SessionCounts, Sessions, SessionUpdate
from kaput.model.space import SPACE, Space
from kaput.model.stats import Stats

__all__ = [
    "ATTACHMENT",
    "CHECK_IN",
    "EVENT",
    "FEEDBACK",
    "GOOD_DAYS",
    "HOUR",
    "MAIL_LANE",
    "MINUTE",
    "PACKED_CODING",
    "SESSIONS",
    "SPACE",
    "Act",
    "Aside",
    "Attachment",
    "Batch",
    "Breadcrumb",
    "Breadcrumbs",
    "Change",
    "ChannelKind",
    "CheckIn",
    "Clock",
    "Dead",
    "Digest",
    "Digested",
    "Draft",
    "Drop",
    "DropDead",
    "Evaluate",
    "Event",
    "ExceptionChain",
    "ExceptionValue",
    "Feedback",
    "FieldError",
    "Filters",
    "Frame",
    "Grouping",
    "Healed",
    "Health",
    "Kind",
    "Link",
    "LogEntry",
    "Mechanism",
    "Monitor",
    "MonitorConfig",
    "Place",
    "Position",
    "ReadSpace",
    "ReadStats",
    "Record",
    "Request",
    "RetryDead",
    "Run",
    "RunStatus",
    "Sdk",
    "SendTest",
    "SessionCounts",
    "SessionUpdate",
    "Sessions",
    "Space",
    "Stacktrace",
    "Stats",
    "Thread",
    "Threads",
    "Title",
    "User",
    "Watch",
    "Watched",
    "channel_of",
    "channel_recipient",
    "lane_name",
    "lane_of",
    "titled",
]
