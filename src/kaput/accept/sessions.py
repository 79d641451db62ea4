"""How sessions went, as clients tell it: one session as it changes, or many that they counted themselves.

In: the payload of an item `session` or `sessions`. Out: the JSON text of one `model.Sessions`, and what was left out.
Pure; `intake.py` imports it.
Source: https://develop.sentry.dev/sdk/telemetry/sessions/.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from kaput.accept.syntax import normal_id, read_object
from kaput.errors import Refused
from kaput.model import HOUR, Health, SessionCounts, Sessions, SessionUpdate

UPDATE, AGGREGATES = "session", "sessions"
ITEMS = frozenset({UPDATE, AGGREGATES})
"""The types of items that tell of sessions."""

MAX_BYTES = 1024 * 1024
MAX_AGGREGATES = 1000
MAX_QUANTITY = 10_000_000
"""Sessions that one number can stand for: more than any client counts in a minute."""
MAX_TEXT = 1000
MAX_AGE = 5 * 24 * HOUR
"""Seconds since its start after which nothing changes about a session; the protocol's own limit."""

MALFORMED = "sessions_malformed"
TOO_OLD = "sessions_too_old"
BEYOND = "sessions_beyond_limit"

_NAMES = ("exited", "errored", "unhandled", "abnormal", "crashed")
"""What an aggregate counts: first the sessions that were well, then the others as `SessionCounts` has them."""

_HEALTH = {
    "ok": Health.HEALTHY,
    "exited": Health.HEALTHY,
    "errored": Health.ERRORED,
    "unhandled": Health.UNHANDLED,
    "abnormal": Health.ABNORMAL,
    "crashed": Health.CRASHED,
}


def of_item(kind: str, payload: bytes, received: float) -> tuple[bytes, Counter[str]]:
    """Reads an item. What cannot be read is counted: it must not fail the events beside it.

    Args:
        kind: one of `ITEMS`.
        payload: its bytes.
        received: the time of the request.

    Returns:
        The text, empty when the item says nothing that is counted, and what was left out, by reason.
    """
    left_out: Counter[str] = Counter()
    try:
        found = _read(payload)
        release, environment = _source(found.get("attrs"))
        if kind == UPDATE:
            told = _update(found, received, left_out)
        else:
            told = Sessions(hours=_aggregates(found, received, left_out))
    except Refused:
        return b"", Counter({MALFORMED: 1})
    if not (told.hours or told.updates):
        return b"", left_out
    told = msgspec.structs.replace(told, release=release, environment=environment)
    return _written(told), left_out


def _written(told: Sessions) -> bytes:
    try:
        return msgspec.json.encode(told)
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can hold as an escape only
        return json.dumps(msgspec.to_builtins(told, str_keys=True)).encode()


def _read(payload: bytes) -> Mapping[str, Any]:
    if len(payload) > MAX_BYTES:
        raise _malformed(f"The item is larger than {MAX_BYTES} bytes; send several.")
    return read_object(payload, "the item")


def _malformed(text: str) -> Refused:
    return Refused(400, MALFORMED, text)


def _source(attributes: object) -> tuple[str, str]:
    named: Mapping[str, object] = attributes if isinstance(attributes, dict) else {}
    release, environment = named.get("release"), named.get("environment")
    if not isinstance(release, str) or not release.strip():
        raise _malformed("The sessions belong to no release; send its name as attrs.release.")
    return release[:MAX_TEXT], environment[:MAX_TEXT] if isinstance(environment, str) else ""


def _update(found: Mapping[str, Any], received: float, left_out: Counter[str]) -> Sessions:
    started = _seconds(found.get("started"))
    if started is None:
        raise _malformed("The session does not say when it started; send the time as started.")
    if received - started > MAX_AGE:
        left_out[TOO_OLD] += 1
        return Sessions()
    health = _health(found)
    hour = _hour(started, received)
    sid = _sid(found.get("sid"))
    # Without an id nothing more can be said of it; the sequence number 0 is that of the first update.
    begun = found.get("init") is True or not sid or found.get("seq") in (0, "0")
    if sid and health is not Health.HEALTHY:
        return Sessions(updates=[SessionUpdate(sid, hour, begun, health)])
    return Sessions(hours={hour: SessionCounts.of(health)} if begun else {})


def _aggregates(found: Mapping[str, Any], received: float, left_out: Counter[str]) -> dict[int, SessionCounts]:
    aggregates = found.get("aggregates")
    if not isinstance(aggregates, list):
        raise _malformed("The sessions have no list of aggregates; send one.")
    hours: dict[int, SessionCounts] = {}
    for one in aggregates[:MAX_AGGREGATES]:
        started = _seconds(one.get("started")) if isinstance(one, dict) else None
        if started is None:
            left_out[MALFORMED] += 1
            continue
        healthy, *worse = (_quantity(one.get(name)) for name in _NAMES)
        counts = SessionCounts(healthy + sum(worse), *worse)
        if received - started > MAX_AGE:
            left_out[TOO_OLD] += counts.started
        elif counts.started:
            hour = _hour(started, received)
            hours[hour] = hours.get(hour, SessionCounts()) + counts
    if len(aggregates) > MAX_AGGREGATES:
        left_out[BEYOND] += len(aggregates) - MAX_AGGREGATES
    return hours


def _health(found: Mapping[str, Any]) -> Health:
    """Reads the state; one that is not known yet is no good news."""
    status = found.get("status")
    known = _HEALTH.get(status) if isinstance(status, str) else None
    health = Health.HEALTHY if status is None else Health.ERRORED if known is None else known
    return max(health, Health.ERRORED) if _quantity(found.get("errors")) else health


def _sid(given: object) -> str:
    """Returns an id of the form that all have; what is none but tells sessions apart becomes one."""
    if not isinstance(given, str) or not given:
        return ""
    return normal_id(given) or hashlib.blake2b(given.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _quantity(given: object) -> int:
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 20:
        given = int(given)
    return min(max(given, 0), MAX_QUANTITY) if type(given) is int else 0


def _hour(started: float, received: float) -> int:
    """Returns the hour of the start; a clock that is ahead does not make the future."""
    return int(min(started, received) // HOUR)


def _seconds(given: object) -> float | None:
    """Reads a time: ISO 8601 with or without an offset (then UTC), or seconds since the epoch."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        return float(given) if 0 <= given < 1e12 else None
    if not isinstance(given, str) or len(given) > 64:
        return None
    try:
        moment = datetime.fromisoformat(given)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
