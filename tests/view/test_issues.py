"""The list of issues."""

import re
import time

import pytest

from kaput.store.base import Mute, ProjectRow, Resolve, Status
from tests.view.site import Site, Visitor, visitor


def ids(page: str) -> list[str]:
    """Returns the short ids of the rows, in their order."""
    return re.findall(r'class="pick" name="id" value="([^"]+)"', page)


@pytest.fixture
def ada(site: Site) -> Visitor:
    site.admin()
    return visitor(site.app(), "ada@example.org")


def test_a_row_tells_what_where_and_how_often(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """A row has type, value, place, id, environment, release, counts and both times, exact in their attributes."""
    site.break_(shop, "KeyError", "'sku-9'", times=1204, age=180)
    page = ada.get("/projects/shop/issues")
    row = re.sub(r"\s+", " ", page[page.index('<li class="issue">') : page.index("</li>", page.index('"issues"'))])
    for text in (
        "<b>KeyError</b> &#39;sku-9&#39;",
        "price_cart in shop/pricing.py",
        "<span>SHOP-1</span>",
        "production",
        "2.4.1",
        ">1,204<",
        '<time datetime="2027-01-15T07:57:00Z" title="2027-01-15 07:57:00 UTC">3 m</time>',
        'href="/issues/SHOP-1"',
        'aria-label="1,204 events in 24 hours"',
        '<path d="M90 24v-24"/>',
        'class="mark mark-new">new<',
        'aria-label="unresolved, error"',
    ):
        assert text in row, text


def test_a_row_of_blanks_takes_no_time(ada: Visitor) -> None:
    """A search that is mostly blanks, as a link to it can be, is refused in a moment: everything else would wait."""
    began = time.process_time()
    ada.get(f"/issues?q=a{'+' * 20_000}b", status=400)
    assert time.process_time() - began < 2


def test_the_newest_stands_first(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """Issues are listed by when they were last seen."""
    for index, age in enumerate((300, 100, 200)):
        site.break_(shop, "KeyError", str(index), age=age)
    assert ids(ada.get("/issues")) == ["SHOP-2", "SHOP-3", "SHOP-1"]


def test_what_arrived_is_text(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """Titles and messages that look like HTML are escaped, in the list and in the search."""
    site.break_(shop, "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>')
    for path in ("/issues", "/issues?q=%3Cscript%3E", '/issues?q="><script>'):
        page = ada.get(path)
        assert "<script>alert" not in page
        assert "<img" not in page
        assert '"><script>' not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in ada.get("/issues")


def test_tabs_filter_by_state_and_count(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """Each tab has its issues and its count; without a choice the unresolved ones are shown."""
    issues = [site.break_(shop, "KeyError", str(index)) for index in range(4)]
    site.store.decisions.decide([issues[0].id], Resolve(), None)
    site.store.decisions.decide([issues[1].id], Mute(), None)
    assert set(ids(ada.get("/issues"))) == {"SHOP-3", "SHOP-4"}
    assert ids(ada.get("/issues?status=resolved")) == ["SHOP-1"]
    assert ids(ada.get("/issues?status=muted")) == ["SHOP-2"]
    assert len(ids(ada.get("/issues?status=all"))) == 4
    tabs = re.findall(r'>(\w+) <span class="number">(\d+)</span></a>', ada.get("/issues"))
    assert tabs == [("Unresolved", "2"), ("Resolved", "1"), ("Muted", "1"), ("All", "4")]


def test_search_looks_into_title_and_message(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """A search finds by type and by value, keeps what was typed, and stays within the state."""
    site.break_(shop, "KeyError", "'sku-9'")
    done = site.break_(shop, "ValueError", "not a sku")
    site.break_(shop, "TypeError", "x")
    site.store.decisions.decide([done.id], Resolve(), None)
    page = ada.get("/issues?q=sku")
    assert ids(page) == ["SHOP-1"]
    assert 'name="q" value="sku"' in page
    assert ids(ada.get("/issues?q=keyerror")) == ["SHOP-1"]
    assert set(ids(ada.get("/issues?q=sku&status=all"))) == {"SHOP-1", "SHOP-2"}


def test_a_search_that_names_a_state_looks_at_all(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """`is:resolved` finds resolved issues without another tab being chosen."""
    done = site.break_(shop, "ValueError", "x")
    site.break_(shop, "KeyError", "y")
    site.store.decisions.decide([done.id], Resolve(), None)
    assert ids(ada.get("/issues?q=is:resolved")) == [done.short_id]


def test_a_search_that_cannot_be_read_shows_the_place(ada: Visitor) -> None:
    """The page has the query with the unreadable part marked, and the reason."""
    page = ada.get("/issues?q=sku+is:resolvd", 400)
    assert "sku <mark>is:resolvd</mark>" in page
    assert "is:resolvd is not known" in page


def test_a_search_without_end_is_refused(ada: Visitor) -> None:
    """A query beyond the limit is a 400 that says the limit."""
    assert "longer than 500 characters" in ada.get("/issues?q=" + "x" * 501, 400)


def test_long_lists_have_pages(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """Fifty issues a page; older and newer lead on, keep the search, and stop at the ends."""
    for index in range(120):
        site.break_(shop, "KeyError", f"sku {index}", age=index)
    first = ada.get("/issues?q=sku")
    assert (len(ids(first)), "1 to 50 of 120" in first, 'rel="prev"' in first) == (50, True, False)
    link = re.search(r'rel="next" href="([^"]+)"', first)
    assert link is not None
    second = ada.get(link[1].replace("&amp;", "&"))
    assert (ids(second)[0], "51 to 100 of 120" in second, 'rel="prev"' in second) == ("SHOP-51", True, True)
    last = ada.get("/issues?q=sku&page=3")
    assert (len(ids(last)), 'rel="next"' in last) == (20, False)


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999999"])
def test_a_strange_page_number_is_no_failure(site: Site, shop: ProjectRow, ada: Visitor, page: str) -> None:
    """A page that is no number is the first, one beyond the end is empty."""
    site.break_(shop, "KeyError", "x")
    assert ada.open(f"/issues?page={page}").status_code == 200


def test_fifty_issues_are_a_small_page(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """A full page with long titles is below 60 kB."""
    for index in range(50):
        site.break_(shop, "sqlalchemy.exc.OperationalError", f"{index} {'database is locked ' * 8}", age=index)
        site.break_(shop, "sqlalchemy.exc.OperationalError", f"{index} {'database is locked ' * 8}", age=7200)
    page = ada.get("/issues")
    assert len(ids(page)) == 50
    assert len(page.encode()) < 60_000


def test_several_are_resolved_at_once_and_brought_back(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """The chosen issues change, the others do not; undo gives each the state it had."""
    issues = [site.break_(shop, "KeyError", str(index)) for index in range(3)]
    site.store.decisions.decide([issues[1].id], Mute(), None)
    answer = ada.send(
        "/issues/status", "/issues", id=["SHOP-1", "SHOP-2"], decision="resolved", back="/issues?status=all"
    )
    assert answer.location == "/issues?status=all"
    states = [site.store.issues.get(issue.id).status for issue in issues]
    assert states == [Status.RESOLVED, Status.RESOLVED, Status.UNRESOLVED]
    page = ada.get("/issues?status=all")
    assert "2 issues resolved." in page
    (undo,) = re.findall(r'name="undo" value="([0-9]+)"', page)
    ada.send("/issues/undo", "/issues", undo=undo)
    states = [site.store.issues.get(issue.id).status for issue in issues]
    assert states == [Status.UNRESOLVED, Status.MUTED, Status.UNRESOLVED]


def test_the_decision_is_the_viewers(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """The activity of the issue names who resolved it from the list."""
    issue = site.break_(shop, "KeyError", "x")
    ada.send("/issues/status", "/issues", id=issue.short_id, decision="resolved")
    newest = site.store.issues.activity(issue.id)[0]
    assert (newest.kind, newest.who) == ("resolved", "ada@example.org")


def test_nothing_selected_says_so(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """A form without issues changes nothing and says what to do; a strange state is a 400."""
    site.break_(shop, "KeyError", "x")
    ada.send("/issues/status", "/issues", decision="resolved", back="//evil.test")
    assert "No issue was selected." in ada.get("/issues")
    assert ada.send("/issues/status", "/issues", id="SHOP-1", decision="burned").status_code == 400


def test_home_leads_to_the_only_project(site: Site, ada: Visitor) -> None:
    """With one project the start page is its list, with several it is the list of all."""
    assert ada.open("/").location == "/projects/app/issues"
    assert ada.open("/?q=is:new&slug=x").location == "/projects/app/issues?q=is:new"
    site.store.projects.add("Shop")
    assert ada.open("/").location == "/issues"


def test_an_empty_list_teaches_the_next_step(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """Before the first event a project's list has its DSN, later an empty list says why it is empty."""
    key = site.store.projects.keys(shop.id)[0].public
    assert f"http://{key}@kaput.test/{shop.id}" in ada.get("/projects/shop/issues")
    issue = site.break_(shop, "KeyError", "x")
    assert "Nothing matches" in ada.get("/projects/shop/issues?q=zebra")
    site.store.decisions.decide([issue.id], Mute(), None)
    assert "All clear" in ada.get("/projects/shop/issues")


def test_a_regression_is_marked(site: Site, shop: ProjectRow, ada: Visitor) -> None:
    """An issue that came again after it was resolved says so, and is not called new."""
    issue = site.break_(shop, "KeyError", "x", age=60)
    site.store.decisions.decide([issue.id], Resolve(), None)
    site.clock.now += 60
    site.break_(shop, "KeyError", "x", age=0)
    page = ada.get("/projects/shop/issues")
    assert 'class="mark mark-broken">regressed<' in page
    assert "mark-new" not in page
