"""The short texts for services."""

from kaput.model import Kind
from kaput.tell.brief import LENGTH, BriefComposer
from kaput.tell.mail import Listed
from tests.tell.shop import START, make_event, make_issue, make_notice

BASE = "https://kaput.example.org"


def test_one_issue() -> None:
    """A text says what, where, with the failing line, the release, how often, and where to look."""
    brief = BriefComposer().notice(make_notice(), make_issue(), make_event(), "Shop", BASE)
    assert brief.title == "[Shop] KeyError: 'sku-9' in price_cart"
    assert brief.kind == "failure"
    assert brief.body.splitlines() == [
        "price_cart in shop/pricing.py:88",
        "total += prices[line.sku] * line.qty",
        "Release: 2.4.1",
        "Environment: production",
        "Server: web-3",
        "Request: POST https://shop.example.org/checkout/3",
        "How often: 1,204 events, 318 users",
        f"{BASE}/issues/SHOP-41",
    ]


def test_a_long_one() -> None:
    """However long the event's texts are, the text is short and its link whole."""
    event = make_event(release="r" * 5000, server_name="s" * 5000, environment="e" * 5000)
    brief = BriefComposer().notice(make_notice(), make_issue(culprit="c" * 5000), event, "Shop", BASE)
    assert len(brief.body) <= LENGTH
    assert brief.body.endswith(f"\n{BASE}/issues/SHOP-41")


def test_without_a_stack() -> None:
    """Without a stack the culprit says where; a test is no failure."""
    brief = BriefComposer().notice(make_notice(kind=Kind.TEST), make_issue(), make_event(exception=None), "Shop", "")
    assert brief.body.startswith("price_cart in shop/pricing.py\n")
    assert "issues/" not in brief.body
    assert (brief.title, brief.kind) == ("[Shop] test: KeyError: 'sku-9' in price_cart", "info")


def test_many_issues() -> None:
    """A digest counts, and lists the first."""
    notices = [make_notice(number) for number in range(1, 9)]
    listed = [Listed(notice, make_issue()) for notice in notices]
    brief = BriefComposer().digest(notices, listed, "Shop", BASE, START)
    assert brief.title == "[Shop] 8 new issues"
    assert brief.body.splitlines() == ["new: KeyError: 'sku-9'"] * 5 + ["and 3 more", f"{BASE}/"]
    assert brief.kind == "warning"
