"""What travels between the stages: the record, the event, the issue's change, the notice.

In: nothing. Out: frozen msgspec structs and the types of the functions that the roots hand into a stage.
Anyone may import it; it imports no stage.

Times are seconds since the epoch, UTC, as floats. Field names of `Event` and below are those of the Sentry event
payload, so that a script that reads one reads the other (https://develop.sentry.dev/sdk/data-model/event-payloads/).
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

HOUR = 3600
"""Seconds; counters and drops are kept by the hour."""

Clock = Callable[[], float]
"""Answers the time now, in seconds since the epoch."""


# --- accepted -------------------------------------------------------------------------------------------------------

EVENT, FEEDBACK = "event", "feedback"
"""The kinds of records."""


class Record(Struct, frozen=True, array_like=True):
    """One event, or something else of a client's, as it was accepted: what is appended to the buffer.

    Fields are only ever added at the end.

    Attributes:
        project_id: the project that the key belongs to.
        event_id: 32 lower-case hexadecimal digits; the id in the answer to the client. Feedback has one of its own.
        received: when the request was complete.
        body: the JSON text of one event, decompressed, as the client wrote it.
        client: name and version of the SDK as it presented itself, at most 200 characters.
        address: the peer's address, after trusted proxies.
        kind: `event`, or `feedback`, which no count of events counts.
    """

    project_id: int
    event_id: str
    received: float
    body: bytes
    client: str = ""
    address: str = ""
    kind: str = EVENT


class Drop(Struct, frozen=True, array_like=True):
    """Something that was refused or left out: `count` times for `reason` in the hour of `time`.

    Attributes:
        reason: snake_case, or `unsupported:<item type>`, or `client:<reason>` when the client left it out.
        project_id: 0 when no project is known.
    """

    reason: str
    count: int
    time: float
    project_id: int = 0


# --- normalised -----------------------------------------------------------------------------------------------------


class Frame(Struct, frozen=True, omit_defaults=True):
    """One call of a stack trace."""

    filename: str = ""
    abs_path: str = ""
    module: str = ""
    function: str = ""
    lineno: int | None = None
    colno: int | None = None
    pre_context: list[str] = []
    context_line: str | None = None
    post_context: list[str] = []
    in_app: bool = False
    vars: dict[str, Any] = {}


class Stacktrace(Struct, frozen=True, omit_defaults=True):
    """Frames, oldest call first. `omitted`: how many were cut out, and after how many of the kept ones."""

    frames: list[Frame] = []
    omitted: tuple[int, int] | None = None


class Mechanism(Struct, frozen=True, omit_defaults=True):
    """How an exception reached the client's SDK."""

    type: str = ""
    handled: bool | None = None
    synthetic: bool = False
    exception_id: int | None = None
    parent_id: int | None = None
    is_exception_group: bool = False
    source: str = ""


class ExceptionValue(Struct, frozen=True, omit_defaults=True):
    """One exception of a chain."""

    type: str = ""
    value: str = ""
    module: str = ""
    mechanism: Mechanism | None = None
    stacktrace: Stacktrace | None = None
    thread_id: str | None = None

    @property
    def text(self) -> str:
        """The exception in words, as `Title.text` has it; its value may have several lines."""
        return titled(self.type, self.value)


class ExceptionChain(Struct, frozen=True):
    """Exceptions, the oldest cause first, the one that was raised last."""

    values: list[ExceptionValue] = []


class Thread(Struct, frozen=True, omit_defaults=True):
    """One thread of the process."""

    id: str = ""
    name: str = ""
    crashed: bool = False
    current: bool = False
    stacktrace: Stacktrace | None = None


class Threads(Struct, frozen=True):
    """All threads that the client reported."""

    values: list[Thread] = []


class Breadcrumb(Struct, frozen=True, omit_defaults=True):
    """One thing that happened before the event."""

    timestamp: float | None = None
    type: str = ""
    category: str = ""
    level: str = ""
    message: str = ""
    data: dict[str, Any] = {}


class Breadcrumbs(Struct, frozen=True):
    """Breadcrumbs, oldest first."""

    values: list[Breadcrumb] = []


class LogEntry(Struct, frozen=True, omit_defaults=True):
    """A log message: the template, its parameters (list or object), and the text they make."""

    message: str = ""
    params: Any = None
    formatted: str = ""


class Request(Struct, frozen=True, omit_defaults=True):
    """The HTTP request during which the event happened."""

    url: str = ""
    method: str = ""
    query_string: str = ""
    data: Any = None
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    env: dict[str, Any] = {}


class User(Struct, frozen=True, omit_defaults=True):
    """Whom it happened to; what has no name of its own is in `data`."""

    id: str = ""
    email: str = ""
    username: str = ""
    name: str = ""
    ip_address: str = ""
    data: dict[str, Any] = {}


class Sdk(Struct, frozen=True, omit_defaults=True):
    """The client library that reported the event."""

    name: str = ""
    version: str = ""


class FieldError(Struct, frozen=True, omit_defaults=True):
    """What could not be kept as it came. `type`: invalid_data, trimmed, clock_drift, filtered."""

    type: str
    name: str
    value: str = ""


class Event(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One event, normalised: every field has its one type, every size is bounded, every secret is filtered."""

    event_id: str
    timestamp: float
    received: float
    platform: str = "other"
    level: str = "error"
    logger: str = ""
    transaction: str = ""
    server_name: str = ""
    release: str = ""
    dist: str = ""
    environment: str = ""
    logentry: LogEntry | None = None
    exception: ExceptionChain | None = None
    stacktrace: Stacktrace | None = None
    threads: Threads | None = None
    request: Request | None = None
    user: User | None = None
    tags: dict[str, str] = {}
    contexts: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    modules: dict[str, str] = {}
    breadcrumbs: Breadcrumbs | None = None
    sdk: Sdk | None = None
    fingerprint: list[str] = []
    errors: list[FieldError] = []


class Filters(Struct, frozen=True, omit_defaults=True):
    """Which events of a project are left out; nothing by default. Texts are globs: `*` any characters, `?` one.

    Attributes:
        error_types: of the type of the exception that was raised last.
        messages: of its value, of `type: value`, or of a log message.
        crawlers: requests by programs that visit pages on their own, by their user agent.
        localhost: requests to this machine itself, and users whose address is this machine.
        extensions: errors that come from an extension of somebody's browser.
    """

    error_types: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    crawlers: bool = False
    localhost: bool = False
    extensions: bool = False


# --- digested -------------------------------------------------------------------------------------------------------


class Grouping(Struct, frozen=True):
    """Why an event belongs to its issue.

    Attributes:
        version: name of the frozen algorithm, e.g. `v1`.
        hashes: 32 hexadecimal digits each, strict first; at least one.
        reason: one sentence in words, e.g. `last own frame: shop.pricing.price_cart, its line`.
    """

    version: str
    hashes: tuple[str, ...]
    reason: str


class Title(Struct, frozen=True):
    """How an issue is called. For a message `type` is empty and `value` is the message.

    Attributes:
        culprit: where: the function or transaction, e.g. `price_cart in shop/pricing.py`.
    """

    type: str
    value: str
    culprit: str

    @property
    def text(self) -> str:
        """The title in one line: `KeyError: 'sku-9'`."""
        return titled(self.type, self.value)


def titled(kind: str, value: str) -> str:
    """Returns the type and the value of an exception in words: `KeyError: 'sku-9'`; either may be empty."""
    return f"{kind}: {value}" if kind and value else kind or value


class Digested(Struct, frozen=True):
    """A record after digest: ready to be stored."""

    project_id: int
    event: Event
    grouping: Grouping
    title: Title


class Feedback(Struct, frozen=True):
    """What a person said about an event.

    Attributes:
        feedback_id: 32 hexadecimal digits; the same at every digest of the same record.
        event_id: the event that it is about, which may not be there yet; empty when it is about none.
    """

    project_id: int
    feedback_id: str
    event_id: str
    name: str
    email: str
    comments: str
    created: float


class Dead(Struct, frozen=True):
    """A record that could not be digested. `name` is its file in `dead/`, without a path."""

    name: str
    reason: str
    project_id: int
    event_id: str
    received: float


class Position(Struct, frozen=True):
    """How far a segment has been read.

    Attributes:
        segment: the segment's file name.
        offset: bytes from the start of the file to the first record that was not read.
    """

    segment: str
    offset: int


class Batch(Struct, frozen=True):
    """What one transaction of the worker stores. Counts say how many records of each kind the positions cover.

    Attributes:
        filtered: events that were digested and left out, each as a drop.
    """

    digested: list[Digested]
    dead: list[Dead]
    drops: list[Drop]
    positions: list[Position]
    feedback: list[Feedback] = []
    filtered: list[Drop] = []


# --- told -----------------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What happened to an issue."""

    NEW = "new"
    REGRESSED = "regressed"


class Change(Struct, frozen=True):
    """Something about an issue that a person may want to be told.

    Attributes:
        event_row: the stored event that made it, by its row.
    """

    kind: Kind
    project_id: int
    issue_id: int
    event_row: int
    time: float


class Draft(Struct, frozen=True):
    """A notice to be written into the outbox: one change for one recipient."""

    change: Change
    recipient: str


Evaluate = Callable[[Sequence[Change], Mapping[int, Sequence[str]]], list[Draft]]
"""Which changes are told to whom: `(changes, addresses of the members by project) -> drafts`. Pure."""

Digest = Callable[[Record], Digested | Feedback | Drop]
"""Makes of a record what the store keeps of its kind, or the drop of an event that a filter leaves out.

Raises Undigestible.
"""

SendTest = Callable[[str], None]
"""Sends a test mail to an address through the configured server; raises MailFailed with the server's words."""

RetryDead = Callable[[Sequence[str]], int]
"""Puts dead records (by name) back into the buffer; answers how many."""

DropDead = Callable[[Sequence[str]], int]
"""Removes dead records (by name) for good; answers how many."""


class Stats(Struct, frozen=True):
    """Counts since the data directory was made, in events: accepted = digested + pending + dead.

    Attributes:
        digested: includes duplicates, filtered events, and dead records that were dropped by hand.
        pending: accepted, not yet visible.
        dropped: by reason.
        notices: by state: sent, pending, failed.
    """

    accepted: int
    digested: int
    pending: int
    dead: int
    dropped: dict[str, int]
    issues: int
    events: int
    notices: dict[str, int] = field(default_factory=dict)


ReadStats = Callable[[], Stats]
"""Counts everything now."""
