"""The page of one issue, over real events in a real store."""

import html
import json
import re

import pytest

from kaput.model import (
    Breadcrumb,
    Breadcrumbs,
    Event,
    ExceptionChain,
    ExceptionValue,
    FieldError,
    Frame,
    LogEntry,
    Mechanism,
    Request,
    Sdk,
    Stacktrace,
    Thread,
    Threads,
    User,
)
from kaput.store.base import Limits, ProjectRow, Status
from tests.view.reports import CORPUS, keep, report
from tests.view.site import Site, Visitor, visitor

HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}",
    "W" * 8192,
    "\x00\x1b[2J\u202e\ud7ff",
]


@pytest.fixture
def ada(site: Site) -> Visitor:
    site.admin()
    return visitor(site.app(), "ada@example.org")


def text_of(page: str) -> str:
    """Returns what a reader sees of a page, in one line."""
    shown = re.sub(r"<pre id=.*?</pre>|<title>.*?</title>|<script.*?</script>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", shown))).replace(" :", ":")


def copied(page: str, name: str) -> str:
    """Returns the text that a copy button of the page takes."""
    found = re.search(rf'<pre id="{name}" hidden>(.*?)</pre>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def everywhere(text: str, event_id: str = "e" * 32) -> Event:
    """Returns an event in which every string is the text."""
    frames = [
        Frame(text, text, text, text, 3, 9, [text], text, [text], index == 1, {text: [text, {text: text}]})
        for index in (0, 1)
    ]
    trace = Stacktrace(frames, (5, 1))
    mechanism = Mechanism(text, None, source=text, exception_id=1, parent_id=1)
    crumb = Breadcrumb(1.0, text, text, text, text, {text: text})
    return Event(
        event_id=event_id,
        timestamp=1_700_000_000.0,
        received=1e18,
        platform=text,
        level=text,
        logger=text,
        transaction=text,
        server_name=text,
        release=text,
        dist=text,
        environment=text,
        logentry=LogEntry(text, [text, {text: text}], f"{text}!"),
        exception=ExceptionChain([ExceptionValue(text, text, text, mechanism, trace)] * 2),
        threads=Threads([Thread(text, text, crashed=True, stacktrace=trace)]),
        request=Request(text, text, f"{text}={text}", {text: text}, {text: text}, {text: text}, {text: text}),
        user=User(text, text, text, text, text, {text: text}),
        tags={text: text},
        contexts={text: {text: text}},
        extra={text: text},
        modules={text: text},
        breadcrumbs=Breadcrumbs([crumb] * 2),
        sdk=Sdk(text, text),
        errors=[FieldError(text, text, text)],
    )


def test_the_answer_is_on_the_page(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """The page of an issue says what, where, with which values, since when, how often and for whom."""
    report(site, shop, "sdk-key-error", age=3 * 86400)
    report(site, shop, "sdk-key-error", age=120, release="2.4.1", environment="production", user={"id": "7"})
    page = ada.get("/issues/SHOP-1")
    shown = text_of(page)
    for text in (
        "KeyError 'sku-9'",
        "unresolved",
        "2 events",
        "first 3 d ago",
        "last 2 m ago in 2.4.1",
        "Event 2 of 2",
        "price_cart shop/pricing.py:9",
        "9 total += prices[sku] * quantity",
        "total 300 sku 'sku-9' quantity 1 lines [['sku-1', 2], ['sku-9', 1]] currency 'EUR'",
        "4 frames in flask",
        "POST http://localhost/checkout/3",
        "production",
    ):
        assert text in shown, text
    assert '<span class="line running" aria-current="location">' in page
    assert html.escape(site.store.issues.get("SHOP-1").grouped_by, quote=False) in html.unescape(page)


def test_own_calls_are_open_without_a_script(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """The calls of the application are open in the HTML itself; the libraries' are folded with their source inside."""
    report(site, shop, "sdk-key-error")
    page = ada.get("/issues/SHOP-1")
    assert page.count('<details class="call call-own" open>') == 2
    folded = page[page.index('<details class="folded">') :]
    assert re.search(r'<details class="call">\s*<summary>\s*<code class="function">dispatch_request</code>', folded)


@pytest.mark.parametrize("name", sorted(path.stem for path in CORPUS.glob("*.json")))
def test_every_captured_event_has_a_page(site: Site, shop: ProjectRow, ada: Visitor, name: str) -> None:
    """Whatever the clients sent has a page with its title, and no part of it is empty."""
    issue, event_id = report(site, shop, name)
    page = ada.get(f"/issues/SHOP-1/events/{event_id}")
    assert issue.type in text_of(page)
    assert " ".join(issue.value.split()) in text_of(page)
    assert re.search(r"<h2[^>]*>\s*</h2>|<dl class=\"members\">\s*</dl>|<ul>\s*</ul>|<ol[^>]*>\s*</ol>", page) is None


def test_chained_exceptions_follow_the_raised_one(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """The raised exception comes first and what caused it after it."""
    report(site, shop, "sdk-chained")
    heads = re.findall(r'<h3 class="raised-head">(.*?)</h3>', ada.get("/issues/SHOP-1"))
    assert len(heads) >= 2
    assert "relation" not in heads[0]
    assert all(re.search(r'class="relation">(caused by|during handling of)<', head) for head in heads[1:])


def test_members_of_a_group_are_indented(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """The members of an exception group lie under it."""
    report(site, shop, "sdk-group")
    found = re.findall(r'raised depth-(\d)">\s*<h3.*?raised-type"[^>]*>(\w+)<', ada.get("/issues/SHOP-1"))
    assert found == [("0", "ExceptionGroup"), ("1", "ValueError"), ("1", "ValueError"), ("1", "KeyError")]


def test_a_deep_recursion_is_short(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """Calls that recurse are shown for one round, the other rounds are folded, and the page stays small."""
    report(site, shop, "sdk-recursion")
    page = ada.get("/issues/SHOP-1")
    assert "the same 2 calls 39 more times" in text_of(page)
    assert page.count(" open>") < 20
    assert len(page) < 250_000


def test_a_secret_reads_filtered(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """A secret that was taken out says so, with the reason in its tooltip, and is nowhere on the page."""
    report(site, shop, "sdk-secrets")
    page = ada.get("/issues/SHOP-1")
    assert re.search(r'class="filtered" title="[^"]*looks secret[^"]*">filtered<', page)
    assert "4111 1111" not in page


def test_tags_of_all_events(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """What the events have in common is told by tag, once there is more than one event to compare."""
    report(site, shop, "sdk-key-error", tags={"plan": "pro"})
    assert "In all events" not in text_of(ada.get("/issues/SHOP-1"))
    for plan in ("free", "pro", "pro"):
        report(site, shop, "sdk-key-error", tags={"plan": plan})
    shown = text_of(ada.get("/issues/SHOP-1"))
    assert "plan pro 75% free 25%" in shown
    assert "level error 100%" in shown


def test_log_message_shows_its_parameters(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """A log message shows the text, the template and the parameters."""
    report(site, shop, "sdk-log")
    shown = text_of(ada.get("/issues/SHOP-1"))
    assert "Message error order 8812 of customer ann@example.com failed after 2.5 s" in shown
    assert "template order %s of customer %s failed after %.1f s" in shown
    assert "Copy trace" not in shown


def test_breadcrumbs_newest_last(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """What happened before is listed with its time, level, category, text and data, the newest last."""
    now = site.clock()
    crumbs = [
        {"timestamp": now - 65, "category": "query", "message": "SELECT 1", "data": {"rows": 3}},
        {"timestamp": now - 61, "category": "shop.db", "level": "error", "message": "giving up"},
    ]
    report(site, shop, "sdk-key-error", breadcrumbs={"values": crumbs})
    shown = text_of(ada.get("/issues/SHOP-1"))
    assert "Before it happened newest last 07:58:55 query SELECT 1 rows 3 07:58:59 shop.db error giving up" in shown


def test_steps_between_events(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """Each event leads to the one before and after it, to the oldest and the newest."""
    ids = [report(site, shop, "sdk-key-error", age=age)[1] for age in (300, 200, 100)]
    page = ada.get(f"/issues/SHOP-1/events/{ids[1]}")
    assert "Event 2 of 3" in text_of(page)
    found = dict(
        re.findall(
            r'<a class="(?:button button-small|event-end)" href="/issues/SHOP-1/events/(\w+)"[^>]*>(\w+)</a>', page
        )
    )
    assert re.search(rf'events/{ids[0]}" data-key="p"[^>]*>Previous<', page)
    assert re.search(rf'events/{ids[2]}" data-key="n"[^>]*>Next<', page)
    assert found == {ids[0]: "oldest", ids[2]: "newest"}
    newest = ada.get("/issues/SHOP-1")
    assert "Event 3 of 3" in text_of(newest)
    assert '<span class="button button-small" aria-disabled="true">Next</span>' in newest


def test_raw_event(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """The stored event is there as JSON that no browser takes for a page."""
    _, event_id = report(site, shop, "sdk-key-error", extra={"note": "<script>alert(1)</script>"})
    answer = ada.open(f"/issues/SHOP-1/events/{event_id}.json")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == f'inline; filename="{event_id}.json"'
    raw = json.loads(answer.data)
    assert (raw["event_id"], raw["extra"]["note"]) == (event_id, "<script>alert(1)</script>")
    assert raw["exception"]["values"][-1]["type"] == "KeyError"


def test_text_to_copy(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """The trace and the request are there as texts to be copied: the first as Python prints it, the second for curl."""
    report(site, shop, "sdk-key-error")
    page = ada.get("/issues/SHOP-1")
    trace = copied(page, "trace-text")
    assert trace.startswith("Traceback (most recent call last):\n")
    assert trace.endswith("    total += prices[sku] * quantity\nKeyError: 'sku-9'")
    assert copied(page, "curl-text").startswith("curl -g http://localhost/checkout/3")


def test_decisions(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """An issue is resolved, muted and reopened from its page, which says so and goes back to the event looked at."""
    ids = [report(site, shop, "sdk-key-error", age=age)[1] for age in (300, 200)]
    answer = ada.send("/issues/SHOP-1/decision", "/issues/SHOP-1", decision="resolved", event_id=ids[0])
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/issues/SHOP-1/events/{ids[0]}")
    assert site.store.issues.get("SHOP-1").status is Status.RESOLVED
    site.clock.now += 7200
    page = ada.get("/issues/SHOP-1")
    assert "resolved resolved by you 2 h ago" in text_of(page)
    assert 'value="unresolved" data-key="r"' in page
    ada.send("/issues/SHOP-1/decision", "/issues/SHOP-1", decision="muted", event_id="no id")
    assert site.store.issues.get("SHOP-1").status is Status.MUTED
    answer = ada.send("/issues/SHOP-1/decision", "/issues/SHOP-1", decision="unresolved")
    assert answer.headers["Location"] == "/issues/SHOP-1"
    assert "Activity reopened by you just now muted by you just now resolved by you 2 h ago" in text_of(
        ada.get("/issues/SHOP-1")
    )


def test_a_regression_says_so(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """An issue that came back is marked, with the release that brought it."""
    report(site, shop, "sdk-key-error", age=60)
    ada.send("/issues/SHOP-1/decision", "/issues/SHOP-1", decision="resolved")
    site.clock.now += 7200
    report(site, shop, "sdk-key-error", age=0, release="2.4.2")
    assert "unresolved regressed in 2.4.2 just now" in text_of(ada.get("/issues/SHOP-1"))


def test_ways_to_decide(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """The menus resolve in a release, typed or the next, and mute until something; the page says until when."""
    report(site, shop, "sdk-key-error", release="2.4.1")

    def decide(**fields: str) -> str:
        ada.send("/issues/SHOP-1/decision", "/issues/SHOP-1", **fields)
        return text_of(ada.get("/issues/SHOP-1"))

    assert "In the next release, after 2.4.1" in text_of(ada.get("/issues/SHOP-1"))
    assert "resolved in the next release, after 2.4.1 by you just now" in decide(decision="resolved:next")
    assert "resolved in 3.0 by you just now" in decide(decision="resolved:release", release="3.0")
    assert "muted for 1 d more" in decide(decision="muted:for:86400")
    assert "muted until 100 events in 1 h" in decide(decision="muted:events", amount="100", seconds="3600")
    assert "muted until 7 more events" in decide(decision="muted:events", amount="7", seconds="0")
    assert "muted until 2 more users" in decide(decision="muted:users", amount="2")


def test_undo_from_the_page(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """A decision about one issue is taken back where it was made; a second time it is told that it cannot be."""
    report(site, shop, "sdk-key-error")
    ada.send("/issues/SHOP-1/decision", "/issues/SHOP-1", decision="resolved")
    page = ada.get("/issues/SHOP-1")
    assert "Resolved. Undo z" in text_of(page)
    (undo,) = re.findall(r'name="undo" value="([0-9]+)"', page)
    answer = ada.send("/issues/undo", "/issues/SHOP-1", undo=undo, back="/issues/SHOP-1")
    assert answer.location == "/issues/SHOP-1"
    page = text_of(ada.get("/issues/SHOP-1"))
    assert "Undone." in page
    assert "resolving undone by you just now" in page
    ada.send("/issues/undo", "/issues/SHOP-1", undo=undo, back="/issues/SHOP-1")
    assert "This cannot be undone any more." in text_of(ada.get("/issues/SHOP-1"))


def test_how_an_open_issue_stands(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """It is new for a day, then ongoing, and unmuted after an event that ended its mute."""
    report(site, shop, "sdk-key-error", age=0)
    assert "unresolved new" in text_of(ada.get("/issues/SHOP-1"))
    site.clock.now += 86401
    assert "unresolved ongoing" in text_of(ada.get("/issues/SHOP-1"))
    ada.send("/issues/SHOP-1/decision", "/issues/SHOP-1", decision="muted:events:1")
    site.clock.now += 10
    report(site, shop, "sdk-key-error", age=0, release="2.5")
    page = text_of(ada.get("/issues/SHOP-1"))
    assert "unresolved unmuted" in page
    assert "mute ended in 2.5 just now" in page


@pytest.mark.parametrize(
    "fields",
    [
        {"decision": ""},
        {"decision": "unresolved:x"},
        {"decision": "resolved:soon"},
        {"decision": "resolved:release"},
        {"decision": "resolved:release", "release": "x" * 201},
        {"decision": "muted:while:5"},
        {"decision": "muted:for:0"},
        {"decision": "muted:for:99999999999"},
        {"decision": "muted:events:-1"},
        {"decision": "muted:events:\u0661"},
        {"decision": "muted:events:20000:60"},
        {"decision": "muted:users"},
    ],
)
def test_decisions_that_cannot_be_meant(site: Site, shop: ProjectRow, ada: Visitor, fields: dict[str, str]) -> None:
    """Numbers out of bounds, other words and missing names are a 400 and change nothing."""
    report(site, shop, "sdk-key-error")
    assert ada.send("/issues/SHOP-1/decision", "/issues/SHOP-1", **fields).status_code == 400
    assert site.store.issues.activity(site.store.issues.get("SHOP-1").id) == []


def test_status_that_is_none(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """A form with a status that does not exist changes nothing and says what may be sent."""
    report(site, shop, "sdk-key-error")
    answer = ada.send("/issues/SHOP-1/decision", "/issues/SHOP-1", decision="<b>gone</b>")
    assert answer.status_code == 400
    assert "&lt;b&gt;gone&lt;/b&gt;" in answer.text
    assert site.store.issues.get("SHOP-1").status is Status.UNRESOLVED


def test_decision_needs_the_token(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """A form that another site sends decides nothing."""
    report(site, shop, "sdk-key-error")
    answer = ada.client.post("/issues/SHOP-1/decision", data={"decision": "resolved"}, base_url=ada.base_url)
    assert answer.status_code == 400
    assert site.store.issues.get("SHOP-1").status is Status.UNRESOLVED


def test_only_members_see_an_issue(site: Site, shop: ProjectRow) -> None:
    """To anyone who is no member of the project neither the issue, its events nor its decisions are there."""
    _, event_id = report(site, shop, "sdk-key-error")
    site.admin()
    site.member(site.store.projects.add("Blog"), email="eve@example.org")
    site.member(shop, email="bob@example.org")
    app = site.app()
    eve, bob, nobody = visitor(app, "eve@example.org"), visitor(app, "bob@example.org"), visitor(app)
    for path in ("/issues/SHOP-1", f"/issues/SHOP-1/events/{event_id}", f"/issues/SHOP-1/events/{event_id}.json"):
        assert bob.open(path).status_code == 200
        assert eve.open(path).status_code == 404
        assert nobody.open(path).status_code == 302
    answer = eve.send("/issues/SHOP-1/status", "/account", status="resolved")
    assert answer.status_code == 404
    assert site.store.issues.get("SHOP-1").status is Status.UNRESOLVED


def test_an_event_belongs_to_its_issue(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """An event of another issue or project is not shown under this one, nor is an id that is none."""
    report(site, shop, "sdk-key-error")
    _, other = report(site, shop, "sdk-database")
    _, foreign = report(site, site.store.projects.add("Blog"), "sdk-key-error")
    for event_id in (other, foreign, "0" * 32, "z" * 32, "../" * 10 + "xx", "1"):
        assert ada.open(f"/issues/SHOP-1/events/{event_id}").status_code == 404
        assert ada.open(f"/issues/SHOP-1/events/{event_id}.json").status_code == 404
    for short_id in ("SHOP-99", "BLOG-9", "SHOP-", "41", "%00", "SHOP-" + "9" * 40):
        assert ada.open(f"/issues/{short_id}").status_code == 404


@pytest.mark.parametrize("text", HOSTILE, ids=["script", "attribute", "template", "long", "control"])
def test_what_arrived_is_text(site: Site, shop: ProjectRow, ada: Visitor, text: str) -> None:
    """Whatever stands in any field of an event is shown as text, never run, and does not bloat the page."""
    issue = keep(site, shop, everywhere(text), text)
    page = ada.get(f"/issues/{issue.short_id}")
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "49" not in re.findall(r"<h1>.*</h1>", page)[0]
    assert "\x00" not in page
    assert "\x1b" not in page
    assert re.search(r"\son\w+=|\sstyle=|<style|javascript:", html_only(page)) is None
    assert len(page) < 1_500_000


def html_only(page: str) -> str:
    """Returns the tags of a page without the values of their attributes."""
    return " ".join(re.sub(r'"[^"]*"', '""', tag) for tag in re.findall(r"<[^>]*>", page))


def test_events_with_next_to_nothing(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """An event without trace, request or user still has a page, with only the parts that are there."""
    event = Event(event_id="a" * 32, timestamp=site.clock(), received=site.clock())
    keep(site, shop, event, "lost")
    page = ada.get("/issues/SHOP-1")
    assert re.findall(r"<h2 id=\"(\w+)-title", page) == ["activity", "grouped", "event", "keys"]
    assert "Copy trace" not in page


def test_works_under_a_prefix(site: Site, shop: ProjectRow) -> None:
    """Every link, form and file of the page stays under the path prefix of a proxy."""
    for age in (3, 2, 1):
        report(site, shop, "sdk-key-error", age=age)
    site.admin()
    ada = Visitor(site.app().test_client(), base_url="http://kaput.test/errors/")
    ada.log_in("ada@example.org")
    page = ada.get("/issues/SHOP-1")
    links = [
        link for link in re.findall(r'(?:href|src|action)="([^"#]*)"', page) if link != "http://localhost/checkout/3"
    ]
    assert len(links) > 10
    assert [link for link in links if not link.startswith("/errors/")] == []


def test_it_says_what_was_thinned_out(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """An issue of which not all events are kept says how many are and since when; its counts do not change."""
    issue = site.break_(shop, "KeyError", "x", times=1204)
    whole = ada.get(f"/issues/{issue.short_id}")
    assert "thinned out" not in whole
    site.clock.now = 1_800_000_000.0
    list(site.store.retention.crowd(Limits(events_per_issue=50)))
    page = re.sub(r"<[^>]+>", "", ada.get(f"/issues/{issue.short_id}"))
    assert "38 of 1,204 events are kept; the others were thinned out since 2027-01-15 08:00:00 UTC." in page
    assert re.search(r"Event\s+38\s+of\s+38", page)
    assert "1,204 events" in page
