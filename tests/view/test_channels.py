"""The page of a project's channels."""

import threading
import time

import pytest

from kaput.model import ChannelKind, channel_recipient
from kaput.store.base import Address, ChannelRow, ProjectRow
from tests.view.site import Site, visitor

URL = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
PAGE = "/projects/shop/channels"


def add(site: Site, shop: ProjectRow, name: str = "Chat") -> ChannelRow:
    return site.store.channels.add(shop.id, ChannelKind.SERVICE, name, "Slack, slack://…", Address(URL))


def after_test(site: Site, act: object) -> threading.Thread:
    """Stands in for the sender: does something with the first notice that appears."""

    def wait() -> None:
        end = time.monotonic() + 10
        while not site.store.outbox.newest() and time.monotonic() < end:
            time.sleep(0.01)
        act([site.store.outbox.newest()])  # type: ignore[operator]

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_adding(site: Site, shop: ProjectRow) -> None:
    """A channel is added by a name and an address, which no page shows; a webhook's secret is shown once."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    assert "Alerts go by mail only." in someone.get(PAGE)
    answer = someone.send(PAGE, PAGE, name="Chat", url=URL)
    assert answer.status_code == 200
    assert "Chat is added" in answer.text
    hook = someone.send(PAGE, PAGE, name="Hook", url="https://hooks.example.org/token123").text
    assert hook.count("whsec_c2VjcmV0") == 1
    assert ("It has no address now." in hook, "It has no address now." in answer.text) == (True, False)
    page = someone.get(PAGE)
    assert "Nothing was sent yet." in page
    for secret in ("whsec_", "TIiajkdn", "token123"):
        assert secret not in page + answer.text
    assert site.store.channels.address(site.store.channels.all(shop.id)[0].id).url == URL


def test_an_address_that_is_none(site: Site, shop: ProjectRow) -> None:
    """What cannot be added is told in words, and what was typed as the address is not sent back."""
    add(site, shop)
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    again = someone.send(PAGE, PAGE, name="Chat", url=URL)
    assert (again.status_code, "There is a channel" in again.text) == (409, True)
    site.refusal = "Apprise cannot read this address."
    wrong = someone.send(PAGE, PAGE, name="Other", url=URL)
    assert (wrong.status_code, site.refusal in wrong.text, "TIiajkdn" in wrong.text) == (400, True, False)


def test_buttons(site: Site, shop: ProjectRow) -> None:
    """A channel is disabled, enabled and deleted; one of another project is not there."""
    channel = add(site, shop)
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    where = f"{PAGE}/{channel.id}"
    someone.send(where, PAGE, what="disable")
    assert site.store.channels.get(channel.id).disabled
    assert "disabled</span>" in someone.get(PAGE)
    someone.send(where, PAGE, what="enable")
    assert not site.store.channels.get(channel.id).disabled
    assert someone.send(where, PAGE, what="burn").status_code == 400
    site.store.projects.add("Other")
    assert someone.send(f"/projects/other/channels/{channel.id}", PAGE, what="delete").status_code == 404
    someone.send(where, PAGE, what="delete")
    assert site.store.channels.all() == []


@pytest.mark.parametrize(
    ("what", "told"), [("sent", "Chat took the test alert."), ("retry", "The receiver answered 500.")]
)
def test_the_test_button(site: Site, shop: ProjectRow, what: str, told: str) -> None:
    """A test goes into the outbox as an alert does, and what came of it is told in the receiver's words."""
    channel, outbox = add(site, shop), site.store.outbox
    acts = {
        "sent": lambda ids: outbox.mark_sent(ids, site.clock(), in_digest=False),
        "retry": lambda ids: outbox.mark_retry(ids, "The receiver answered 500.", site.clock() + 60),
    }
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    sender = after_test(site, acts[what])
    someone.send(f"{PAGE}/{channel.id}", PAGE, what="test")
    sender.join()
    page = someone.get(PAGE)
    assert f"{told}</p>" in page
    assert ("failing</span>" in page, 'id="undelivered"' in page) == (what == "retry", True)
    assert outbox.get(outbox.newest()).recipient == channel_recipient(channel.id)


def test_testing_the_mail(site: Site, shop: ProjectRow) -> None:
    """A test by mail goes to who asks for it; without a mail server it is told that none is set."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    someone.send(f"{PAGE}/mail", PAGE)
    assert "No mail was sent: KAPUT_SMTP_HOST is not set." in someone.get(PAGE)
    someone = visitor(site.app(smtp_host="mail.example.org"), "ada@example.org")
    sender = after_test(site, lambda ids: site.store.outbox.mark_failed(ids, "No mail went out: 550 nobody."))
    someone.send(f"{PAGE}/mail", PAGE)
    sender.join()
    page = someone.get(PAGE)
    assert page.count("No mail went out: 550 nobody.") == 2
    assert "to ada@example.org" in page
    assert "given up" in page
    assert site.store.outbox.get(1).project_id == shop.id


def test_what_was_not_delivered(site: Site, shop: ProjectRow) -> None:
    """What was not taken stands there with its issue, its recipient, its words and the next attempt."""
    issue = site.break_(shop, "KeyError", "x", tell="bob@example.org")
    site.store.outbox.mark_retry([1], "No mail went out: the server said <451> later.", site.clock() + 300)
    site.admin()
    page = visitor(site.app(), "ada@example.org").get(PAGE)
    assert "the server said &lt;451&gt; later." in page
    assert f"/issues/{issue.short_id}" in page
    assert "to bob@example.org" in page
    assert "1 attempt, the next in 5 m" in page


def test_a_failing_channel_is_a_warning(site: Site, shop: ProjectRow) -> None:
    """While a channel fails every page of an admin says which, and why."""
    channel = add(site, shop)
    site.store.outbox.mark_retry([site.store.outbox.test(shop.id, channel_recipient(channel.id))], "No.", 0.0)
    site.admin()
    assert "The channel Chat fails. No." in visitor(site.app(), "ada@example.org").get("/projects")


def test_unsubscribed_members(site: Site, shop: ProjectRow) -> None:
    """Who unsubscribed stands there, and gets mails again by a button."""
    site.store.channels.unsubscribe(shop.id, "Bob@example.org")
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    assert "bob@example.org" in someone.get(PAGE)
    someone.send(f"{PAGE}/subscribers", PAGE, address="bob@example.org")
    assert site.store.channels.unsubscribed(shop.id) == set()


def test_members_do_not_see_it(site: Site, shop: ProjectRow) -> None:
    """Channels are for admins."""
    site.member(shop)
    someone = visitor(site.app(), "bob@example.org")
    someone.get(PAGE, 404)
    assert "/channels" not in someone.get("/projects/shop/setup")
