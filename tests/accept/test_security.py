import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.accept import security
from kaput.accept.security import MAX_REPORTS, Reports
from kaput.digest.record import digest
from kaput.errors import Refused
from kaput.model import Digested, Record
from tests.accept.door import NEW_ID, NOW, outcome

AGENT = "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0"
PAGE = "https://shop.example/cart?item=9"
CSP = {
    "document-uri": PAGE,
    "referrer": "https://search.example/",
    "violated-directive": "script-src-elem",
    "effective-directive": "script-src-elem",
    "original-policy": "script-src 'self'; report-uri /api/1/security/",
    "disposition": "enforce",
    "blocked-uri": "https://cdn.example/lib.js?v=1",
    "status-code": 200,
}
CHROME = {
    "age": 2500,
    "type": "csp-violation",
    "url": PAGE,
    "user_agent": AGENT,
    "body": {
        "documentURL": PAGE,
        "blockedURL": "https://cdn.example/lib.js?v=1",
        "effectiveDirective": "script-src-elem",
        "disposition": "enforce",
    },
}
"""The same violation as the Reporting API tells it."""


def encode(value: Any) -> bytes:
    """Writes a body."""
    return json.dumps(value).encode()


def csp(**values: Any) -> dict[str, Any]:
    """Makes the report of a violation; underscores in the names are dashes."""
    return {"csp-report": CSP | {name.replace("_", "-"): value for name, value in values.items()}}


def read(value: Any) -> list[Digested]:
    """Reads a body and digests what came of it."""
    found = security.read(encode(value), NOW, AGENT, {"release": "shop@2", "environment": "test"})
    return [digest(Record(7, NEW_ID, NOW, body, "", "192.0.2.7")) for body in found.events]


def title(value: Any) -> str:
    """Returns how the issue of one report is called."""
    (found,) = read(value)
    return found.title.value


def test_a_violation_becomes_an_event() -> None:
    """The event names what was blocked, where, in which browser and by which policy."""
    (found,) = read(csp())
    event = found.event
    assert (found.title.value, found.title.culprit) == (
        "Blocked cdn.example by script-src-elem",
        "https://shop.example/cart",
    )
    assert (event.level, event.logger, event.release, event.environment) == ("error", "csp", "shop@2", "test")
    assert event.request is not None
    assert event.request.url == PAGE
    assert event.request.headers == {"Referer": "https://search.example/", "User-Agent": AGENT}
    assert event.contexts["csp"]["blocked-uri"] == "https://cdn.example/lib.js?v=1"
    assert event.tags == {"effective-directive": "script-src-elem", "blocked": "cdn.example", "disposition": "enforce"}
    assert event.user is not None
    assert event.user.ip_address == "192.0.2.7"
    assert event.errors == []


def test_both_forms_of_a_violation_are_one_issue() -> None:
    """The old and the new report of the same thing share an issue; the new one says when it was made."""
    ((old,), (new,)) = read(csp()), read([CHROME])
    assert old.grouping.hashes == new.grouping.hashes
    assert new.event.timestamp == NOW - 2.5


@pytest.mark.parametrize(
    "other",
    [
        csp(blocked_uri="https://cdn.example/other.js", document_uri="https://shop.example/pay"),
        csp(disposition="report"),
        csp(effective_directive="", violated_directive="script-src-elem 'self' https://good.example"),
    ],
)
def test_other_addresses_are_the_same_issue(other: dict[str, Any]) -> None:
    """The page, the path of what was blocked and the rest of the policy make no other issue."""
    assert read(other)[0].grouping.hashes == read(csp())[0].grouping.hashes


@pytest.mark.parametrize("other", [csp(blocked_uri="https://evil.example/lib.js"), csp(effective_directive="img-src")])
def test_another_host_or_directive_is_another_issue(other: dict[str, Any]) -> None:
    """What is blocked and what forbids it tell issues apart."""
    assert read(other)[0].grouping.hashes != read(csp())[0].grouping.hashes


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (csp(blocked_uri="inline"), "Blocked inline by script-src-elem"),
        (csp(blocked_uri=""), "Blocked inline by script-src-elem"),
        (csp(blocked_uri="eval"), "Blocked eval by script-src-elem"),
        (csp(blocked_uri="data:text/javascript,alert(1)"), "Blocked data: by script-src-elem"),
        (csp(blocked_uri="chrome-extension://abcdef/x.js"), "Blocked chrome-extension: by script-src-elem"),
        (csp(blocked_uri="https://SHOP.example/own.js"), "Blocked self by script-src-elem"),
        (csp(blocked_uri="https://[/"), "Blocked unknown host by script-src-elem"),
        (csp(disposition="report"), "Would block cdn.example by script-src-elem"),
        ({"expect-ct-report": {"hostname": "shop.example", "port": 443}}, "expect-ct: shop.example"),
        ({"expect-staple-report": {"hostname": "shop.example"}}, "expect-staple: shop.example"),
        ({"hostname": "shop.example", "known-pins": ["pin-sha256=x"]}, "hpkp: shop.example"),
        (
            {"type": "deprecation", "url": PAGE, "body": {"id": "Sync", "message": "Sync is going"}},
            "deprecation: Sync is going",
        ),
        (
            {"type": "network-error", "url": PAGE, "body": {"type": "dns.name_not_resolved", "phase": "dns"}},
            "network-error: dns.name_not_resolved, shop.example",
        ),
        ({"type": "crash", "url": PAGE, "body": {"reason": "oom"}}, "crash: oom, shop.example"),
        ({"type": "coep", "url": PAGE, "body": {"type": "corp", "blockedURL": PAGE}}, "coep: corp, self"),
        ({"type": "new-kind", "body": {}}, "new-kind"),
    ],
)
def test_every_kind_of_report_has_its_title(report: dict[str, Any], expected: str) -> None:
    """Each report is called by what it is about."""
    assert title(report) == expected


def test_a_list_is_read_as_far_as_it_is_good() -> None:
    """What is no report is counted, the others become events, and there is an end to them."""
    found = security.read(encode([CHROME, 7, {"type": "Bad Type", "body": {}}, CHROME]), NOW, AGENT, {})
    assert (len(found.events), found.malformed, found.beyond) == (2, 2, 0)
    found = security.read(encode([CHROME] * (MAX_REPORTS + 3)), NOW, AGENT, {})
    assert (len(found.events), found.malformed, found.beyond) == (MAX_REPORTS, 0, 3)
    assert security.read(b"[]", NOW, AGENT, {}) == Reports([])


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"7", b"null", b"{}", b'{"csp-report":7}', b'{"csp-report":{}}', b"[7]"),
        b'{"type":"csp-violation","body":{}}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_report_is_refused(body: bytes) -> None:
    """A body without one report is the sender's fault."""
    with pytest.raises(Refused) as caught:
        security.read(body, NOW, AGENT, {})
    assert (caught.value.status, caught.value.reason) == (400, "malformed")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
FIELDS = st.dictionaries(st.sampled_from([*CSP, "age", "type", "body", "url", "hostname", "id", "message"]), JSON)


@given(FIELDS, st.sampled_from(["csp-report", "expect-ct-report", "body"]), FIELDS)
def test_arbitrary_reports_become_events_or_are_refused(
    fields: dict[str, Any], name: str, around: dict[str, Any]
) -> None:
    """Whatever types the fields have, the event that comes of it can be digested."""
    body = encode({"type": "csp-violation", **around, name: fields})
    found = outcome(lambda: security.read(body, NOW, AGENT, {}))
    for text in found.events if isinstance(found, Reports) else ():
        digest(Record(7, NEW_ID, NOW, text))
