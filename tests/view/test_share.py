"""The link that shows one issue to somebody without an account."""

import html
import re

import pytest

from kaput.store.base import ProjectRow
from tests.view.reports import report
from tests.view.site import Site, visitor

LINK = re.compile(r'href="(/share/[^"]+)"')


def test_a_link_shows_the_issue_and_no_more(site: Site, shop: ProjectRow) -> None:
    """Without a login the trace can be read, but no variable, request or user; taken back it shows nothing."""
    site.admin()
    report(site, shop, "sdk-key-error")
    ada, stranger = visitor(site.app(), "ada@example.org"), visitor(site.app())
    assert LINK.search(ada.get("/issues/SHOP-1")) is None
    ada.send("/issues/SHOP-1/share", "/issues/SHOP-1", shared="1")
    found = LINK.search(ada.get("/issues/SHOP-1"))
    assert found is not None
    page = html.unescape(stranger.get(found[1]))
    assert "total += prices[sku] * quantity" in page
    for hidden in ("127.0.0.1", "checkout/3", "web-3", "EUR'", "csrf_token", "Activity"):
        assert hidden not in page, hidden
    assert stranger.open("/issues/SHOP-1").status_code == 302
    ada.send("/issues/SHOP-1/share", "/issues/SHOP-1", shared="0")
    assert stranger.open(found[1]).status_code == 404
    ada.send("/issues/SHOP-1/share", "/issues/SHOP-1", shared="1")
    assert stranger.open(found[1]).status_code == 404  # another link


@pytest.mark.parametrize("token", ["x", "WzEsIiJd.abc", "%00", "a" * 5000, "W10.x"])
def test_links_that_nobody_signed(site: Site, shop: ProjectRow, token: str) -> None:
    """A link that was made up shows nothing."""
    site.admin()
    report(site, shop, "sdk-key-error")
    assert visitor(site.app()).open(f"/share/{token}").status_code == 404
