"""Accounts, for admins."""

import pytest

from kaput.store.base import Assign, ProjectRow
from tests.view.site import PASSWORD, Site, visitor


def test_an_admin_adds_accounts(site: Site) -> None:
    """An account that is added can log in, and is an admin only when that was ticked."""
    site.admin()
    app = site.app()
    ada = visitor(app, "ada@example.org")
    ada.send("/people", "/people", email="bob@example.org", password=PASSWORD)
    ada.send("/people", "/people", email="cy@example.org", password=PASSWORD, admin="1")
    visitor(app, "bob@example.org").get("/people", 404)
    assert "bob@example.org" in visitor(app, "cy@example.org").get("/people")


@pytest.mark.parametrize(
    ("email", "password", "status"),
    [("ada@example.org", PASSWORD, 409), ("bob", PASSWORD, 400), ("bob@example.org", "short", 400)],
)
def test_an_account_that_will_not_do_is_said_on_the_form(site: Site, email: str, password: str, status: int) -> None:
    """An address that is taken or none, and a short password, make no account, and the page says why."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    answer = someone.send("/people", "/people", email=email, password=password)
    assert (answer.status_code, 'class="error"' in answer.text, f'value="{email}"' in answer.text) == (
        status,
        True,
        True,
    )
    assert len(site.store.accounts.all()) == 1


def test_an_admin_changes_and_removes_accounts(site: Site, shop: ProjectRow) -> None:
    """The right of an admin is given and taken; who is removed is out, and leaves no issue to nobody."""
    site.admin()
    bob = site.member(shop)
    app = site.app()
    ada, other = visitor(app, "ada@example.org"), visitor(app, "bob@example.org")
    issue = site.break_(shop, "KeyError", "apples")
    site.store.decisions.decide([issue.id], Assign(bob.id), bob.id)
    ada.send(f"/people/{bob.id}/admin", "/people", admin="1")
    assert "bob@example.org" in other.get("/people")
    ada.send(f"/people/{bob.id}/admin", "/people", admin="0")
    other.get("/people", 404)
    ada.send("/people/remove", "/people", account=str(bob.id))
    assert other.open("/account").status_code == 302
    assert "The account bob@example.org is removed." in ada.get("/people")
    assert "bob@example.org" not in ada.get("/people")
    for unknown in (str(bob.id), "", "x", "9" * 30):
        for path in ("/people/remove", f"/people/{unknown or 0}/admin"):
            ada.send(path, "/people", account=unknown)
            assert "There is no account" in ada.get("/people")
    ada.get(f"/issues/{issue.short_id}")


def test_the_page_keeps_the_last_admin(site: Site) -> None:
    """The last admin can neither be removed nor lose the right, and the page says what to do."""
    me = site.admin()
    ada = visitor(site.app(), "ada@example.org")
    for path, fields in (("/people/remove", {"account": str(me.id)}), (f"/people/{me.id}/admin", {"admin": "0"})):
        ada.send(path, "/people", **fields)
        assert "is the last admin; make somebody else an admin first." in ada.get("/people")


def test_others_change_no_account(site: Site, shop: ProjectRow) -> None:
    """For an ordinary account the forms are not there."""
    me = site.admin()
    site.member(shop)
    bob = visitor(site.app(), "bob@example.org")
    for form in ("remove", f"{me.id}/admin"):
        assert bob.send(f"/people/{form}", "/account", account=str(me.id), admin="0").status_code == 404
    assert len(site.store.accounts.all()) == 2
