import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.accept import intake
from kaput.accept.intake import NewId, Taken
from kaput.accept.limits import Limits
from kaput.accept.request import Request
from kaput.errors import Refused
from kaput.model import ATTACHMENT, FEEDBACK, SESSIONS, Drop, Record
from kaput.model import EVENT as EVENT_KIND
from tests.accept.door import KEY, KEYS, NEW_ID, NOW, OTHER_KEY, envelope, outcome, request

LIMITS = Limits(max_event=5000, max_attachment=6000, max_items=50)
ID = "9d3b4c2a1f0e4d5c8b7a69584736251f"
EVENT = b'{"event_id":"%b","message":"a"}' % ID.encode()
NAMELESS = b'{"message":"b"}'
HEADER = json.dumps({"event_id": ID})
STORE = "/api/7/store/"
WIDGET = f"/api/embed/error-page/?eventId={ID}"
CSP_OF_A_PROXY = (
    b'{"event_id":"%b","csp":{"effective_directive":"img-src","blocked_uri":"https://cdn.example/a.png"}}'
    % (ID.encode())
)
CSP = b'{"csp-report":{"effective-directive":"img-src","blocked-uri":"https://cdn.example/a.png"}}'


def take(given: Request, new_id: NewId = lambda: NEW_ID) -> Taken:
    """Takes a request with the tests' keys and limits, as the doors do."""
    return intake.unpack(given, intake.admit(given, KEYS, LIMITS), KEYS, LIMITS, new_id)


def refused(given: Request) -> tuple[int, str]:
    """Returns status and reason of the refusal of a request."""
    with pytest.raises(Refused) as caught:
        take(given)
    return caught.value.status, caught.value.reason


def test_an_event_becomes_a_record() -> None:
    """The record holds the event as it was written, who sent it, from where and when."""
    sent = request(gzip.compress(envelope(("event", EVENT))), content_encoding="gzip", user_agent="sdk/2")
    assert take(sent) == Taken([Record(7, ID, NOW, EVENT, "sdk/2", "192.0.2.7")], [], ID, key=KEY)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (STORE, EVENT),
        ("/api/store/", EVENT),
        (STORE, base64.b64encode(EVENT)),
        (STORE, base64.b64encode(zlib.compress(EVENT))),
    ],
)
def test_store_bodies_become_a_record(path: str, body: bytes) -> None:
    """Every form of the store endpoint gives the same record; without a project in the path the key decides."""
    assert take(request(body, path)).records == [Record(7, ID, NOW, EVENT, "", "192.0.2.7")]


def test_store_by_query() -> None:
    """An event in the query of a GET is taken."""
    data = base64.b64encode(EVENT).decode()
    taken = take(request(path=f"{STORE}?sentry_key={KEY}&sentry_data={data}", method="GET", x_sentry_auth=""))
    assert taken.answer_id == ID


@pytest.mark.parametrize("path", ["/api/7/security/", "/api/7/csp-report"])
def test_a_report_of_a_browser_becomes_a_record(path: str) -> None:
    """The key stands in the query, as release and environment do; the browser is not taken for an SDK."""
    query = f"?sentry_key={KEY}&sentry_release=shop@2&sentry_environment=test"
    sent = request(CSP, path + query, x_sentry_auth="", content_type="application/csp-report", user_agent="Mozilla/5.0")
    taken = take(sent)
    (record,) = taken.records
    assert (record.project_id, record.event_id, record.client, taken.drops) == (7, NEW_ID, "", [])
    event = json.loads(record.body)
    assert (event["release"], event["environment"]) == ("shop@2", "test")
    assert event["request"]["headers"] == {"User-Agent": "Mozilla/5.0"}


def test_reports_of_a_list_each_count() -> None:
    """Each report is a record of its own; what is none is counted."""
    body = b'[{"type":"crash","body":{}},7,{"type":"crash","body":{}}]'
    ids = (f"{number:032x}" for number in count(1))
    taken = take(request(body, "/api/7/security/"), lambda: next(ids))
    assert [record.event_id for record in taken.records] == [f"{1:032x}", f"{2:032x}"]
    assert taken.drops == [Drop("malformed", 1, NOW, 7)]


@pytest.mark.parametrize(("kind", "payload"), [("raw_security", CSP), ("security", CSP), ("security", CSP_OF_A_PROXY)])
def test_a_report_in_an_envelope_is_the_event_of_the_endpoint(kind: str, payload: bytes) -> None:
    """An item with a browser's report becomes what the same body at the endpoint becomes; a bad one costs no other."""
    query = f"?sentry_key={KEY}&sentry_release=shop@2&sentry_environment=test"
    (expected,) = take(request(CSP, f"/api/7/security/{query}", x_sentry_auth="", user_agent="Mozilla/5.0")).records
    head = {"type": kind, "length": len(payload), "sentry_release": "shop@2", "sentry_environment": "test"}
    body = b'{}\n{"type":"raw_security"}\n[]x\n' + json.dumps(head).encode() + b"\n" + payload
    taken = take(request(body, user_agent="Mozilla/5.0"))
    assert (taken.records, taken.answer_id) == ([expected], NEW_ID)
    assert taken.drops == [Drop("malformed", 1, NOW, 7)]


def test_several_events_all_count() -> None:
    """Each event of an envelope becomes a record, in order."""
    other = EVENT.replace(b'"a"', b'"c"').replace(b"9d3b", b"0000")
    taken = take(request(envelope(("event", EVENT), ("event", other))))
    assert [record.body for record in taken.records] == [EVENT, other]
    assert taken.answer_id == ID


@pytest.mark.parametrize("named", [ID, ID.upper(), "9d3b4c2a-1f0e-4d5c-8b7a-69584736251f"])
def test_header_names_the_event_that_has_no_id(named: str) -> None:
    """The id in the envelope's header is for the first event without one; a second one gets a new id."""
    ids = (f"{number:032x}" for number in count(1))
    sent = request(envelope(("event", NAMELESS), ("event", NAMELESS), header=json.dumps({"event_id": named})))
    taken = take(sent, lambda: next(ids))
    assert [record.event_id for record in taken.records] == [ID, f"{1:032x}"]


def test_an_event_keeps_its_own_id() -> None:
    """The answer names the id that is stored, which is the event's own, whatever the header says."""
    taken = take(request(envelope(("event", EVENT), header='{"event_id":"%s"}' % ("1" * 32))))
    assert (taken.answer_id, taken.records[0].event_id) == (ID, ID)


@pytest.mark.parametrize("event_id", [b'""', b"7", b'"no id"', b"null", b"[]"])
def test_an_event_without_an_id_gets_one(event_id: bytes) -> None:
    """What is no id is passed over, and the new one is answered and stored."""
    taken = take(request(envelope(("event", b'{"event_id":' + event_id + b"}"))))
    assert (taken.answer_id, taken.records[0].event_id) == (NEW_ID, NEW_ID)


def test_other_items_are_counted_and_left_out() -> None:
    """Items of other types are counted by type, the unknown ones together, and the event between them is kept."""
    items = [("span", b"{}"), ("event", EVENT), ("transaction", b"{}"), ("span", b"{}"), ("new-" * 99, b"")]
    taken = take(request(envelope(*items, ("", b"x"))))
    assert [record.event_id for record in taken.records] == [ID]
    assert taken.drops == [
        Drop("unsupported:span", 2, NOW, 7),
        Drop("unsupported:transaction", 1, NOW, 7),
        Drop("unsupported:other", 2, NOW, 7),
    ]


REPORT = {"event_id": ID.upper(), "name": "Joe", "email": "joe@example.org", "comments": " It broke. "}
SAID = {"event_id": ID, "feedback_id": "", "name": "Joe", "email": "joe@example.org", "comments": "It broke."}


def test_feedback_in_an_envelope_is_a_record_of_its_kind() -> None:
    """Both items become the same record, with ids of its own; the answer names the event beside them."""
    names = {"associated_event_id": ID, "name": "Joe", "contact_email": "joe@example.org", "message": "It broke."}
    new = {"event_id": "e" * 32, "contexts": {"feedback": names}}
    items = [("user_report", json.dumps(REPORT).encode()), ("feedback", json.dumps(new).encode()), ("event", EVENT)]
    taken = take(request(envelope(*items)))
    said = [record for record in taken.records if record.kind == FEEDBACK]
    own = SAID | {"feedback_id": "e" * 32}
    assert [(record.event_id, json.loads(record.body)) for record in said] == [(NEW_ID, SAID), (NEW_ID, own)]
    assert ([record.kind for record in taken.records], taken.drops) == ([FEEDBACK, FEEDBACK, EVENT_KIND], [])
    assert taken.answer_id == ID


FILE = b"sku,count\n"


def attached(taken: Taken) -> list[tuple[str, bytes]]:
    """Returns to what each attachment belongs, and what is in it."""
    bodies = [record.body.split(b"\n", 1) for record in taken.records if record.kind == ATTACHMENT]
    return [(json.loads(line)["event_id"], content) for line, content in bodies]


@pytest.mark.parametrize(
    ("items", "header", "owner"),
    [
        ([("attachment", FILE), ("event", EVENT)], {"event_id": "1" * 32}, ID),
        ([("event", NAMELESS), ("attachment", FILE)], {"event_id": ID.upper()}, ID),
        ([("event", NAMELESS), ("attachment", FILE)], {}, NEW_ID),
        ([("attachment", FILE)], {"event_id": ID}, ID),
        ([("user_report", json.dumps(REPORT).encode()), ("attachment", FILE)], {"event_id": ID}, ID),
    ],
)
def test_attachments_belong_to_the_event_of_the_envelope(
    items: list[tuple[str, bytes]], header: dict[str, str], owner: str
) -> None:
    """An attachment names the event as it is stored, wherever it stands, else what the header names."""
    taken = take(request(envelope(*items, header=json.dumps(header))))
    assert (attached(taken), taken.drops, taken.answer_id) == ([(owner, FILE)], [], owner)


def test_what_cannot_be_attached_costs_no_event() -> None:
    """An attachment that is too large, or belongs to nothing, is counted; the event beside it is kept."""
    large = b"x" * (LIMITS.max_attachment + 1)
    taken = take(request(envelope(("attachment", large), ("event", EVENT), ("attachment", FILE))))
    assert (len(taken.records), attached(taken)) == (2, [(ID, FILE)])
    assert taken.drops == [Drop("attachment_too_large", 1, NOW, 7)]
    taken = take(request(envelope(("attachment", FILE), ("user_report", json.dumps(REPORT).encode()))))
    assert taken.drops == [Drop("attachment_without_event", 1, NOW, 7)]


def test_attachments_take_no_more_of_a_limit_than_their_event() -> None:
    """A key's limit counts events; attachments alone count as one, so that nobody sends them without end."""
    assert take(request(envelope(("event", EVENT), *[("attachment", FILE)] * 3))).counted == 1
    assert take(request(envelope(("event", EVENT), ("event", NAMELESS)))).counted == 2
    alone = request(envelope(*[("attachment", FILE)] * 3, header=json.dumps({"event_id": ID})))
    assert take(alone).counted == 1
    assert take(request(envelope(("session", b"{}")))).counted == 0


def test_feedback_alone_is_taken() -> None:
    """Without an event the answer names the one that the header names; bad feedback does not take the good with it."""
    items = [("user_report", b"{"), ("user_report", json.dumps(REPORT).encode())]
    taken = take(request(envelope(*items, header=json.dumps({"event_id": ID}))))
    assert ([record.kind for record in taken.records], taken.answer_id) == ([FEEDBACK], ID)
    assert taken.drops == [Drop("malformed", 1, NOW, 7)]


def test_the_form_of_the_widget_is_a_record() -> None:
    """The DSN of the address opens the project, and its event is spoken of."""
    body = b"name=Joe&email=joe%40example.org&comments=+It+broke.%0A"
    taken = take(request(body, f"{WIDGET}&dsn=http://{KEY}@host.example/7", x_sentry_auth=""))
    (record,) = taken.records
    assert (record.project_id, record.kind, json.loads(record.body)) == (7, FEEDBACK, SAID)
    assert taken.answer_id == ID


def test_the_widget_is_a_program_for_any_page() -> None:
    """A GET answers with the program, whose texts are those of the address, and keeps nothing."""
    taken = take(request(path=f"{WIDGET}&title=%3C/script%3E", method="GET"))
    assert taken.answer is not None
    headers = dict(taken.answer.headers)
    assert (headers["access-control-allow-origin"], headers["x-content-type-options"]) == ("*", "nosniff")
    assert headers["content-type"].startswith("text/javascript")
    assert b"\\u003c/script>" in taken.answer.body
    assert (taken.records, taken.drops) == ([], [])


def test_what_clients_left_out_is_counted() -> None:
    """The counts of all client reports are added up, and one that cannot be read harms no event."""
    report = b'{"discarded_events":[{"reason":"before_send","category":"error","quantity":2}]}'
    taken = take(request(envelope(("client_report", report), ("event", EVENT), ("client_report", report))))
    assert ([record.event_id for record in taken.records], taken.drops) == (
        [ID],
        [Drop("client:before_send", 4, NOW, 7)],
    )
    taken = take(request(envelope(("client_report", b"{"), ("event", EVENT))))
    assert (len(taken.records), taken.drops) == (1, [Drop("client:malformed", 1, NOW, 7)])


def test_sessions_are_records_of_their_kind() -> None:
    """One record an item stands beside the event; an update that changes nothing makes none, a wrong one is counted."""
    told = {"init": True, "started": NOW, "attrs": {"release": "2.4.1"}}
    well = json.dumps(told | {"sid": ID, "init": False}).encode()
    items = [("session", json.dumps(told).encode()), ("event", EVENT), ("session", well), ("sessions", b"{")]
    taken = take(request(envelope(*items)))
    assert [(record.kind, record.project_id, record.received) for record in taken.records] == [
        (SESSIONS, 7, NOW),
        (EVENT_KIND, 7, NOW),
    ]
    hours = {str(int(NOW // 3600)): [1, 0, 0, 0, 0]}
    assert json.loads(taken.records[0].body) == {"release": "2.4.1", "hours": hours}
    assert (taken.drops, taken.answer_id) == ([Drop("sessions_malformed", 1, NOW, 7)], ID)


@pytest.mark.parametrize(
    ("header", "expected"), [("{}", ""), (json.dumps({"event_id": ID}), ID), ('{"event_id":7}', "")]
)
def test_an_envelope_without_events_is_taken(header: str, expected: str) -> None:
    """Without an event the answer names what the header names, if anything."""
    assert take(request(envelope(("sessions", b"{}"), header=header))).answer_id == expected
    assert take(request(envelope(header=header))).records == []


def test_a_bad_event_does_not_take_the_good_one_with_it() -> None:
    """Events that cannot be read, or are too large, are counted, and the others are kept."""
    large = b'{"message":"' + b"x" * LIMITS.max_event + b'"}'
    taken = take(request(envelope(("event", b"[]"), ("event", EVENT), ("event", b'{"a'), ("event", large))))
    assert [record.event_id for record in taken.records] == [ID]
    assert taken.drops == [Drop("malformed", 2, NOW, 7), Drop("too_large", 1, NOW, 7)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (request(envelope(("event", b"[]"))), (400, "malformed")),
        (request(envelope(("session", b"{}"), ("event", b'{"a":'))), (400, "malformed")),
        (request(envelope(("event", EVENT))[:-9]), (400, "malformed")),
        (request(b""), (400, "malformed")),
        (request(b"", STORE), (400, "malformed")),
        (request(b"[1]", STORE), (400, "malformed")),
        (request(path=STORE, method="GET"), (400, "malformed")),
        (request(b'{"a":"' + b"x" * 5000 + b'"}', STORE), (413, "too_large")),
        (request(b"{}", content_encoding="lzma"), (415, "encoding")),
        (request(b"{}", x_sentry_auth=""), (401, "key_missing")),
        (request(b"not json", x_sentry_auth=""), (400, "malformed")),
        (request(b"{}", STORE, x_sentry_auth=""), (401, "key_missing")),
        (request(b"{}", x_sentry_auth="Sentry sentry_key=x"), (403, "key_unknown")),
        (request(b"{}", "/api/8/envelope/"), (403, "key_wrong_project")),
        (request(b"{}", f"/api/7/envelope/?sentry_key={OTHER_KEY}"), (400, "key_conflict")),
        (request(b"{}", method="GET"), (405, "method")),
        (request(b"{}", STORE, method="PUT"), (405, "method")),
        (request(b"{}", "/api/7/security/"), (400, "malformed")),
        (request(CSP, "/api/7/security/", x_sentry_auth=""), (401, "key_missing")),
        (request(CSP + b" " * LIMITS.max_event, "/api/7/csp-report/"), (413, "too_large")),
        (request(path="/api/7/security/", method="GET"), (405, "method")),
        (request(b"MDMP", "/api/7/minidump/"), (404, "unsupported:minidump")),
        (request(b"comments=x", "/api/embed/error-page/?eventId=x"), (400, "malformed")),
        (request(b"name=x&comments=+", f"{WIDGET}&dsn="), (400, "malformed")),
        (request(b"&".join(b"a=1" for _ in range(21)), WIDGET), (400, "malformed")),
        (request(b"comments=x", WIDGET, x_sentry_auth=""), (401, "key_missing")),
        (request(b"comments=x", f"{WIDGET}&dsn=http://{OTHER_KEY}@host.example/8"), (400, "key_conflict")),
        (request(b"comments=" + b"x" * 5000, WIDGET), (413, "too_large")),
        (request(envelope(("user_report", b"{}"))), (400, "malformed")),
        (request(envelope(("feedback", b"[]"))), (400, "malformed")),
        (request(envelope(("attachment", b"x"))), (400, "attachment_without_event")),
        (request(envelope(("event", b"["), ("attachment", b"x"), header=HEADER)), (400, "malformed")),
        (request(envelope(("attachment", b"x" * 6001), header=HEADER)), (413, "attachment_too_large")),
        (request(b"", "/api/7/other/"), (404, "unknown_path")),
        (request(b"{}", content_length=str(LIMITS.max_body + 1)), (413, "too_large")),
        (request(b" " * (LIMITS.max_body + 1)), (413, "too_large")),
    ],
)
def test_what_cannot_be_taken_is_refused(given: Request, expected: tuple[int, str]) -> None:
    """Each refusal has its status and the reason that it is counted under."""
    assert refused(given) == expected


@pytest.mark.parametrize("path", ["/api/7/envelope/", f"/api/7/envelope/?sentry_key={KEY}"])
def test_key_in_the_envelope(path: str) -> None:
    """A DSN in the envelope's header opens the project, alone or beside the same key elsewhere."""
    body = envelope(("event", EVENT), header=json.dumps({"dsn": f"https://{KEY}@host.example/7"}))
    assert [record.project_id for record in take(request(body, path, x_sentry_auth="")).records] == [7]


@pytest.mark.parametrize(
    ("dsn", "auth", "expected"),
    [
        (f"https://{OTHER_KEY}@host.example/7", "", (403, "key_wrong_project")),
        (f"https://{OTHER_KEY}@host.example/7", f"Sentry sentry_key={KEY}", (400, "key_conflict")),
        ("https://host.example/7", "", (401, "key_missing")),
        ("https://x@host.example/7", "", (403, "key_unknown")),
    ],
)
def test_wrong_keys_in_the_envelope(dsn: str, auth: str, expected: tuple[int, str]) -> None:
    """A DSN in the envelope's header is held to the same rules as a header of the request."""
    assert refused(request(envelope(("event", EVENT), header=json.dumps({"dsn": dsn})), x_sentry_auth=auth)) == expected


def envelopes() -> st.SearchStrategy[bytes]:
    """Makes envelopes of which some parts are damaged."""
    kinds = st.sampled_from(["event", "session", "attachment", "x", ""])
    payloads = st.sampled_from([EVENT, NAMELESS, b"[]", b"{", b"", b'{"event_id":[NaN]}', b"\xff"]) | st.binary(
        max_size=9
    )
    whole = st.lists(st.tuples(kinds, payloads), max_size=5).map(lambda items: envelope(*items))
    cut = st.tuples(whole, st.integers(0, 200)).map(lambda pair: pair[0][: pair[1]])
    return whole | cut | st.binary(max_size=50)


def lines() -> Iterator[str]:
    """Names the headers and query that a stranger controls."""
    yield from ("x_sentry_auth", "authorization", "content_encoding", "content_length", "user_agent")


@given(envelopes(), st.dictionaries(st.sampled_from(list(lines())), st.text(max_size=30)), st.text(max_size=30))
def test_arbitrary_requests_are_taken_or_refused(body: bytes, headers: dict[str, str], query: str) -> None:
    """Whatever is sent, the only error is a refusal of 400 to 415."""
    for path in (
        f"/api/7/envelope/?{query}",
        f"/api/7/store/?{query}",
        f"/api/7/security/?{query}",
        f"{WIDGET}&{query}",
    ):
        sent = request(body, path, **headers)
        found = outcome(lambda sent=sent: take(sent))  # type: ignore[misc]
        assert isinstance(found, Taken) or 400 <= found.status <= 415
