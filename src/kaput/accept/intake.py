"""The core of accept: a request becomes records, drops and the id for the answer, or it is refused.

In: a request, the keys in memory, limits, a source of new ids. Out: `Taken`. It does no I/O and knows no clock.
The doors import it: `door.py` and `wsgi.py`.

`admit` needs no body: a door calls it first, so that a stranger's body is never read.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from kaput.accept import (
    attachment,
    auth,
    check_in,
    client_report,
    encoding,
    envelope,
    feedback,
    legacy,
    reply,
    route,
    security,
    sessions,
    syntax,
    widget,
)
from kaput.accept.auth import Keys
from kaput.accept.limits import Limits
from kaput.accept.request import Answer, Request
from kaput.errors import Refused
from kaput.model import ATTACHMENT, CHECK_IN, EVENT, FEEDBACK, PACKED_CODING, SESSIONS, Drop, Place, Record

NewId = Callable[[], str]
"""Makes an event id: 32 lower-case hexadecimal digits."""

KNOWN_TYPES = frozenset(
    {
        *("form_data", "log", "metric_buckets", "profile", "profile_chunk"),
        *("replay_event", "replay_recording", "span", "statsd", "trace_metric", "transaction"),
    }
)
"""Item types of the protocol that this version leaves out; any other type is counted as `other`."""

SOURCE = ("release", "environment")
"""What the address of a browser's report may say of its origin, as `sentry_release` and `sentry_environment`."""

LARGEST_PACKED, PACKED_SHARE = 256 * 1024, 2
"""Unpacked bytes of a body that a record holds as it came, and how many times smaller than the event it must be."""

_UNCOUNTED = frozenset({ATTACHMENT, CHECK_IN, SESSIONS})
"""Kinds of records that take nothing of a key's limit."""

_Made = tuple[list[Record], Counter[str]]
"""The records of an item, and what was left out of it, by reason."""


class Admission(Struct, frozen=True):
    """What is known of a request before its body.

    Attributes:
        key: the key that was presented; empty when only the envelope's header can hold it.
        project_id: the project that the key opens; 0 while the key is not known.
    """

    route: route.Route
    key: str
    client: str
    project_id: int


class Taken(Struct, frozen=True):
    """What a request brought.

    Attributes:
        records: the events, and what came beside them, to append.
        drops: what was left out, by reason.
        answer_id: the first event's id, as it is stored; without an event the one that the envelope's header names;
            empty when there is none.
        answer: what is answered instead, if anything.
        key: the key that let it in.
    """

    records: list[Record]
    drops: list[Drop]
    answer_id: str
    answer: Answer | None = None
    key: str = ""

    @property
    def counted(self) -> int:
        """How much of a key's limit it takes: attachments come with their event, and count as one without it."""
        kinds = [record.kind for record in self.records]
        return sum(kind not in _UNCOUNTED for kind in kinds) or int(ATTACHMENT in kinds)


def admit(request: Request, keys: Keys, limits: Limits) -> Admission:
    """Decides by the path, the method and the headers.

    Raises:
        Refused: 404, 405, 400, 401, 403; 413 when the announced length is above the limit.
    """
    found = route.find(request.path)
    if not found.endpoint.supported:
        name = found.endpoint.value
        raise Refused(404, f"unsupported:{name}", f"This version of Kaput does not take {name}; send events.")
    if request.method not in found.endpoint.methods:
        raise Refused(405, "method", f"The method {request.method[:20]!r} is not for this path; use POST.")
    query = auth.pairs_of(request.query)
    presented = auth.present(request.headers, query)
    key = auth.single((presented.key, found.key))
    if found.endpoint is route.Endpoint.ERROR_PAGE:
        key = auth.single((key, *(auth.key_of_dsn(value) for name, value in query if name == "dsn")))
    project_id = 0
    if key or found.endpoint is not route.Endpoint.ENVELOPE:
        project_id = auth.authorise(key, found.project_id, keys)
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > limits.max_body:
        raise body_too_large(limits)
    return Admission(found, key, presented.client, project_id)


def unpack(request: Request, admission: Admission, keys: Keys, limits: Limits, new_id: NewId) -> Taken:
    """Takes the body of an admitted request apart.

    Raises:
        Refused: 400 for a body that is malformed or cut short, or whose only events are; 401 and 403 when the key
            stands in the envelope's header; 413, 415.
    """
    if len(request.body) > limits.max_body:
        raise body_too_large(limits)
    if admission.route.endpoint is not route.Endpoint.ENVELOPE:
        taken = _TAKERS[admission.route.endpoint](request, admission, limits, new_id)
        return msgspec.structs.replace(taken, key=admission.key)
    data = encoding.unpack(request.body, request.headers.get("content-encoding", ""), limits.max_unpacked)
    if not admission.project_id:
        admission = _with_key_of(envelope.header_of(data, limits), admission, keys)
    opened = envelope.parse(data, limits)
    if "dsn" in opened.header:
        admission = _with_key_of(opened.header, admission, keys)
    return _take_envelope(opened, request, admission, limits, new_id)


def body_too_large(limits: Limits) -> Refused:
    """Makes the refusal of a body that is too large as it is sent."""
    return Refused(413, "too_large", f"The body is larger than {limits.max_body} bytes; send less.")


def _with_key_of(header: Mapping[str, Any], admission: Admission, keys: Keys) -> Admission:
    """Adds the key in the envelope's header to what is known."""
    key = auth.single((admission.key, auth.key_of_dsn(header.get("dsn"))))
    project_id = auth.authorise(key, admission.route.project_id, keys)
    return Admission(admission.route, key, admission.client, project_id)


def _take_store(request: Request, admission: Admission, limits: Limits, new_id: NewId) -> Taken:
    if request.method == "GET":
        data = dict(auth.pairs_of(request.query)).get("sentry_data", "")
        body = legacy.event_text_of_query(data, limits.max_unpacked)
    else:
        coding = request.headers.get("content-encoding", "")
        body = legacy.event_text(encoding.unpack(request.body, coding, limits.max_unpacked), limits.max_unpacked)
    record = _record(body, request, admission, limits, new_id)
    return Taken([record], [], record.event_id)


def _take_security(request: Request, admission: Admission, limits: Limits, new_id: NewId) -> Taken:
    data = encoding.unpack(request.body, request.headers.get("content-encoding", ""), limits.max_unpacked)
    query = dict(auth.pairs_of(request.query))
    records, left_out = _reports(data, query, request, admission, limits, new_id)
    return Taken(records, _drops(left_out, request, admission), records[0].event_id if records else "")


def _reports(
    data: bytes, said: Mapping[str, Any], request: Request, admission: Admission, limits: Limits, new_id: NewId
) -> _Made:
    """Makes an event of each report of a browser; `said` is the query or the item's header, for `SOURCE`."""
    if len(data) > limits.max_event:
        raise Refused(413, "too_large", f"The reports are larger than {limits.max_event} bytes; send fewer at once.")
    given = {name: said.get(f"sentry_{name}") for name in SOURCE}
    source = {name: value for name, value in given.items() if isinstance(value, str) and value}
    found = security.read(data, request.received, request.headers.get("user-agent", ""), source)
    # The browser is no SDK: it stands in the headers of the event's request.
    unnamed = msgspec.structs.replace(admission, client="")
    records = [_record(body, request, unnamed, limits, new_id) for body in found.events]
    return records, +Counter(malformed=found.malformed, too_many_reports=found.beyond)


def _take_error_page(request: Request, admission: Admission, limits: Limits, new_id: NewId) -> Taken:
    query = dict(auth.pairs_of(request.query))
    event_id = syntax.normal_id(query.get("eventId"))
    if not event_id:
        raise Refused(400, "malformed", "The address names no event; send its 32 hexadecimal digits as eventId.")
    if request.method == "GET":
        return Taken([], [], "", reply.script(widget.script(query)))
    form = encoding.unpack(request.body, request.headers.get("content-encoding", ""), limits.max_unpacked)
    said = feedback.of_form(event_id, form)
    return Taken([_aside(FEEDBACK, said, request, admission, limits, new_id)], [], event_id)


def _take_cron(request: Request, admission: Admission, limits: Limits, new_id: NewId) -> Taken:
    body = encoding.unpack(request.body, request.headers.get("content-encoding", ""), limits.max_unpacked)
    said = check_in.of_script(admission.route.slug, dict(auth.pairs_of(request.query)), body)
    return Taken([_aside(CHECK_IN, said, request, admission, limits, new_id)], [], "", reply.NOTED)


_TAKERS: dict[route.Endpoint, Callable[[Request, Admission, Limits, NewId], Taken]] = {
    route.Endpoint.STORE: _take_store,
    route.Endpoint.SECURITY: _take_security,
    route.Endpoint.CSP_REPORT: _take_security,
    route.Endpoint.ERROR_PAGE: _take_error_page,
    route.Endpoint.CRON: _take_cron,
}
"""What takes a body apart that is no envelope."""


def _take_envelope(
    opened: envelope.Envelope, request: Request, admission: Admission, limits: Limits, new_id: NewId
) -> Taken:
    """Keeps all that can be kept; an item that cannot fails the request only when no other is kept."""
    named = syntax.normal_id(opened.header.get("event_id"))
    if len(opened.items) == 1 and opened.items[0].type == EVENT:
        record = _lone_event(opened, request, admission, limits, lambda: named or new_id())
        return Taken([record], [], record.event_id, key=admission.key)
    ids = iter([named] if named else [])

    def make(item: envelope.Item) -> _Made:
        # The header's id is for the first event that has none; a second one would be taken for its duplicate.
        fresh = (lambda: next(ids, "") or new_id()) if item.type == EVENT else new_id
        return _MAKERS.get(item.type, _unsupported)(item, request, admission, limits, fresh)

    def attach(item: envelope.Item) -> _Made:
        body = attachment.of_item(item, answer_id, limits)
        return [_aside(ATTACHMENT, body, request, admission, limits, new_id)], Counter()

    records, left_out, failure = _each([item for item in opened.items if item.type != attachment.ITEM], make)
    if failure is not None and not records:
        raise failure
    answer_id = next((record.event_id for record in records if record.kind == EVENT), named)
    # Last, when it is known what they belong to.
    attached, lost, failure = _each([item for item in opened.items if item.type == attachment.ITEM], attach)
    if failure is not None and not records and not attached:
        raise failure
    return Taken(records + attached, _drops(left_out + lost, request, admission), answer_id, key=admission.key)


def _lone_event(
    opened: envelope.Envelope, request: Request, admission: Admission, limits: Limits, new_id: NewId
) -> Record:
    """Makes the record of an envelope's one item, of the body as it came when that is compressed and much smaller."""
    item, body = opened.items[0], request.body
    packable = request.headers.get("content-encoding") == PACKED_CODING and opened.size <= LARGEST_PACKED
    if not packable or PACKED_SHARE * len(body) > len(item.payload):
        return _record(bytes(item.payload), request, admission, limits, new_id)
    event_id = _event_id(item.payload, limits, new_id)
    client, address, end = admission.client, request.address, item.start + len(item.payload)
    return Record(
        admission.project_id, event_id, request.received, body, client, address, packed=Place(item.start, end)
    )


def _each(
    items: Sequence[envelope.Item], make: Callable[[envelope.Item], _Made]
) -> tuple[list[Record], Counter[str], Refused | None]:
    """Takes items apart; one that cannot be taken is counted, and costs no other. Returns the first refusal too."""
    records: list[Record] = []
    left_out: Counter[str] = Counter()
    failure: Refused | None = None
    for item in items:
        try:
            made, lost = make(item)
        except Refused as refusal:
            failure = failure or refusal
            left_out[refusal.reason] += 1
        else:
            records += made
            left_out += lost
    return records, left_out, failure


def _unsupported(item: envelope.Item, *_: object) -> _Made:
    return [], Counter({f"unsupported:{item.type if item.type in KNOWN_TYPES else 'other'}": 1})


def _event_of(item: envelope.Item, request: Request, admission: Admission, limits: Limits, new_id: NewId) -> _Made:
    return [_record(bytes(item.payload), request, admission, limits, new_id)], Counter()


def _feedback_of(item: envelope.Item, request: Request, admission: Admission, limits: Limits, new_id: NewId) -> _Made:
    said = feedback.of_item(item.type, bytes(item.payload))
    return [_aside(FEEDBACK, said, request, admission, limits, new_id)], Counter()


def _check_in_of(item: envelope.Item, request: Request, admission: Admission, limits: Limits, new_id: NewId) -> _Made:
    said = check_in.of_item(bytes(item.payload))
    return [_aside(CHECK_IN, said, request, admission, limits, new_id)], Counter()


def _reports_of(item: envelope.Item, request: Request, admission: Admission, limits: Limits, new_id: NewId) -> _Made:
    return _reports(bytes(item.payload), item.headers, request, admission, limits, new_id)


def _sessions_of(item: envelope.Item, request: Request, admission: Admission, limits: Limits, new_id: NewId) -> _Made:
    told, left_out = sessions.of_item(item.type, bytes(item.payload), request.received)
    return [_aside(SESSIONS, told, request, admission, limits, new_id)] if told else [], left_out


_MAKERS: dict[str, Callable[[envelope.Item, Request, Admission, Limits, NewId], _Made]] = {
    EVENT: _event_of,
    "check_in": _check_in_of,
    "client_report": lambda item, *_: ([], client_report.read(bytes(item.payload))),
    **dict.fromkeys(feedback.ITEMS, _feedback_of),
    **dict.fromkeys(security.ITEMS, _reports_of),
    **dict.fromkeys(sessions.ITEMS, _sessions_of),
}
"""What takes an item apart, by the item's type; it may raise Refused. Attachments need to know their event."""


def _aside(kind: str, body: bytes, request: Request, admission: Admission, limits: Limits, new_id: NewId) -> Record:
    """Makes a record with an id of its own: an event may be spoken of several times."""
    if kind != ATTACHMENT and len(body) > limits.max_event:  # attachments have a limit of their own
        raise Refused(413, "too_large", f"The {kind} is larger than {limits.max_event} bytes; send less.")
    client, address = admission.client, request.address
    return Record(admission.project_id, new_id(), request.received, body, client, address, kind)


def _drops(left_out: Counter[str], request: Request, admission: Admission) -> list[Drop]:
    return [Drop(reason, count, request.received, admission.project_id) for reason, count in left_out.items()]


def _record(body: bytes, request: Request, admission: Admission, limits: Limits, new_id: NewId) -> Record:
    event_id = _event_id(body, limits, new_id)
    return Record(admission.project_id, event_id, request.received, body, admission.client, request.address)


def _event_id(text: bytes | memoryview, limits: Limits, new_id: NewId) -> str:
    """Returns the id under which an event is kept; raises Refused when it can not be."""
    if len(text) > limits.max_event:
        raise Refused(413, "too_large", f"An event is larger than {limits.max_event} bytes; send less.")
    return syntax.check(text) or new_id()
