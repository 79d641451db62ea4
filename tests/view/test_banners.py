"""What admins are told on every page."""

from kaput.store.base import ProjectRow
from tests.view.site import Site, visitor

NO_MAIL = "No mail is sent: KAPUT_SMTP_HOST is not set."


def test_a_missing_mail_server_is_told_to_admins_only(site: Site, shop: ProjectRow) -> None:
    """An admin reads on every page that no mail is sent, a member does not."""
    site.admin()
    site.member(shop)
    app = site.app()
    for path in ("/issues", "/projects", "/server", "/account"):
        assert NO_MAIL in visitor(app, "ada@example.org").get(path)
    assert NO_MAIL not in visitor(app, "bob@example.org").get("/account")
    assert NO_MAIL not in visitor(app).get("/login")


def test_with_a_mail_server_all_is_quiet(site: Site) -> None:
    """An installation without problems has no banner."""
    site.admin()
    assert 'class="banner"' not in visitor(site.app(smtp_host="mail.test"), "ada@example.org").get("/account")


def test_problems_of_the_root_are_told(site: Site) -> None:
    """What the root reports stands on the page, escaped."""
    site.admin()
    site.problems.append("The disk is <full>.")
    assert "The disk is &lt;full&gt;." in visitor(site.app(), "ada@example.org").get("/account")


def test_failing_mail_is_told_in_the_servers_words(site: Site, shop: ProjectRow) -> None:
    """While a notice cannot be sent, the page has the mail server's words and when it is tried again."""
    site.admin()
    site.break_(shop, "KeyError", "x", tell="ada@example.org")
    notice = site.store.outbox.open()[0]
    words = "No mail went out: the server said 535 authentication failed."
    site.store.outbox.mark_retry([notice.id], words, site.clock() + 120)
    page = visitor(site.app(smtp_host="mail.test"), "ada@example.org").get("/account")
    assert f"<span>{words} Next attempt in 2 m.</span>" in page
