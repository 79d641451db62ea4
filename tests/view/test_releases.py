"""Releases as the page shows them."""

import re

from kaput.model import Event, SessionCounts
from kaput.store.base import ProjectRow
from tests.view.reports import keep
from tests.view.site import Site, Visitor, visitor

LIST = "/projects/shop/releases"
TAGS = re.compile(r"<[^>]*>")


def ada(site: Site) -> Visitor:
    """Returns an admin."""
    site.admin()
    return visitor(site.app(), "ada@example.org")


def words(html: str) -> str:
    """Returns what a person reads of a page's content, with single spaces."""
    return " ".join(TAGS.sub(" ", html[html.index("<main") :]).split())


def test_a_release_shows_how_its_sessions_went(site: Site, shop: ProjectRow) -> None:
    """Numbers of the last day and week, the rate rounded down, its part of all, and events, newest release first."""
    site.use(shop, "2.4.0", SessionCounts(10_000))
    site.use(shop, "2.4.1", SessionCounts(30_000, 7, crashed=1))
    site.use(shop, "2.4.1", SessionCounts(10, crashed=10), hours=30)
    site.use(shop, "2.4.1", SessionCounts(500, crashed=500), hours=200)
    site.break_(shop, "KeyError", "'sku-9'", times=2)
    page = ada(site).get(LIST)
    found = words(page)
    assert "2.4.1 first seen just now 30,000 75% of all 99.99% 1 crashed 99.96% 11 crashed 2 1 new issue" in found
    assert "2.4.0 first seen just now 10,000 25% of all 100.00% none crashed 100.00% none crashed 0 0 new" in found
    assert found.index("2.4.1") < found.index("2.4.0")
    assert 'aria-label="30,000 sessions in 24 hours, 1 crashed"' in page
    assert "No sessions" not in found


def test_a_project_without_releases_says_how_they_come(site: Site, shop: ProjectRow) -> None:
    """Nothing is there to be seen, and what to do is; a release of events alone has no rate."""
    someone = ada(site)
    assert "No release of Shop has been seen." in words(someone.get(LIST))
    site.break_(shop, "KeyError", "'sku-9'")
    found = words(someone.get(LIST))
    assert "2.4.1 first seen" in found
    assert "0 no sessions no sessions 1 1 new issue" in found
    assert "No sessions in the last 7 days." in found
    assert "No sessions in the last 14 days." in words(someone.get("/projects/shop/release?version=2.4.1"))


def test_an_environment_can_be_chosen(site: Site, shop: ProjectRow) -> None:
    """The links appear with the second environment; sessions are those of the chosen one."""
    someone = ada(site)
    site.use(shop, "2.4.1", SessionCounts(70, crashed=7))
    assert "environment=" not in someone.get(LIST)
    site.use(shop, "2.4.1", SessionCounts(5), environment="a&b")
    page = someone.get(LIST)
    assert f'href="{LIST}?environment=a%26b"' in page
    assert "75 100% of all 90.66%" in words(page)
    assert "5 100% of all 100.00%" in words(someone.get(f"{LIST}?environment=a%26b"))
    assert "no sessions" in words(someone.get(f"{LIST}?environment=nowhere"))


def test_the_list_goes_on(site: Site, shop: ProjectRow) -> None:
    """Fifty releases stand on a page; the next one has the older ones, and no number in the address does harm."""
    someone = ada(site)
    for number in range(52):
        site.use(shop, f"r{number:02}", SessionCounts(1))
    page = someone.get(LIST)
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older is not None
    assert ("r02" in page, "r01" in page) == (True, False)
    page = someone.get(older[1])
    assert ("r02" in page, "r01" in page, "r00" in page, 'rel="next"' in page) == (False, True, True, False)
    for before in ("-1", "9" * 40, "x"):
        someone.get(f"{LIST}?before={before}")


def test_a_release_has_a_page_of_its_own(site: Site, shop: ProjectRow) -> None:
    """Sessions by environment, charts by hour and day, and the issues, which lead to the list's search."""
    site.use(shop, "2.4.1", SessionCounts(70, 3, 2, 1, 7), hours=1)
    site.use(shop, "2.4.1", SessionCounts(5), environment="test")
    site.use(shop, "9.9.9", SessionCounts(225))
    issue = site.break_(shop, "KeyError", "'sku-9'", times=2)
    someone = ada(site)
    page = someone.get("/projects/shop/release?version=2.4.1")
    found = words(page)
    assert "live 70 90.00% 7 crashed 3 2 1 test 5 100.00% none crashed 0 0 0" in found
    assert "75 25% of all" in found
    assert "<title>70 sessions, 7 crashed, 1 hour ago</title>" in page
    assert "<title>75 sessions, 7 crashed, this day</title>" in page
    assert f'href="/issues/{issue.short_id}"' in page
    search = re.search(r'href="(/projects/shop/issues[^"]*release[^"]*)"', page)
    assert search is not None
    assert issue.short_id in someone.get(search[1].replace("&amp;", "&"))
    assert issue.short_id not in someone.get(search[1].replace("&amp;", "&").replace("2.4.1", "9.9.9"))


def test_an_issue_is_new_that_came_with_the_release(site: Site, shop: ProjectRow) -> None:
    """An event that was some seconds on the way is not older than its release; one of long before is."""
    site.use(shop, "2.4.1", SessionCounts(1))
    site.break_(shop, "KeyError", "'sku-9'", age=30)
    site.break_(shop, "ValueError", "'x'", age=3600)
    found = words(ada(site).get("/projects/shop/release?version=2.4.1"))
    assert re.search(r"sku-9&#39; SHOP-\d+ new", found)
    assert re.search(r"ValueError: &#39;x&#39; SHOP-\d+ (?!new)", found)


def test_a_name_may_hold_anything(site: Site, shop: ProjectRow) -> None:
    """It is escaped, its controls are made visible, and its page is found; with a quote it has no search."""
    someone = ada(site)
    for number, name in enumerate(("a/b//../c?d#e&f=%41", "<b>\x1b[2J</b>", 'x"y', "z" * 200)):
        site.use(shop, name, SessionCounts(number + 1))
        link = re.search(r'class="name"><a href="([^"]+)"', someone.get(LIST))
        assert link is not None
        page = someone.get(link[1].replace("&amp;", "&"))
        assert "<b>\x1b" not in page
        assert f"<b>{number + 1}</b>" in page
    assert "&lt;b&gt;\u241b[2J&lt;/b&gt;" in someone.get(LIST)
    keep(site, shop, Event(event_id="ab" * 16, timestamp=site.clock(), received=site.clock(), release='x"y'), "E")
    assert "in the list" not in someone.get("/projects/shop/release?version=x%22y")


def test_releases_are_for_members(site: Site, shop: ProjectRow) -> None:
    """Who is no member of the project sees neither page, and of no other project's release the name."""
    site.use(shop, "2.4.1", SessionCounts(1))
    other = site.store.projects.add("Other")
    site.member(other)
    bob = visitor(site.app(), "bob@example.org")
    for path in (LIST, "/projects/shop/release?version=2.4.1", "/projects/other/release?version=2.4.1"):
        bob.get(path, 404)
    assert "2.4.1" not in bob.get("/projects/other/releases")
