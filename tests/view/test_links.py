"""The links of mails: they ask before they act, need no login, and do one thing for one issue until they expire."""

import pytest

from kaput.model import Act, Link
from kaput.store.base import IssueRow, ProjectRow, Status
from tests.view.site import SEAL, Site, visitor

DAY = 86400


def link(site: Site, act: Act, issue: IssueRow, recipient: str = "bob@example.org", days: int = 1) -> str:
    signed = SEAL.sign(Link(act, issue.project_id, issue.id, recipient, int(site.clock.now) + days * DAY))
    return f"/act/{signed}"


@pytest.fixture
def issue(site: Site, shop: ProjectRow) -> IssueRow:
    """An issue of a project with a member."""
    site.member(shop)
    return site.break_(shop, "KeyError", "<x>")


@pytest.mark.parametrize(
    ("act", "asked", "told", "status"),
    [
        (Act.RESOLVE, "Resolve SHOP-1?", "SHOP-1 is resolved", Status.RESOLVED),
        (Act.MUTE, "Mute SHOP-1 for a day?", "SHOP-1 is muted for a day", Status.MUTED),
    ],
)
def test_it_asks_and_then_acts(site: Site, issue: IssueRow, act: Act, asked: str, told: str, status: Status) -> None:
    """To open the link changes nothing; its button acts without a login, in the recipient's name."""
    someone, other = visitor(site.app()), site.break_(site.store.projects.get("shop"), "ValueError", "y")
    page = someone.get(link(site, act, issue))
    assert asked in page
    assert "&lt;x&gt;" in page
    assert site.store.issues.get(issue.id).status is Status.UNRESOLVED
    answer = someone.client.post(link(site, act, issue), base_url=someone.base_url)
    assert (answer.status_code, told in answer.text) == (200, True)
    assert site.store.issues.get(issue.id).status is status
    assert site.store.issues.get(other.id).status is Status.UNRESOLVED
    assert site.store.issues.activity(issue.id)[0].who == "bob@example.org"
    assert someone.open("/issues/SHOP-1").status_code == 302


def test_muted_for_a_day(site: Site, issue: IssueRow) -> None:
    """What is muted by a link is heard of again after a day."""
    visitor(site.app()).client.post(link(site, Act.MUTE, issue), base_url="http://kaput.test/")
    site.clock.now += DAY + 60
    again = site.break_(site.store.projects.get("shop"), "KeyError", "<x>", age=0)
    assert again.status is Status.UNRESOLVED


def test_it_expires(site: Site, issue: IssueRow) -> None:
    """After its time the link says so and does nothing, by either way."""
    where = link(site, Act.RESOLVE, issue)
    site.clock.now += DAY
    someone = visitor(site.app())
    assert "Open the issue" in someone.get(where, 410)
    assert someone.client.post(where, base_url=someone.base_url).status_code == 410
    assert site.store.issues.get(issue.id).status is Status.UNRESOLVED


def test_links_that_are_none(site: Site, issue: IssueRow) -> None:
    """A link that was changed, one of somebody who left the project, and one of a deleted issue lead nowhere."""
    someone = visitor(site.app())
    where = link(site, Act.RESOLVE, issue)
    someone.get(where[:-4] + "AAAA", 404)
    someone.get("/act/x", 404)
    bob = next(account for account in site.store.accounts.all() if account.email == "bob@example.org")
    site.store.projects.remove_member(issue.project_id, bob.id)
    someone.get(where, 404)
    assert someone.client.post(where, base_url=someone.base_url).status_code == 404
    assert site.store.issues.get(issue.id).status is Status.UNRESOLVED


def test_an_address_without_an_account(site: Site, issue: IssueRow) -> None:
    """Who gets mails without an account may act too, in nobody's name."""
    where = link(site, Act.RESOLVE, issue, "team@example.org")
    visitor(site.app()).client.post(where, base_url="http://kaput.test/")
    assert site.store.issues.get(issue.id).status is Status.RESOLVED
    assert site.store.issues.activity(issue.id)[0].who == ""


def test_unsubscribing(site: Site, issue: IssueRow) -> None:
    """A mail program's one click (RFC 8058) ends the mails of the project for this recipient; a button undoes it."""
    where = link(site, Act.UNSUBSCRIBE, issue)
    someone = visitor(site.app())
    assert "No more mail of Shop?" in someone.get(where)
    assert site.store.channels.unsubscribed(issue.project_id) == set()
    click = {"List-Unsubscribe": "One-Click"}
    answer = someone.client.post(where, data=click, base_url=someone.base_url)
    assert "You get no more mail of Shop" in answer.text
    assert site.store.channels.unsubscribed(issue.project_id) == {"bob@example.org"}
    someone.client.post(where, data={"again": "1"}, base_url=someone.base_url)
    assert site.store.channels.unsubscribed(issue.project_id) == set()
