"""Who sees what."""

import pytest

from kaput.store.base import Mute, ProjectRow, Reopen, Status
from tests.view.site import Site, visitor


def test_a_member_sees_own_projects_only(site: Site, shop: ProjectRow) -> None:
    """The lists of a member have the member's projects and issues, and nothing of others."""
    site.admin()
    bank = site.store.projects.add("Bank")
    mine, other = site.break_(shop, "KeyError", "mine"), site.break_(bank, "KeyError", "theirs")
    site.member(shop)
    someone = visitor(site.app(), "bob@example.org")
    for path in ("/issues", "/projects", "/issues?status=all&q=KeyError"):
        page = someone.get(path)
        assert "Bank" not in page
        assert other.short_id not in page
    assert mine.short_id in someone.get("/issues")


@pytest.mark.parametrize("path", ["/projects/bank/issues", "/projects/bank/setup", "/issues/BANK-1"])
def test_what_is_closed_is_not_there(site: Site, shop: ProjectRow, path: str) -> None:
    """A project of others and one that does not exist give the same answer."""
    site.admin()
    site.break_(site.store.projects.add("Bank"), "KeyError", "theirs")
    site.member(shop)
    someone = visitor(site.app(), "bob@example.org")
    assert someone.get(path, 404) == someone.get(path.replace("bank", "none").replace("BANK", "NONE"), 404)


@pytest.mark.parametrize("path", ["/server", "/people", "/projects/shop/settings"])
def test_pages_of_admins_are_not_there_for_members(site: Site, shop: ProjectRow, path: str) -> None:
    """A member gets a 404 where an admin gets the page."""
    site.admin()
    site.member(shop)
    app = site.app()
    visitor(app, "bob@example.org").get(path, 404)
    visitor(app, "ada@example.org").get(path, 200)


def test_a_member_cannot_send_the_forms_of_admins(site: Site, shop: ProjectRow) -> None:
    """Forms that change projects, people or dead records do nothing for a member."""
    site.admin()
    bob = site.member(shop)
    key = site.store.projects.keys(shop.id)[0]
    someone = visitor(site.app(), "bob@example.org")
    for path, fields in (
        ("/projects", {"name": "Mine"}),
        ("/projects/shop/name", {"name": "Mine"}),
        ("/projects/shop/keys", {"label": "mine"}),
        (f"/projects/shop/keys/{key.id}", {"disabled": "1"}),
        ("/projects/shop/members", {"account": str(bob.id)}),
        ("/projects/shop/members/remove", {"account": str(bob.id)}),
        ("/people", {"email": "eve@example.org", "password": "correct horse"}),
        ("/server/dead", {"what": "drop"}),
        ("/server/mail", {}),
    ):
        assert someone.send(path, "/account", **fields).status_code == 404, path
    assert site.store.projects.keys(shop.id) == [key]
    assert (len(site.store.accounts.all()), site.mailed, site.dropped) == (2, [], [])


def test_a_member_cannot_decide_about_issues_of_others(site: Site, shop: ProjectRow) -> None:
    """A form that names an issue of another project changes none of the issues it names."""
    site.admin()
    mine = site.break_(shop, "KeyError", "mine")
    other = site.break_(site.store.projects.add("Bank"), "KeyError", "theirs")
    site.member(shop)
    someone = visitor(site.app(), "bob@example.org")
    answer = someone.send("/issues/status", "/account", id=[mine.short_id, other.short_id], decision="resolved")
    assert answer.status_code == 404
    undo = site.store.decisions.decide([other.id], Mute(), None).undo
    someone.send("/issues/undo", "/account", undo=str(undo))
    assert site.store.issues.get(other.id).status is Status.MUTED
    site.store.decisions.decide([other.id], Reopen(), None)
    assert {site.store.issues.get(one.id).status for one in (mine, other)} == {Status.UNRESOLVED}
