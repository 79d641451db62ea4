"""The page about the installation itself."""

import re

from kaput.model import Space
from kaput.store.base import Limits, ProjectRow
from tests.view.site import Site, visitor


def test_it_shows_the_counts(site: Site, shop: ProjectRow) -> None:
    """Every count of the stats stands under its name."""
    site.admin()
    site.break_(shop, "KeyError", "x", times=1204)
    site.lose("1.record", "The event is no object.")
    page = visitor(site.app(), "ada@example.org").get("/server")
    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd[^>]*>([^<]+)</dd>", page))
    assert figures | {"accepted": "1,205", "digested": "1,204", "dead": "1", "issues": "1"} == figures
    assert figures["events stored"] == "1,204"


def test_it_shows_why_something_was_left_out(site: Site) -> None:
    """Each reason has its count of the last day and of ever."""
    site.admin()
    site.leave_out("rate_limited", 5)
    site.clock.now += 3 * 86400
    site.leave_out("rate_limited", 7)
    page = visitor(site.app(), "ada@example.org").get("/server")
    row = re.search(r"<code>rate_limited</code>.*?</tr>", page, re.DOTALL)
    assert row is not None
    assert "the key had brought as many events as its limit says" in row[0]
    assert re.findall(r">([\d,]+)<", row[0]) == ["7", "12"]


def test_dead_records_are_shown_and_handled(site: Site) -> None:
    """Each dead record has its reason; one is put back or dropped by its name, or all at once."""
    site.admin()
    site.lose("1.record", "The event is <no> object.")
    site.lose("2.record", "Too deep.")
    someone = visitor(site.app(), "ada@example.org")
    assert "The event is &lt;no&gt; object." in someone.get("/server")
    someone.send("/server/dead", "/server", what="retry", name="1.record")
    assert "1 record put back." in someone.get("/server")
    someone.send("/server/dead", "/server", what="drop")
    assert "2 records removed for good." in someone.get("/server")
    assert (site.retried, site.dropped) == (["1.record"], ["1.record", "2.record"])
    assert someone.send("/server/dead", "/server", what="burn").status_code == 400


def test_what_could_not_be_put_back_is_told(site: Site) -> None:
    """It is green when all were put back, and an error when some were not, or there was none."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    site.lose("1.record", "The event is no object.")
    someone.send("/server/dead", "/server", what="retry", name="1.record")
    assert '<p class="flash flash-done" role="status">1 record put back.</p>' in someone.get("/server")
    site.stuck = 1
    someone.send("/server/dead", "/server", what="retry", name="1.record")
    page = someone.get("/server")
    assert "0 records put back. 1 other could not be: damaged on the disk, or gone already." in page
    assert "flash-error" in page
    assert "flash-done" not in page


def test_many_dead_records(site: Site) -> None:
    """Of many dead records the newest hundred are listed, the others are counted; a banner leads to them."""
    site.admin()
    for number in range(150):
        site.lose(f"{number:03}.record", "Too deep.")
    page = visitor(site.app(), "ada@example.org").get("/server")
    names = re.findall(r"<code>(\d+\.record)</code>", page)
    assert names == [f"{number:03}.record" for number in range(149, 49, -1)]
    assert "50 older ones are not listed here" in page
    assert "150 accepted records could not be digested." in page
    assert '<a href="/server#dead">' in page


def test_a_test_mail_goes_to_the_viewer(site: Site) -> None:
    """The button sends to one's own address and says that the server took it."""
    site.admin()
    someone = visitor(site.app(smtp_host="mail.test"), "ada@example.org")
    someone.send("/server/mail", "/server")
    assert site.mailed == ["ada@example.org"]
    assert "The mail server took a test mail for ada@example.org." in someone.get("/server")


def test_a_refused_test_mail_shows_the_servers_words(site: Site) -> None:
    """What the mail server said stands on the page."""
    site.admin()
    site.refusal = "No mail went out: the server said 535 authentication failed."
    someone = visitor(site.app(smtp_host="mail.test"), "ada@example.org")
    someone.send("/server/mail", "/server")
    assert f">{site.refusal}</p>" in someone.get("/server")


def test_without_a_mail_server_none_is_tried(site: Site) -> None:
    """Without KAPUT_SMTP_HOST the button is dead and the form says what to set."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    assert re.search(r"<button[^>]* disabled>Send a test mail", someone.get("/server"))
    someone.send("/server/mail", "/server")
    assert "No mail was sent: KAPUT_SMTP_HOST is not set." in someone.get("/server")
    assert site.mailed == []


def test_the_mail_password_is_not_shown(site: Site) -> None:
    """The page names the mail server and not its login."""
    site.admin()
    app = site.app(smtp_host="mail.test", smtp_user="kaput-login", smtp_password="hunter2")
    page = visitor(app, "ada@example.org").get("/server")
    assert "mail.test:25" in page
    assert "hunter2" not in page
    assert "kaput-login" not in page


def test_it_shows_the_space_that_is_taken(site: Site, shop: ProjectRow) -> None:
    """What the data directory takes and may take, the oldest event, what was thinned out, and the limits."""
    site.admin()
    site.break_(shop, "KeyError", "x", times=1204, age=3 * 86400)
    list(site.store.retention.crowd(Limits(events_per_issue=50)))
    someone = visitor(site.app(), "ada@example.org")
    assert "may take</dt><dd>–</dd>" in someone.get("/server")
    site.space = Space(used=5_100_000_000, budget=8_000_000_000, dead=2_000_000)
    page = re.sub(r"</dt><dd[^>]*>", "=", someone.get("/server"))
    for words in ("data directory=5.1 GB", "may take=8.0 GB", "dead records=2.0 MB", "thinned out=1,166", "3 d ago"):
        assert words in page
    assert "Events older than 90 days go" in page
    assert "An issue keeps at most 1,000" in page
