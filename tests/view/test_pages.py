"""The application as a whole: what is closed, what works under a prefix, what every form carries."""

import re

import pytest

from kaput.store.base import ProjectRow
from kaput.view.pages import OPEN
from kaput.view.parts import EXTENSION
from tests.view.site import Site, visitor


def test_every_page_but_the_doors_asks_for_a_login(site: Site) -> None:
    """Each address that is not listed as open leads to the login form, and does so for every method it takes."""
    app = site.app()
    someone = visitor(app)
    closed = [rule for rule in app.url_map.iter_rules() if rule.endpoint not in OPEN]
    assert len(closed) > 20
    app.config["WTF_CSRF_ENABLED"] = False
    with app.test_request_context():
        for rule in closed:
            values = {name: 1 if name.endswith("_id") and "int" in str(rule) else "x" * 32 for name in rule.arguments}
            for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
                answer = someone.client.open(rule.build(values)[1], method=method)  # type: ignore[index]
                assert (answer.status_code, answer.location.split("?")[0]) == (302, "/login"), rule


def test_the_parts_are_in_the_extensions(site: Site) -> None:
    """Views find what the root handed in under one name."""
    assert site.app().extensions[EXTENSION].store is site.store


@pytest.mark.parametrize(
    "path",
    ["/projects", "/issues", "/projects/shop/setup", "/projects/shop/settings", "/server", "/people", "/account"],
)
def test_pages_work_under_a_prefix(site: Site, shop: ProjectRow, path: str) -> None:
    """Behind a proxy that mounts Kaput below a path, every link and form on every page stays below it."""
    site.admin()
    site.break_(shop, "KeyError", "'sku-9'")
    someone = visitor(site.app())
    someone.base_url = "http://kaput.test/tracker/"
    assert someone.log_in("ada@example.org").location == "/tracker/"
    page = someone.get(path)
    targets = re.findall(r'(?:href|src|action)="([^"]*)"', page)
    assert len(targets) > 5
    assert [target for target in targets if target and not target.startswith(("/tracker/", "#"))] == []


def test_the_cookie_stays_under_the_prefix(site: Site) -> None:
    """The session cookie is sent under its prefix only, to no script, and with no form of another site."""
    site.admin()
    someone = visitor(site.app())
    someone.base_url = "http://kaput.test/tracker/"
    cookie = someone.log_in("ada@example.org").headers["Set-Cookie"]
    assert cookie.startswith("kaput_session=")
    assert {"Path=/tracker", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


@pytest.mark.parametrize(
    ("base", "url"), [("https://kaput.test/", ""), ("http://kaput.test/", "https://kaput.example.org")]
)
def test_the_cookie_is_secure_behind_https(site: Site, base: str, url: str) -> None:
    """When the request or the installation's own address is https the cookie never travels in the clear."""
    someone = visitor(site.app(url=url))
    someone.base_url = base
    assert "Secure" in someone.open("/login").headers["Set-Cookie"].split("; ")


def test_every_form_carries_a_token(site: Site, shop: ProjectRow) -> None:
    """On every page, each form that changes something has a CSRF token."""
    site.admin()
    site.member()
    site.break_(shop, "KeyError", "'sku-9'")
    site.lose("1.record", "no object")
    someone = visitor(site.app(smtp_host="mail.test"), "ada@example.org")
    forms = []
    for path in ("/issues", "/projects", "/projects/shop/settings", "/people", "/server", "/account"):
        forms += re.findall(r'<form[^>]*method="post".*?</form>', someone.get(path), re.DOTALL)
    assert len(forms) > 12
    assert [form for form in forms if "csrf_token" not in form] == []


def test_no_page_has_inline_code(site: Site, shop: ProjectRow) -> None:
    """No page has a script or a style in itself, which the policy would refuse."""
    site.admin()
    site.break_(shop, "KeyError", "'sku-9'")
    someone = visitor(site.app(), "ada@example.org")
    for path in ("/issues", "/projects", "/projects/shop/setup", "/people", "/server", "/account"):
        page = someone.get(path)
        assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=|javascript:", page) == []
