"""Channels beside each other: one that is closed holds up no other, and each gets everything in order, once."""

from kaput.model import channel_of
from kaput.store.base import ChannelRow
from kaput.tell.lanes import Lanes, Route
from kaput.tell.plan import WINDOW
from kaput.tell.routes import read_address, route_of
from tests.tell.receiver import Receiver
from tests.tell.shop import START, Shop

BASE = "https://kaput.example.org/errors"


def add(shop: Shop, name: str, url: str) -> ChannelRow:
    read = read_address(url, ("127.0.0.1", "::1"))
    return shop.store.channels.add(shop.project.id, read.kind, name, read.shown, read.address)


def lanes(shop: Shop) -> Lanes:
    def route(lane: str) -> Route:
        channel_id = channel_of(lane) or 0
        row, address = shop.store.channels.get(channel_id), shop.store.channels.address(channel_id)
        return route_of(row, address, ["127.0.0.1", "::1"], "a1b2", lambda: shop.now)

    return Lanes(shop.store, route, lambda: BASE + "/", lambda: shop.now)


def at(shop: Shop, sender: Lanes, seconds: float) -> float | None:
    shop.now = START + seconds
    return sender.run_once(shop.now)


def test_a_webhook_and_a_service(shop: Shop) -> None:
    """A new issue goes to every channel of its project, at once, with a link; mails are left to their own sender."""
    with Receiver() as hook, Receiver() as chat:
        add(shop, "Hook", hook.url)
        add(shop, "Chat", f"json://localhost:{chat.port}/")
        shop.breaks("a")
        assert lanes(shop).run_once(START) is None
        document, message = hook.documents[0], chat.documents[0]
    assert document["type"] == "issue.new"
    assert document["issue"]["link"] == f"{BASE}/issues/SHOP-1"
    assert document["event"]["where"] == "price_cart in shop/pricing.py:88"
    assert message["title"] == "[Shop] KeyError: 'a' in price_cart"
    assert message["message"].endswith(f"{BASE}/issues/SHOP-1")
    assert shop.notices == {"sent": 2, "pending": 1, "failed": 0}


def test_a_flood(shop: Shop) -> None:
    """Of many new issues a channel gets three at once and one digest of the rest."""
    with Receiver() as hook:
        add(shop, "Hook", hook.url)
        sender = lanes(shop)
        for number in range(30):
            shop.breaks(f"issue {number}")
        assert at(shop, sender, 0) == WINDOW
        assert at(shop, sender, WINDOW) is None
        assert [document["type"] for document in hook.documents] == ["issue.new"] * 3 + ["digest"]
        digest = hook.documents[-1]
    assert digest["counts"] == {"new": 27}
    assert len(digest["issues"]) + digest["more"] == 27


def test_a_closed_channel(shop: Shop) -> None:
    """While one channel is closed the other goes on; once it is back it gets what it missed, in order, once."""
    with Receiver([(503, b"down for work", {})] * 2) as down, Receiver() as fine:
        add(shop, "Down", down.url)
        add(shop, "Fine", fine.url)
        sender = lanes(shop)
        shop.breaks("a")
        assert at(shop, sender, 0) == 5
        shop.breaks("b")
        assert at(shop, sender, 1) == 15
        assert [document["issue"]["value"] for document in fine.documents] == ["'a'", "'b'"]
        trouble = shop.store.outbox.troubles()[0]
        assert (trouble.count, trouble.error) == (2, "The receiver answered 503: down for work.")
        down.taken.clear()
        at(shop, sender, 30)
        at(shop, sender, 99)
        assert [document["issue"]["value"] for document in down.documents] == ["'a'", "'b'"]
    assert shop.store.outbox.troubles() == []


def test_an_hour_away(shop: Shop) -> None:
    """Alerts of an hour in which a channel was away arrive, and each delivery has the same id at every attempt."""
    with Receiver([(500, b"", {})] * 3) as hook:
        add(shop, "Hook", hook.url)
        sender = lanes(shop)
        shop.breaks("a")
        for seconds in (0, 5, 20, 80, 3600):
            at(shop, sender, seconds)
        ids = [headers["webhook-id"] for headers, _ in hook.taken]
        stamps = [headers["webhook-timestamp"] for headers, _ in hook.taken]
    assert len(ids) == 4
    assert len(set(ids)) == 1
    assert len(set(stamps)) == 4


def test_a_test(shop: Shop) -> None:
    """A test goes the way of alerts and says that it is one, in a project without an event too."""
    with Receiver() as hook:
        row = add(shop, "Hook", hook.url)
        number = shop.store.outbox.test(shop.project.id, f"channel:{row.id}")
        assert lanes(shop).run_once(START) is None
        shop.breaks("a")
        lanes(shop).run_once(START)
        shop.store.outbox.test(shop.project.id, f"channel:{row.id}")
        lanes(shop).run_once(START)
        kinds = [(document["type"], document["issue"]["short_id"]) for document in hook.documents]
    assert kinds == [("issue.test", "SHOP-0"), ("issue.new", "SHOP-1"), ("issue.test", "SHOP-1")]
    assert shop.store.outbox.get(number).state == "sent"


def test_a_channel_that_is_gone(shop: Shop) -> None:
    """What cannot be sent because its channel is gone is given up, and the others go on."""
    with Receiver() as hook:
        add(shop, "Hook", hook.url)
        number = shop.store.outbox.test(shop.project.id, "channel:99")
        shop.breaks("a")
        lanes(shop).run_once(START)
        assert len(hook.taken) == 1
    assert shop.store.outbox.get(number).state == "failed"
    assert "no channel 99" in shop.store.outbox.get(number).error
