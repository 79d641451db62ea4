"""Merging and splitting from the page."""

import re

import pytest

from kaput.store.base import ProjectRow
from tests.view.site import Site, Visitor, visitor
from tests.view.test_issue import text_of


@pytest.fixture
def ada(site: Site) -> Visitor:
    site.admin()
    return visitor(site.app(), "ada@example.org")


def test_merge_undo_and_split(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """The page counts both and says how far the events are; undo and split bring the other issue back."""
    site.break_(shop, "KeyError", "one", times=2)
    site.break_(shop, "KeyError", "two", times=3)
    ada.send("/issues/SHOP-1/merge", "/issues/SHOP-1", other="shop-2")
    page = ada.get("/issues/SHOP-1")
    assert "SHOP-2 is merged into this issue. Undo" in text_of(page)
    assert "5 events" in text_of(page)
    assert "0 of 3 stored events moved." in text_of(page)
    assert ada.open("/issues/SHOP-2").location == "/issues/SHOP-1"
    assert "KeyError two" not in text_of(ada.get("/projects/shop/issues"))
    (undo,) = re.findall(r'name="undo" value="([0-9]+)"', page)
    ada.send("/issues/undo", "/issues/SHOP-1", undo=undo, back="/issues/SHOP-1")
    while site.store.merges.step().rows:
        pass
    assert "3 events" in text_of(ada.get("/issues/SHOP-2"))
    ada.send("/issues/SHOP-1/merge", "/issues/SHOP-1", other="SHOP-2")
    while site.store.merges.step().rows:
        pass
    page = text_of(ada.get("/issues/SHOP-1"))
    assert "stored events moved" not in page
    assert "merged SHOP-2 by you" in page
    assert ada.send("/issues/SHOP-1/split", "/issues/SHOP-1", part="SHOP-2").location == "/issues/SHOP-2"
    assert "Its events are on their way." in text_of(ada.get("/issues/SHOP-2"))
    while site.store.merges.step().rows:
        pass
    assert "split off from SHOP-1 by you" in text_of(ada.get("/issues/SHOP-2"))


@pytest.mark.parametrize("other", ["SHOP-1", "SHOP-9", "nonsense", "BANK-1", ""])
def test_what_cannot_be_merged(site: Site, shop: ProjectRow, ada: Visitor, other: str) -> None:
    """The issue itself, one that is not there, and one of another project are told and change nothing."""
    site.break_(shop, "KeyError", "one")
    site.break_(site.store.projects.add("Bank"), "KeyError", "theirs")
    ada.send("/issues/SHOP-1/merge", "/issues/SHOP-1", other=other)
    assert 'class="flash flash-error"' in ada.get("/issues/SHOP-1")
    assert site.store.issues.get("SHOP-1").count == 1


def test_issues_of_others_cannot_be_merged(site: Site, shop: ProjectRow) -> None:
    """A member of one project can neither merge nor split what is in another."""
    site.admin()
    site.break_(shop, "KeyError", "mine")
    bank = site.store.projects.add("Bank")
    one, two = site.break_(bank, "KeyError", "1"), site.break_(bank, "KeyError", "2")
    site.member(shop)
    bob = visitor(site.app(), "bob@example.org")
    assert bob.send("/issues/BANK-1/merge", "/issues/SHOP-1", other="BANK-2").status_code == 404
    site.store.merges.merge(one.id, [two.id], None)
    assert bob.send("/issues/BANK-1/split", "/issues/SHOP-1", part="BANK-2").status_code == 404
    assert site.store.issues.get(two.id).merged_into == one.id
