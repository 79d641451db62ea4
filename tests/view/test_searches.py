"""Searches that are kept: saved from the list, shown on it, removed from it."""

import pytest

from kaput.store.base import ProjectRow
from tests.view.site import Site, Visitor, visitor


@pytest.fixture
def ada(site: Site) -> Visitor:
    site.admin()
    return visitor(site.app(), "ada@example.org")


def test_a_search_is_saved_and_removed(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """It stands on every list under its name, leads to what it finds, and goes when it is removed."""
    site.break_(shop, "KeyError", "'sku-9'")
    listed = "/projects/shop/issues?q=type%3AKeyError"
    saved = ada.send("/searches", listed, q="type:KeyError", name="  Lost   keys ", back=listed)
    assert (saved.status_code, saved.headers["Location"]) == (302, listed)
    page = ada.get("/issues")
    assert 'href="/issues?q=type%3AKeyError"' in page
    assert ">Lost keys</a>" in page
    assert "Name of this search" not in ada.get(listed)
    ada.send("/searches/remove", "/issues", name="Lost keys", back="/issues")
    assert "Lost keys" not in ada.get("/issues")


def test_a_search_that_is_not_saved_says_why(ada: Visitor) -> None:
    """One that cannot be read, and none at all, are not kept."""
    ada.send("/searches", "/issues", q="count:many", name="x", back="/issues")
    assert "is no number" in ada.get("/issues")
    ada.send("/searches", "/issues", q=" ", name="x", back="https://elsewhere.example")
    assert "type one first" in ada.get("/issues")


def test_a_name_is_text(ada: Visitor) -> None:
    """A name that looks like HTML is escaped."""
    ada.send("/searches", "/issues", q="x", name="<script>alert(1)</script>", back="/issues")
    assert "<script>alert" not in ada.get("/issues")
