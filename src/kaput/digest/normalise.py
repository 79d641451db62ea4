"""A decoded event of any shape becomes an Event: every field has its one type and a bounded size.

In: the dictionary that the client sent, scrubbed. Out: `model.Event`. Any field may have any type: what can be kept is
kept, the rest is noted in `errors`. Only `record.py`, `parts.py` and `regular.py` import it.

The bounds are those that the Sentry protocol's own server applies, so that no client loses more here than there.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from kaput.digest.fields import Notes, bounded, mapping, moment, pairs, prose, shown, text, values
from kaput.digest.message import log_entry
from kaput.digest.request import request, user
from kaput.digest.stack import Stacks
from kaput.digest.trim import cut
from kaput.model import (
    Breadcrumb,
    Breadcrumbs,
    Event,
    ExceptionChain,
    ExceptionValue,
    FieldError,
    LogEntry,
    Record,
    Sdk,
)

_ALIASES = {
    "sentry.interfaces.Message": "logentry",
    "sentry.interfaces.Exception": "exception",
    "sentry.interfaces.Stacktrace": "stacktrace",
    "sentry.interfaces.Threads": "threads",
    "sentry.interfaces.Http": "request",
    "sentry.interfaces.User": "user",
    "sentry.interfaces.Breadcrumbs": "breadcrumbs",
    "sentry.interfaces.Contexts": "contexts",
    "culprit": "transaction",
}
"""Old names of fields; the new name wins when both are there."""
_KEPT = frozenset({
    "timestamp", "platform", "level", "logger", "transaction", "server_name", "release", "dist", "environment",
    "message", "logentry", "exception", "stacktrace", "threads", "request", "user", "tags", "contexts", "extra",
    "modules", "breadcrumbs", "sdk", "fingerprint", "checksum", "site",
})  # fmt: skip

_LEVELS = {
    "debug": "debug", "info": "info", "warning": "warning", "error": "error", "fatal": "fatal",
    "warn": "warning", "critical": "fatal", "log": "info", "notice": "info", "trace": "debug", "sample": "debug",
    "crash": "fatal", "emergency": "fatal", "alert": "fatal",
}  # fmt: skip
_LEVEL_NUMBERS = ((50, "fatal"), (40, "error"), (30, "warning"), (20, "info"), (1, "debug"))
"""Python's logging levels, which raven sends."""

_OLDEST = 30 * 86400
_AHEAD = 60
_NAME, LONG_NAME, SHORT_NAME = 200, 256, 64
BREADCRUMBS, BREADCRUMB_DATA, BREADCRUMB_DEPTH = 200, 2048, 5
MESSAGE = 8192
_TAGS, _TAG = 200, 200
_CONTEXTS, _DEPTH = 8192, 7
_EXTRAS, _EXTRA_EACH, _EXTRA = 1000, 16384, 262144
_FINGERPRINT, _FINGERPRINT_PART = 32, 256


class Read(NamedTuple):
    """The field `modules`, when it is read already."""

    versions: dict[str, str]


OLD_NAMES = frozenset(_ALIASES)
FIELDS = (*sorted(_KEPT), *sorted(_ALIASES))
"""All names under which `select` takes something."""


def select(raw: dict[str, Any]) -> dict[str, Any]:
    """Returns the fields that an event has, by their present names; everything else is left out."""
    event = {key: value for key, value in raw.items() if key in _KEPT and value is not None}
    for key in raw.keys() & _ALIASES.keys():
        if raw[key] is not None:
            event.setdefault(_ALIASES[key], raw[key])
    return event


def normalise(
    raw: dict[str, Any],
    record: Record,
    filtered: int = 0,
    rationed: Sequence[str] = (),
    noted: Sequence[FieldError] = (),
) -> Event:
    """Makes an event of the selected and scrubbed fields.

    Args:
        raw: what `select` returned, scrubbed.
        record: gives the id, the time of receipt, the address and the client.
        filtered: how many secrets were replaced; noted on the event.
        rationed: fields of which something was left out before; noted on the event.
        noted: what was noted when parts of it were read before.
    """
    notes = Notes()
    if filtered:
        notes.add("filtered", "event", str(filtered))
    for name in rationed:
        notes.trimmed(name)
    notes.errors += noted
    stacks = Stacks(notes)
    exception = stacks.exceptions(raw.get("exception"))
    entry = _without_echo(log_entry(raw.get("logentry"), raw.get("message"), notes), exception)
    stack = stacks.stacktrace(raw.get("stacktrace"), "stacktrace.")
    said = _said(exception)
    if said is not None:
        exception, entry, stack = None, entry or LogEntry(formatted=said.value), stack or said.stacktrace
    return Event(
        event_id=record.event_id,
        received=record.received,
        timestamp=_timestamp(raw.get("timestamp"), record.received, notes),
        platform=text(raw, "platform", SHORT_NAME, notes).lower() or "other",
        level=_level(raw.get("level"), notes),
        logger=text(raw, "logger", SHORT_NAME, notes),
        transaction=text(raw, "transaction", _NAME, notes),
        server_name=text(raw, "server_name", LONG_NAME, notes),
        release=text(raw, "release", _NAME, notes).strip(),
        dist=text(raw, "dist", SHORT_NAME, notes),
        environment=text(raw, "environment", SHORT_NAME, notes).strip(),
        logentry=entry,
        exception=exception,
        stacktrace=stack,
        threads=stacks.threads(raw.get("threads")),
        request=request(raw.get("request"), notes),
        user=user(raw.get("user"), record.address, notes, inferred=_wants_address(raw.get("sdk"))),
        tags=_tags(raw, notes),
        contexts=bounded(raw, "contexts", _CONTEXTS, _DEPTH, notes),
        extra=_extra(raw, notes),
        modules=modules(raw, notes),
        breadcrumbs=_breadcrumbs(raw.get("breadcrumbs"), notes),
        sdk=_sdk(raw.get("sdk"), record.client, notes),
        fingerprint=_fingerprint(raw, notes),
        errors=notes.errors,
    )


def _without_echo(entry: LogEntry | None, chain: ExceptionChain | None) -> LogEntry | None:
    """Leaves out a message that only repeats the exception (`KeyError: 'sku-9'`), as raven sends it."""
    if entry is None or chain is None or entry.params:
        return entry
    raised = chain.values[-1]
    echo = entry.formatted in {raised.value, f"{raised.type}: {raised.value}"}
    return None if echo else entry


def _said(chain: ExceptionChain | None) -> ExceptionValue | None:
    """The exception that is a message with a stack: SDKs for JavaScript send it as synthetic and of no type."""
    if chain is None or len(chain.values) > 1:
        return None
    (only,) = chain.values
    return only if only.mechanism and only.mechanism.synthetic and only.value and not only.type else None


def _wants_address(sdk: Any) -> bool:
    """Whether the client leaves it to the server to note the address of the user (`settings.infer_ip`)."""
    settings = sdk.get("settings") if isinstance(sdk, dict) else None
    return isinstance(settings, dict) and settings.get("infer_ip") == "auto"


def _timestamp(value: Any, received: float, notes: Notes) -> float:
    """The client's time, unless its clock is off: then the time of receipt, and the original is noted."""
    if value is None:
        return received
    time = moment(value)
    if time is None:
        notes.invalid("timestamp", value)
        return received
    if received - _OLDEST <= time <= received + _AHEAD:
        return time
    notes.add("clock_drift", "timestamp", shown(value, LONG_NAME))
    return received


def _level(value: Any, notes: Notes) -> str:
    if value is None:
        return "error"
    if isinstance(value, str):
        name = value.strip().lower()
        if name in _LEVELS:
            return _LEVELS[name]
        value = int(name) if name.isascii() and name.isdigit() and len(name) < 4 else value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return next((name for least, name in _LEVEL_NUMBERS if value >= least), "error")
    notes.invalid("level", value)
    return "error"


def _tags(raw: dict[str, Any], notes: Notes) -> dict[str, str]:
    tags: dict[str, str] = {}
    given = list(pairs(raw.get("tags"), notes, "tags"))
    if "site" in raw:
        given.append(("site", raw["site"]))
    for name, value in given:
        key = cut(name.strip(), _TAG)
        if len(tags) >= _TAGS:
            notes.trimmed("tags")
            break
        if key and value is not None and value != "":
            tags[key] = prose(value, _TAG, notes, f"tags.{key}")
    return tags


def _extra(raw: dict[str, Any], notes: Notes) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    left = _EXTRA
    for key in mapping(raw, "extra", notes):
        if left <= 0 or len(extra) >= _EXTRAS:
            notes.trimmed("extra")
            break
        limit = min(_EXTRA_EACH, left)
        item = bounded({"value": {cut(key, _TAG): raw["extra"][key]}}, "value", limit, _DEPTH, notes, f"extra.{key}.")
        extra |= item
        left -= len(shown(item, limit))
    return extra


def modules(raw: dict[str, Any], notes: Notes) -> dict[str, str]:
    """Reads the names and versions of packages."""
    given = raw.get("modules")
    if isinstance(given, Read):
        return given.versions
    found = bounded(raw, "modules", _CONTEXTS, 2, notes)
    return {name: shown(version, SHORT_NAME) for name, version in found.items()}


def _breadcrumbs(raw: Any, notes: Notes) -> Breadcrumbs | None:
    if isinstance(raw, Breadcrumbs):
        return raw if raw.values else None
    found = values(raw, notes, "breadcrumbs")
    if len(found) > BREADCRUMBS:
        notes.trimmed("breadcrumbs")
    first = max(0, len(found) - BREADCRUMBS)
    crumbs = [
        value if isinstance(value, Breadcrumb) else _breadcrumb(value, f"breadcrumbs.{first + at}.", notes)
        for at, value in enumerate(found[first:])
    ]
    kept = [crumb for crumb in crumbs if crumb is not None]
    return Breadcrumbs(kept) if kept else None


def _breadcrumb(raw: Any, path: str, notes: Notes) -> Breadcrumb | None:
    if isinstance(raw, str):
        return Breadcrumb(message=prose(raw, MESSAGE, notes, path + "message"))
    if not isinstance(raw, dict):
        notes.invalid(path[:-1], raw)
        return None
    return Breadcrumb(
        timestamp=moment(raw.get("timestamp")),
        type=text(raw, "type", SHORT_NAME, notes, path),
        category=text(raw, "category", LONG_NAME, notes, path),
        level=text(raw, "level", SHORT_NAME, notes, path),
        message=prose(raw.get("message"), MESSAGE, notes, path + "message"),
        data=bounded(raw, "data", BREADCRUMB_DATA, BREADCRUMB_DEPTH, notes, path),
    )


def _sdk(raw: Any, client: str, notes: Notes) -> Sdk | None:
    """The client's own name for itself, else what it presented with its key."""
    fields = mapping({"sdk": raw}, "sdk", notes)
    name = text(fields, "name", LONG_NAME, notes, "sdk.")
    if name:
        return Sdk(name, text(fields, "version", SHORT_NAME, notes, "sdk."))
    name, _, version = client.partition("/")
    return Sdk(cut(name, LONG_NAME), cut(version, SHORT_NAME)) if name else None


def _fingerprint(raw: dict[str, Any], notes: Notes) -> list[str]:
    """What the client wants the event to be grouped by; raven's `checksum` is one of a single part."""
    given = raw.get("fingerprint")
    if given is None:
        given = raw.get("checksum")
    if isinstance(given, str | int | float):
        given = [given]
    if given is None:
        return []
    if not isinstance(given, list):
        notes.invalid("fingerprint", given)
        return []
    if len(given) > _FINGERPRINT:
        notes.trimmed("fingerprint")
    return [shown(part, _FINGERPRINT_PART) for part in given[:_FINGERPRINT] if part is not None]
