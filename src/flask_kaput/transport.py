"""From sentry-sdk's client to where events go. In: an envelope with one event. Out: its JSON, handed to a function.

The function keeps it and returns at once: `sender.py`'s, or that of a tracker in the same process. `report.py` makes
one.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

Deliver = Callable[[str, bytes], None]
"""Takes the id of an event and its JSON; waits for nobody and never raises."""

FEEDBACK = "feedback"
"""The type of an event that is what a person said, and of the item in which it travels."""
_FEEDBACK_BEGINS = b'{"type":"feedback",'


class Handing(Transport):
    """Hands events on; nothing goes over a network here."""

    def __init__(self, deliver: Deliver) -> None:
        super().__init__()
        self._deliver = deliver

    def capture_envelope(self, envelope: Envelope) -> None:
        """Hands on the event of an envelope; others than events do not come."""
        event = envelope.get_event()
        if event is not None:
            self._deliver(event["event_id"], encoded(event))


def encoded(event: Any) -> bytes:
    """Returns an event as JSON; text that UTF-8 cannot say is escaped."""
    try:
        return msgspec.json.encode(event)
    except (msgspec.MsgspecError, TypeError, UnicodeError, OverflowError):
        return json.dumps(event, default=repr, skipkeys=True).encode()


def kind_of(payload: bytes) -> str:
    """Returns the type of the item in which something that was handed on travels: `event` or `feedback`."""
    return FEEDBACK if payload.startswith(_FEEDBACK_BEGINS) else "event"
