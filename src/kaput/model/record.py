"""What is appended to the buffer: a record for each thing a client sent, a drop for what was left out.

In: nothing. Out: frozen structs. Imported through `kaput.model`.
"""

from msgspec import Struct

HOUR = 3600
"""Seconds; counters and drops are kept by the hour."""
DAY = 24 * HOUR
"""Seconds."""

EVENT, FEEDBACK, ATTACHMENT, SESSIONS, CHECK_IN = "event", "feedback", "attachment", "sessions", "check_in"
"""The kinds of records."""


PACKED_CODING = "gzip"
"""How the body of a packed record is compressed: as current SDKs do unless they have brotli."""


class Place(Struct, frozen=True, array_like=True):
    """Where the text of an event begins and ends in what the body of its record unpacks to."""

    start: int
    end: int


class Record(Struct, frozen=True, array_like=True):
    """One event, or something else of a client's, as it was accepted: what is appended to the buffer.

    Fields are only ever added at the end.

    Attributes:
        project_id: the project that the key belongs to.
        event_id: 32 lower-case hexadecimal digits; the id in the answer to the client. What is no event has its own.
        received: when the request was complete.
        body: the JSON text of one event, decompressed, as the client wrote it; of another kind, what accept made of it.
        client: name and version of the SDK as it presented itself, at most 200 characters.
        address: the peer's address, after trusted proxies.
        kind: `event`, or another, which no count of events counts.
        packed: the body is the whole envelope, compressed as it came, and here the text stands in it. The buffer
            hands out records with their text.
    """

    project_id: int
    event_id: str
    received: float
    body: bytes
    client: str = ""
    address: str = ""
    kind: str = EVENT
    packed: Place | None = None


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
