"""One event as the issue's page shows it.

In: a normalised event. Out: a frozen `EventView` for `templates/issue.html`; what is empty in the event is empty here,
and the page leaves it out. Pure; `view/issue.py` and `view/share.py` import it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from kaput.model import Breadcrumb, Event, FieldError, LogEntry, Request, Thread, User
from kaput.view.curl import command
from kaput.view.stack import Budget, Raised, bare, raised
from kaput.view.trace import text_of
from kaput.view.values import Member, Value, end_cut, members_of, value_of, visible

MOST_CRUMBS = 100
MOST_THREADS = 50
MOST_MODULES = 1_000
MOST_FACT = 200
MOST_URL = 2_000
REPEATED = "asctime"
"""What a formatter of Python's logging leaves on a record, and so on its breadcrumb: its time, which stands there."""
LEVELS = ("debug", "info", "warning", "error", "fatal")

ERRORS: Mapping[str, str] = {
    "invalid_data": "had the wrong type and was left out",
    "trimmed": "was longer than Kaput keeps and was cut",
    "clock_drift": "was too far from the time of arrival, which is used instead",
    "filtered": "looked secret and was taken out",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A log message: the text, and the template and parameters it was made of when they tell more."""

    text: Value
    template: Value | None
    params: Value | None


@dataclass(frozen=True, slots=True)
class ThreadView:
    """One thread; `state` is `crashed`, `current` or empty."""

    name: str
    state: str
    trace: Raised


@dataclass(frozen=True, slots=True)
class Crumb:
    """One breadcrumb; `level` is one of `LEVELS` or empty."""

    time: float | None
    category: str
    level: str
    message: Value | None
    data: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class RequestView:
    """The request: `link` is its address when that is safe to follow (http or https), else empty."""

    method: str
    url: str
    link: str
    parts: tuple[tuple[str, tuple[Member, ...]], ...]
    body: Value | None
    curl: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something that could not be kept as it came: the field, what was done, and what it had been."""

    field: str
    words: str
    value: str


@dataclass(frozen=True, slots=True)
class EventView:
    """One event, ready to be laid out.

    Attributes:
        traces: of the exception in the order of reading, else of the message's stack trace or the current thread.
        raised: there is an exception; a message then stands below its trace.
        facts: what stands in the event's line: environment, release, server and so on, named.
        text: of the trace, to be copied.
    """

    event_id: str
    timestamp: float
    received: float
    level: str
    facts: tuple[tuple[str, str], ...]
    message: Message | None
    raised: bool
    traces: tuple[Raised, ...]
    threads: tuple[ThreadView, ...]
    crumbs: tuple[Crumb, ...]
    older_crumbs: int
    request: RequestView | None
    user: tuple[Member, ...]
    tags: tuple[Member, ...]
    contexts: tuple[Member, ...]
    extra: tuple[Member, ...]
    modules: tuple[tuple[str, str], ...]
    notes: tuple[Note, ...]
    text: str


def view_of(event: Event) -> EventView:
    """Returns the view of an event."""
    show = _shower(event.platform)
    budget = Budget()
    crumbs = event.breadcrumbs.values if event.breadcrumbs else []
    return EventView(
        event_id=event.event_id,
        timestamp=event.timestamp,
        received=event.received,
        level=event.level if event.level in LEVELS else "error",
        facts=tuple(_facts(event)),
        message=_message(event) if event.logentry else None,
        raised=bool(event.exception and event.exception.values),
        traces=_traces(event, budget),
        threads=tuple(_threads(event, budget)),
        crumbs=tuple(_crumb(crumb, event.platform) for crumb in crumbs[-MOST_CRUMBS:]),
        older_crumbs=max(0, len(crumbs) - MOST_CRUMBS),
        request=_request(event.request, event.platform) if event.request else None,
        user=_user(event.user, event.platform) if event.user else (),
        tags=show(event.tags),
        contexts=show(_contexts(event.contexts)),
        extra=show(event.extra),
        modules=tuple(_modules(event.modules)),
        notes=tuple(map(_note, event.errors)),
        text=text_of(event),
    )


def _shower(platform: str) -> Callable[[Mapping[str, Any]], tuple[Member, ...]]:
    return lambda raw: members_of(raw, platform)


def _traces(event: Event, budget: Budget) -> tuple[Raised, ...]:
    """Returns what is shown as the trace: the exception, else the bare stack trace, else the running thread's."""
    if event.exception and event.exception.values:
        return raised(event.exception, event.platform, budget)
    if event.stacktrace and event.stacktrace.frames:
        return (bare(event.stacktrace, event.platform, budget),)
    threads = event.threads.values if event.threads else []
    running = [one for one in threads if (one.crashed or one.current) and one.stacktrace and one.stacktrace.frames]
    return tuple(bare(one.stacktrace, event.platform, budget) for one in running[:1] if one.stacktrace)


def _threads(event: Event, budget: Budget) -> Iterator[ThreadView]:
    threads = event.threads.values if event.threads else []
    for thread in threads[:MOST_THREADS]:
        if thread.stacktrace and thread.stacktrace.frames:
            trace = bare(thread.stacktrace, event.platform, budget)
            yield ThreadView(_thread_name(thread), _thread_state(thread), trace)


def _thread_name(thread: Thread) -> str:
    return end_cut(visible(thread.name or f"thread {thread.id}"), 120)


def _thread_state(thread: Thread) -> str:
    if thread.crashed:
        return "crashed"
    return "current" if thread.current else ""


def _facts(event: Event) -> Iterator[tuple[str, str]]:
    sdk = f"{event.sdk.name} {event.sdk.version}".strip() if event.sdk else ""
    named = {
        "environment": event.environment,
        "release": event.release,
        "dist": event.dist,
        "server": event.server_name,
        "transaction": event.transaction,
        "logger": event.logger,
        "client": sdk,
    }
    yield from ((name, end_cut(visible(value), MOST_FACT)) for name, value in named.items() if value)


def _modules(modules: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, version in sorted(modules.items())[:MOST_MODULES]:
        yield end_cut(visible(name), MOST_FACT), end_cut(visible(version), MOST_FACT)


def _message(event: Event) -> Message | None:
    """Returns the message, unless it only repeats the exception, as old clients send it."""
    entry = event.logentry or LogEntry()
    text = entry.formatted or entry.message
    if not text or text in _titles(event):
        return None
    template = value_of(entry.message, event.platform) if entry.message and entry.message != text else None
    params = value_of(entry.params, event.platform) if entry.params not in (None, [], {}, "") else None
    return Message(value_of(text, event.platform), template, params)


def _titles(event: Event) -> set[str]:
    values = event.exception.values if event.exception else []
    return {f"{value.type}: {value.value}" for value in values} | {value.value for value in values}


def _crumb(crumb: Breadcrumb, platform: str) -> Crumb:
    return Crumb(
        time=crumb.timestamp,
        category=end_cut(visible(crumb.category or crumb.type or "default"), 60),
        level=crumb.level if crumb.level in LEVELS else "",
        message=value_of(crumb.message, platform) if crumb.message else None,
        data=members_of({name: value for name, value in crumb.data.items() if name != REPEATED}, platform),
    )


def _request(request: Request, platform: str) -> RequestView | None:
    named = {
        "query": _query(request.query_string, platform),
        "headers": members_of(request.headers, platform),
        "cookies": members_of(request.cookies, platform),
        "environment": members_of(request.env, platform),
    }
    parts = tuple((name, members) for name, members in named.items() if members)
    body = value_of(request.data, platform) if request.data not in (None, "", {}, []) else None
    if not (request.url or parts or body):
        return None
    url = end_cut(visible(request.url), MOST_URL)
    link = request.url if request.url.lower().startswith(("http://", "https://")) else ""
    return RequestView(end_cut(visible(request.method), 20), url, link, parts, body, command(request))


def _query(query: str, platform: str) -> tuple[Member, ...]:
    """Returns the fields of a query as they were sent, not decoded, so that what was sent can be seen."""
    fields = [part.partition("=") for part in query.removeprefix("?").split("&") if part]
    return tuple(Member(end_cut(visible(name), 160), value_of(value, platform)) for name, _, value in fields[:100])


def _user(user: User, platform: str) -> tuple[Member, ...]:
    named = {name: value for name, value in msgspec.structs.asdict(user).items() if value and name != "data"}
    return members_of(named, platform) + members_of(user.data, platform)


def _contexts(contexts: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the contexts without `type`, which repeats the name of each, and without empty ones."""
    trimmed = {
        name: {key: value for key, value in raw.items() if key != "type"} if isinstance(raw, dict) else raw
        for name, raw in contexts.items()
    }
    return {name: raw for name, raw in trimmed.items() if raw not in (None, {}, [], "")}


def _note(error: FieldError) -> Note:
    words = ERRORS.get(error.type, error.type.replace("_", " "))
    return Note(end_cut(visible(error.name), 120), visible(words), end_cut(visible(error.value), 200))
