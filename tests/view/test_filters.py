"""The form of a project's filters, and what they left out."""

from kaput.model import Drop, Filters
from kaput.store.base import ProjectRow
from tests.verdicts import leave_out
from tests.view.site import Site, visitor

PAGE = "/projects/shop/settings"


def test_the_form_sets_the_filters(site: Site, shop: ProjectRow) -> None:
    """A line is a pattern, a tick is on, and what is not sent is off; the page shows it again, escaped."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    fields = {"error_types": " KeyError \r\n\r\n<b>*", "environments": "test", "crawlers": "1", "localhost": "0"}
    assert someone.send("/projects/shop/filters", PAGE, **fields).status_code == 302
    assert site.store.projects.filters() == {
        shop.id: Filters(error_types=("KeyError", "<b>*"), environments=("test",), crawlers=True)
    }
    page = someone.get(PAGE)
    assert "KeyError\n&lt;b&gt;*</textarea>" in page
    assert 'name="crawlers" value="1" checked' in page
    someone.send("/projects/shop/filters", PAGE)
    assert site.store.projects.filters() == {}


def test_a_pattern_that_will_not_do_is_said(site: Site, shop: ProjectRow) -> None:
    """The page keeps what was typed and says what is wrong; nothing changes."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    answer = someone.send("/projects/shop/filters", PAGE, messages="x" * 201, releases="1.*")
    assert (answer.status_code, "1 to 200 characters, not 201" in answer.text) == (400, True)
    assert "x" * 201 in answer.text
    assert "1.*</textarea>" in answer.text
    assert shop.id not in site.store.projects.filters()


def test_only_admins_set_filters(site: Site, shop: ProjectRow) -> None:
    """A member of the project may not."""
    site.admin()
    bob = site.member(shop)
    someone = visitor(site.app(), bob.email)
    assert someone.send("/projects/shop/filters", "/account", crawlers="1").status_code == 404
    assert site.store.projects.filters() == {}


def test_the_page_says_what_was_left_out(site: Site, shop: ProjectRow) -> None:
    """This project's counts of the last days by filter, the most first; nothing older, no other reason."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    assert "Nothing was left out by a filter" in someone.get(PAGE)
    now = site.clock()
    bank = site.store.projects.add("Bank")
    leave_out(
        site.store,
        [
            Drop("filter:crawlers", 1200, now, shop.id),
            Drop("filter:messages", 5000, now - 3 * 86_400, shop.id),
            Drop("filter:localhost", 7, now - 9 * 86_400, shop.id),
            Drop("filter:extensions", 7, now, bank.id),
            Drop("duplicate", 7, now, shop.id),
        ],
    )
    assert "last 7 days: Messages 5,000, Crawlers 1,200." in someone.get(PAGE)
