"""Accounts, for admins."""

import pytest

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
