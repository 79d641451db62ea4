"""Comments, those they name, and bookmarks, as a member sees them."""

import pytest

from kaput.store.base import AccountRow, ProjectRow, Status
from kaput.view.comment import mentioned
from tests.view.site import Site, Visitor, visitor
from tests.view.test_issue import text_of


@pytest.fixture
def ada(site: Site) -> Visitor:
    site.admin()
    return visitor(site.app(), "ada@example.org")


def test_a_comment_names_a_member(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """It stands on the page as it was written, escaped; the member has a notice, a stranger none."""
    site.member(shop)
    site.member(email="eve@example.org")
    issue = site.break_(shop, "KeyError", "x")
    text = "see <b>this</b>, @bob and @eve@example.org"
    ada.send(f"/issues/{issue.short_id}/comment", f"/issues/{issue.short_id}", text=text)
    page = ada.get(f"/issues/{issue.short_id}")
    assert "Comment written, 1 member told." in page
    assert "see &lt;b&gt;this&lt;/b&gt;, @bob and @eve@example.org" in page
    assert [(n.recipient, n.kind) for n in site.store.outbox.open()] == [("bob@example.org", "mentioned")]


@pytest.mark.parametrize("text", ["", "  \n", "x" * 5001])
def test_a_comment_that_is_none(site: Site, shop: ProjectRow, ada: Visitor, text: str) -> None:
    """An empty or endless one is not written, and the page says what a comment is."""
    issue = site.break_(shop, "KeyError", "x")
    ada.send("/issues/SHOP-1/comment", "/issues/SHOP-1", text=text)
    assert "A comment has 1 to 5,000 characters" in ada.get("/issues/SHOP-1")
    assert site.store.issues.activity(issue.id) == []


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("@ada", ["ada@example.org"]),
        ("(@Ada.) and @ada@example.org.", ["ada@example.org"]),
        ("@bob", []),
        ("@bob@other.org", ["bob@other.org"]),
        ("mail me@ada", []),
        ("@nobody @ @@", []),
    ],
)
def test_who_is_named(text: str, who: list[str]) -> None:
    """A name that two members share names neither; an address in the text is no name."""
    emails = ("ada@example.org", "bob@example.org", "bob@other.org")
    members = [AccountRow(n, email, admin=False, epoch=0, created=0.0) for n, email in enumerate(emails)]
    assert mentioned(text, members) == who


def test_bookmarks(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """An issue is kept and given up on its page, and listed with the viewer's others."""
    site.break_(shop, "KeyError", "kept")
    assert "Nothing kept yet" in ada.get("/bookmarks")
    ada.send("/issues/SHOP-1/bookmark", "/issues/SHOP-1", kept="1")
    assert "KeyError: kept" in text_of(ada.get("/bookmarks"))
    assert 'aria-pressed="true"' in ada.get("/issues/SHOP-1")
    ada.send("/issues/SHOP-1/bookmark", "/issues/SHOP-1", kept="0")
    assert "Nothing kept yet" in ada.get("/bookmarks")


def test_assign_and_priority(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """Members of the project can be assigned, others not; the page says who, and how urgent it is."""
    bob, eve = site.member(shop), site.member(email="eve@example.org")
    site.break_(shop, "KeyError", "x")

    def decide(decision: str) -> int:
        return ada.send("/issues/SHOP-1/decision", "/issues/SHOP-1", decision=decision).status_code

    assert decide(f"assign:{bob.id}") == 303
    assert decide(f"assign:{eve.id}") == 400
    assert decide("priority:high") == 303
    page = text_of(ada.get("/issues/SHOP-1"))
    assert "high priority" in page
    assert "assigned to bob@example.org by you just now" in page
    row = site.store.issues.get("SHOP-1")
    assert (row.assignee, row.status) == ("bob@example.org", Status.UNRESOLVED)
    assert decide("assign:") == 303
    assert site.store.issues.get("SHOP-1").assignee == ""
