"""Attachments: files that a client sends beside an event, such as a screenshot, a log or a minidump.

In: an item `attachment` of an envelope, and the id of what it belongs to. Out: the body of a record: one line of JSON,
`{event_id, name, content_type, type}`, and behind it the file as it came. Pure; `intake.py` imports it.
Source: https://develop.sentry.dev/sdk/data-model/envelope-items/#attachment.
"""

import json

from kaput.accept.envelope import Item
from kaput.accept.limits import Limits
from kaput.errors import Refused

ITEM = "attachment"
"""The type of the item."""

_NAMES = {"name": "filename", "content_type": "content_type", "type": "attachment_type"}
"""What the line holds, by the names of the item's header."""


def of_item(item: Item, event_id: str, limits: Limits) -> bytes:
    """Writes the body of a record.

    Args:
        item: its payload is the file, whatever that is.
        event_id: of the event, or of the feedback, that it belongs to; 32 hexadecimal digits.
        limits: how large it may be.

    Raises:
        Refused: 413, it is too large; 400, it belongs to nothing.
    """
    if len(item.payload) > limits.max_attachment:
        told = f"An attachment is larger than {limits.max_attachment} bytes; send less, or raise KAPUT_MAX_ATTACHMENT."
        raise Refused(413, "attachment_too_large", told)
    if not event_id:
        raise Refused(400, "attachment_without_event", "An attachment names no event; set event_id in the envelope.")
    given = {name: item.headers.get(header) for name, header in _NAMES.items()}
    texts = {name: value for name, value in given.items() if isinstance(value, str)}
    return b"\n".join((json.dumps({"event_id": event_id, **texts}).encode(), item.payload))
