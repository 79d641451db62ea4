"""Deciding about several issues at once, deleting, and ignoring, from the pages."""

import re

import pytest

from kaput.store.base import Priority, ProjectRow, Status
from tests.view.site import Site, Visitor, visitor
from tests.view.test_issue import text_of


@pytest.fixture
def ada(site: Site) -> Visitor:
    site.admin()
    return visitor(site.app(), "ada@example.org")


def test_all_that_match(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """More than a page shows is decided at once, only what the search finds in the project, and undone at once."""
    issues = [site.break_(shop, "KeyError", f"sku-{index}") for index in range(60)]
    other = site.break_(shop, "ValueError", "bad")
    bank = site.break_(site.store.projects.add("Bank"), "KeyError", "theirs")
    assert "all 60 that match" in text_of(ada.get("/projects/shop/issues?q=KeyError"))
    fields = {"decision": "resolved", "all": "1", "q": "KeyError", "status": "unresolved", "project": "shop"}
    ada.send("/issues/status", "/issues", **fields)
    assert {site.store.issues.get(issue.id).status for issue in issues} == {Status.RESOLVED}
    assert {site.store.issues.get(one.id).status for one in (other, bank)} == {Status.UNRESOLVED}
    page = ada.get("/issues")
    assert "60 issues resolved." in page
    (undo,) = re.findall(r'name="undo" value="([0-9]+)"', page)
    ada.send("/issues/undo", "/issues", undo=undo)
    assert {site.store.issues.get(issue.id).status for issue in issues} == {Status.UNRESOLVED}


def test_other_decisions_about_several(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """Chosen issues are assigned to oneself, have a priority, and are merged into the oldest."""
    for index in range(3):
        site.break_(shop, "KeyError", str(index))
    ids = ["SHOP-2", "SHOP-1"]
    for decision in ("assign:me", "priority:high", "merge"):
        ada.send("/issues/status", "/issues", id=ids, decision=decision)
    row = site.store.issues.get("SHOP-1")
    assert (row.assignee, row.priority, row.count) == ("ada@example.org", Priority.HIGH, 2)
    ada.send("/issues/status", "/issues", id="SHOP-3", decision="merge")
    assert "Select two issues or more" in ada.get("/issues")


def test_delete_from_the_page_and_undo(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """The issue is gone, the list offers to undo it, and then it is there again."""
    site.break_(shop, "KeyError", "x")
    answer = ada.send("/issues/SHOP-1/remove", "/issues/SHOP-1", decision="deleted")
    assert answer.location == "/projects/shop/issues"
    page = ada.get("/projects/shop/issues")
    assert "SHOP-1 is deleted." in page
    assert ada.open("/issues/SHOP-1").status_code == 404
    (undo,) = re.findall(r'name="undo" value="([0-9]+)"', page)
    ada.send("/issues/undo", "/issues", undo=undo)
    assert ada.open("/issues/SHOP-1").status_code == 200


def test_ignored_issues_stand_in_the_settings(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """An admin sees what is ignored, and takes it again."""
    site.break_(shop, "KeyError", "noise")
    ada.send("/issues/status", "/issues", id="SHOP-1", decision="ignored")
    assert "KeyError: noise SHOP-1 Take again" in text_of(ada.get("/projects/shop/settings"))
    ada.send("/projects/shop/ignored", "/projects/shop/settings", issue="SHOP-1")
    assert ada.open("/issues/SHOP-1").status_code == 200
    assert ada.send("/projects/shop/ignored", "/projects/shop/settings", issue="SHOP-1").status_code == 404


def test_issues_of_others_are_left_alone(site: Site, shop: ProjectRow) -> None:
    """Neither by name nor by a search does a member reach what is in another project."""
    site.admin()
    bank = site.store.projects.add("Bank")
    theirs = site.break_(bank, "KeyError", "theirs")
    site.break_(shop, "KeyError", "mine")
    site.member(shop)
    bob = visitor(site.app(), "bob@example.org")
    assert bob.send("/issues/BANK-1/remove", "/issues/SHOP-1", decision="deleted").status_code == 404
    assert bob.send("/issues/status", "/issues/SHOP-1", decision="deleted", id="BANK-1").status_code == 404
    assert bob.send("/issues/status", "/issues/SHOP-1", decision="deleted", all="1", project="bank").status_code == 404
    bob.send("/issues/status", "/issues/SHOP-1", decision="deleted", all="1")
    assert site.store.issues.get(theirs.id).count == 1


def test_stored_events_are_grouped_again(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """An admin begins it in the settings, which say how far it is."""
    site.break_(shop, "KeyError", "x", times=3)
    assert "Group stored events again" in text_of(ada.get("/projects/shop/settings"))
    ada.send("/projects/shop/regroup", "/projects/shop/settings")
    assert "0 of 3 stored events grouped again." in text_of(ada.get("/projects/shop/settings"))
