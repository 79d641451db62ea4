"""The event, normalised, and its interfaces: exceptions, frames, breadcrumbs, the request and so on.

In: nothing. Out: frozen structs. Imported through `kaput.model`. Field names are those of the Sentry event payload, so
that a script that reads one reads the other (https://develop.sentry.dev/sdk/data-model/event-payloads/).
"""

from typing import Any

from msgspec import Struct


def titled(kind: str, value: str) -> str:
    """Returns the type and the value of an exception in words: `KeyError: 'sku-9'`; either may be empty."""
    return f"{kind}: {value}" if kind and value else kind or value


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
