"""Projects, their DSN, keys and members."""

import re

import pytest

from kaput.store.base import ProjectRow
from kaput.view.snippets import SNIPPETS
from tests.view.site import PASSWORD, Site, visitor


def test_the_dsn_follows_the_address_of_the_request(site: Site, shop: ProjectRow) -> None:
    """Without KAPUT_URL the DSN has the scheme, host, port and prefix under which the page was opened."""
    site.admin()
    key = site.store.projects.keys(shop.id)[0].public
    someone = visitor(site.app())
    someone.base_url = "https://kaput.test:8443/tracker/"
    someone.log_in("ada@example.org")
    assert f"https://{key}@kaput.test:8443/tracker/{shop.id}<" in someone.get("/projects/shop/setup")


def test_the_dsn_follows_the_setting(site: Site, shop: ProjectRow) -> None:
    """With KAPUT_URL the DSN has that address, whatever the page was opened under."""
    site.admin()
    key = site.store.projects.keys(shop.id)[0].public
    someone = visitor(site.app(url="http://errors.example.org/x"), "ada@example.org")
    assert f"http://{key}@errors.example.org/x/{shop.id}<" in someone.get("/projects")


@pytest.mark.parametrize("client", [one.slug for one in SNIPPETS])
def test_there_is_a_snippet_for_each_client(site: Site, shop: ProjectRow, client: str) -> None:
    """Each client's page has the project's key in the lines to copy."""
    site.admin()
    key = site.store.projects.keys(shop.id)[0].public
    page = visitor(site.app(), "ada@example.org").get(f"/projects/shop/setup?client={client}")
    blocks = re.findall(r"<pre[^>]*><code>(.*?)</code>", page, re.DOTALL)
    assert key in blocks[0]
    assert key in blocks[-1]


def test_an_unknown_client_is_not_there(site: Site, shop: ProjectRow) -> None:
    """A client that has no snippet is a 404."""
    site.admin()
    visitor(site.app(), "ada@example.org").get(f"/projects/{shop.slug}/setup?client=cobol", 404)


def test_the_setup_page_says_whether_events_arrive(site: Site, shop: ProjectRow) -> None:
    """The page says that nothing arrived, and after the first events how many did."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    assert "No event has arrived yet." in someone.get("/projects/shop/setup")
    site.break_(shop, "KeyError", "x", times=3)
    assert "3 events arrived." in someone.get("/projects/shop/setup")


def test_nobody_is_asked_to_report_to_the_project_of_kaput_itself(site: Site) -> None:
    """Its pages lead neither to what a client needs nor to jobs, which another project's do."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    for slug, asked in (("app", True), ("kaput", False)):
        page = someone.get(f"/projects/{slug}/releases")
        assert [f"/projects/{slug}/{name}" in page for name in ("setup", "monitors")] == [asked, asked]


def test_an_admin_adds_a_project(site: Site) -> None:
    """A new project leads to its set-up page, which has a DSN."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    answer = someone.send("/projects", "/projects", name="  Shop  two ")
    assert answer.location == "/projects/shop-two/setup"
    assert "Shop two" in someone.get("/projects")
    assert re.search(r"http://[0-9a-f]{32}@kaput\.test/\d+<", someone.get(answer.location))


@pytest.mark.parametrize(("name", "status"), [("", 400), ("x" * 81, 400), ("Shop", 409), ("!!!", 409), ("Kaput", 409)])
def test_a_name_that_will_not_do_is_said_on_the_form(site: Site, shop: ProjectRow, name: str, status: int) -> None:
    """A name that is empty, too long, without letters or taken makes nothing, and the page says why."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    answer = someone.send("/projects", "/projects", name=name)
    assert answer.status_code == status
    assert 'class="error"' in answer.text
    assert len(site.store.projects.all()) == 3
    assert shop in site.store.projects.all()


def test_a_project_is_renamed_and_keeps_its_slug(site: Site, shop: ProjectRow) -> None:
    """The new name is shown and the addresses stay; an empty name is refused."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    someone.send("/projects/shop/name", "/projects/shop/settings", name="Big shop")
    assert site.store.projects.get("shop").name == "Big shop"
    refused = someone.send("/projects/shop/name", "/projects/shop/settings", name=" ")
    assert (refused.status_code, "1 to 80 characters" in refused.text) == (400, True)
    assert site.store.projects.get(shop.id).name == "Big shop"


def test_keys_are_added_disabled_and_enabled(site: Site, shop: ProjectRow) -> None:
    """A second key takes the first one's place in the DSN when that is disabled, and gives it back."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    someone.send("/projects/shop/keys", "/projects/shop/settings", label="staging")
    first, second = site.store.projects.keys(shop.id)
    assert second.label == "staging"
    someone.send(f"/projects/shop/keys/{first.id}", "/projects/shop/settings", disabled="1")
    page = someone.get("/projects/shop/setup")
    assert (first.public in page, second.public in page) == (False, True)
    someone.send(f"/projects/shop/keys/{second.id}", "/projects/shop/settings", disabled="1")
    assert "All keys of this project are disabled" in someone.get("/projects/shop/setup")
    assert "All keys are disabled" in someone.get("/projects")
    someone.send(f"/projects/shop/keys/{first.id}", "/projects/shop/settings", disabled="0")
    assert first.public in someone.get("/projects/shop/setup")


def test_a_key_is_limited(site: Site, shop: ProjectRow) -> None:
    """Two numbers are a limit, two empty fields none; anything else is said on the page and changes nothing."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    key = site.store.projects.keys(shop.id)[0]
    path, page = f"/projects/shop/keys/{key.id}/limit", "/projects/shop/settings"
    assert someone.send(path, page, events="1000", seconds="60").status_code == 302
    for events, seconds in (("5", ""), ("", "5"), ("x", "5"), ("-5", "5"), ("5", "86401"), ("9" * 30, "1"), ("٣", "1")):
        answer = someone.send(path, page, events=events, seconds=seconds)
        assert (answer.status_code, 'class="error"' in answer.text) == (400, True)
    limited = site.store.projects.keys(shop.id)[0]
    assert (limited.limit_events, limited.limit_seconds) == (1000, 60)
    assert 'value="1000"' in someone.get(page)
    someone.send(path, page, events="", seconds="")
    assert site.store.projects.keys(shop.id) == [key]


def test_a_key_of_another_project_is_not_there(site: Site, shop: ProjectRow) -> None:
    """A key is changed under its own project only."""
    site.admin()
    bank = site.store.projects.add("Bank")
    key = site.store.projects.keys(bank.id)[0]
    someone = visitor(site.app(), "ada@example.org")
    answer = someone.send(f"/projects/{shop.slug}/keys/{key.id}", "/projects/shop/settings", disabled="1")
    assert answer.status_code == 404
    path = f"/projects/{shop.slug}/keys/{key.id}/limit"
    assert someone.send(path, "/projects/shop/settings", events="1", seconds="1").status_code == 404
    assert site.store.projects.keys(bank.id) == [key]


def test_members_are_added_and_removed(site: Site, shop: ProjectRow) -> None:
    """An account that is added sees the project from then on, and no more when it is removed."""
    site.admin()
    bob = site.member()
    app = site.app()
    ada, someone = visitor(app, "ada@example.org"), visitor(app, bob.email)
    someone.get("/projects/shop/issues", 404)
    ada.send("/projects/shop/members", "/projects/shop/settings", account=str(bob.id))
    assert "No event of Shop has arrived" in someone.get("/projects/shop/issues")
    ada.send("/projects/shop/members/remove", "/projects/shop/settings", account=str(bob.id))
    someone.get("/projects/shop/issues", 404)
    assert [member.email for member in site.store.projects.members(shop.id)] == ["ada@example.org"]


@pytest.mark.parametrize(("account", "status"), [("", 400), ("x", 400), ("999", 404), ("9" * 30, 404)])
def test_a_member_must_be_an_account(site: Site, shop: ProjectRow, account: str, status: int) -> None:
    """A form that names no account, or a strange one, is a clear 4xx."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    answer = someone.send(f"/projects/{shop.slug}/members", "/projects/shop/settings", account=account)
    assert answer.status_code == status


def test_without_projects_the_list_teaches_the_next_step(site: Site) -> None:
    """Who is no member of anything is led to a page that says what to do."""
    site.admin()
    site.store.accounts.add("bob@example.org", PASSWORD, admin=False)
    someone = visitor(site.app(), "bob@example.org")
    assert someone.open("/").location == "/projects"
    assert "Ask an admin to add you to one." in someone.get("/projects")


def test_names_are_escaped(site: Site) -> None:
    """A name that looks like HTML is text."""
    site.admin()
    site.store.projects.add("<b>shop</b>")
    page = visitor(site.app(), "ada@example.org").get("/projects")
    assert "&lt;b&gt;shop&lt;/b&gt;" in page
    assert "<b>shop" not in page
