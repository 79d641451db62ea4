"""An error as data for programs: problem details, `application/problem+json`.

In: status, what happened, the id of the event. Out: one JSON object. Pure; `error_pages.py` imports it.
Source: RFC 9457. `type` is `about:blank`: the status says what kind of problem it is; `reference` is an extension.
"""

import json
import uuid

from flask_kaput.reference import reference_of

CONTENT_TYPE = "application/problem+json"


def problem(status: int, name: str, detail: str, event_id: str | None) -> bytes:
    """Writes problem details.

    Args:
        status: HTTP status.
        name: of the status, as `Not Found`.
        detail: one or more sentences for a person.
        event_id: 32 hexadecimal digits; None: there is no event.
    """
    details: dict[str, object] = {"type": "about:blank", "title": name, "status": status, "detail": detail}
    if event_id:
        details |= {"instance": uuid.UUID(event_id).urn, "reference": reference_of(event_id)}
    return json.dumps(details, ensure_ascii=False).encode() + b"\n"
