"""What clients left out themselves: their own counts, so that they are shown with ours.

In: the payload of an item `client_report`. Out: counts by reason. Pure; `intake.py` imports it.
Source: https://develop.sentry.dev/sdk/telemetry/client-reports/.
"""

from collections import Counter
from typing import Any

from kaput.accept.syntax import read_json
from kaput.errors import Refused

MAX_ENTRIES = 100
MAX_QUANTITY = 1_000_000

MALFORMED = "client:malformed"
_OTHER = "client:other"
_REASONS = frozenset(
    {
        *("backpressure", "before_send", "buffer_overflow", "cache_overflow", "event_processor", "ignored"),
        *("insufficient_data", "internal_sdk_error", "invalid", "network_error", "queue_overflow"),
        *("ratelimit_backoff", "sample_rate", "send_error", "too_large"),
    }
)
"""Reasons that are counted by their name; a client can make up any other."""
_EVENTS = ("default", "error", "security")
"""Categories of events; transactions, sessions and the like are not counted here."""


def read(payload: bytes) -> Counter[str]:
    """Counts the events that a client left out, by reason: `client:before_send`.

    What is no report counts as one `client:malformed`: a count must not fail the events beside it.
    """
    try:
        found = read_json(payload, "a client report")
    except Refused:
        return Counter({MALFORMED: 1})
    entries = found.get("discarded_events", []) if isinstance(found, dict) else None
    if not isinstance(entries, list):
        return Counter({MALFORMED: 1})
    left_out: Counter[str] = Counter()
    for entry in entries[:MAX_ENTRIES]:
        if isinstance(entry, dict) and entry.get("category") in _EVENTS:
            left_out[_reason(entry.get("reason"))] += _quantity(entry.get("quantity"))
    return +left_out


def _reason(given: Any) -> str:
    return f"client:{given}" if isinstance(given, str) and given in _REASONS else _OTHER


def _quantity(given: Any) -> int:
    """Reads how many; a text of digits too, and never more than one report can be believed."""
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 20:
        given = int(given)
    return min(max(given, 0), MAX_QUANTITY) if type(given) is int else 0
