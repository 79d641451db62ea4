"""What people say about an event, in each of the forms in which clients send it.

In: the payload of an item `user_report` or `feedback`, or the form of the crash-report widget. Out: the JSON text of
one object `{event_id, name, email, comments}`. Pure; `intake.py` and the roots import it.
Sources: https://develop.sentry.dev/sdk/data-model/envelope-items/#user-report,
https://develop.sentry.dev/application-architecture/feedback-architecture/.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from kaput.accept.syntax import normal_id, read_object
from kaput.errors import Refused

MAX_FIELDS = 20
REPORT, FEEDBACK = "user_report", "feedback"
ITEMS = frozenset({REPORT, FEEDBACK})
"""The types of items that hold feedback."""
_NAMES = {
    "event_id": "associated_event_id",
    "name": "name",
    "email": "contact_email",
    "comments": "message",
    "url": "url",
}
"""What is kept, and what the context of an item `feedback` calls it."""


def of_item(kind: str, payload: bytes) -> bytes:
    """Reads an item.

    Args:
        kind: one of `ITEMS`.
        payload: its bytes; that of `feedback` is an event with a context of that name.

    Raises:
        Refused: 400, it is no JSON object, or says nothing.
    """
    found = read_object(payload, "the feedback")
    if kind == REPORT:
        return _written(found)
    contexts = found.get("contexts")
    said = contexts.get("feedback") if isinstance(contexts, dict) else None
    fields: Mapping[str, Any] = said if isinstance(said, dict) else {}
    given = {name: fields.get(source) for name, source in _NAMES.items()}
    return _written(given, found.get("event_id"))


def of_form(event_id: str, body: bytes) -> bytes:
    """Reads the form of the widget.

    Args:
        event_id: the event that it is about.
        body: `application/x-www-form-urlencoded`.

    Raises:
        Refused: 400, it has too many fields, or says nothing.
    """
    try:
        fields = dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=MAX_FIELDS))
    except ValueError:
        raise Refused(400, "malformed", f"The form has more than {MAX_FIELDS} fields; send fewer.") from None
    return _written({"event_id": event_id} | {name: fields.get(name) for name in ("name", "email", "comments")})


def _written(given: Mapping[str, Any], feedback_id: object = None) -> bytes:
    """Writes what was said; `feedback_id` is what attachments of the same envelope name."""
    comments = given.get("comments")
    if not isinstance(comments, str) or not comments.strip():
        raise Refused(400, "malformed", "The feedback has no comments; send some.")
    named = {name: given.get(name) for name in ("name", "email", "url")}
    texts = {name: value for name, value in named.items() if isinstance(value, str)}
    ids = {"event_id": normal_id(given.get("event_id")), "feedback_id": normal_id(feedback_id)}
    return json.dumps({**ids, **texts, "comments": comments.strip()}).encode()
