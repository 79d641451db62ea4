"""Services of Apprise, by the real courier and a receiver that listens."""

from email.message import Message

import pytest

from kaput.errors import DeliveryFailed
from kaput.tell.services import Brief, ServiceChannel, service_of
from tests.tell.receiver import Receiver
from tests.tell.servers import SilentServer, free_port

BRIEF = Brief("[Shop] KeyError: 'sku-9'", "price_cart in shop/pricing.py:88\n<b>&", "failure")


def send(url: str, *networks: str, longest: float = 40.0) -> None:
    with ServiceChannel(url, networks, longest).connect() as deliver:
        deliver(BRIEF)


def failure(url: str, *networks: str, longest: float = 40.0) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        send(url, *networks, longest=longest)
    return caught.value


def header(headers: Message, name: str) -> str:
    return str(headers[name])


def test_a_message() -> None:
    """A service gets title, text and urgency, as they are."""
    with Receiver() as receiver:
        send(f"json://localhost:{receiver.port}/abcdef?+X-Token=tok123", "127.0.0.1", "::1")
    document = receiver.documents[0]
    assert (document["title"], document["message"], document["type"]) == (BRIEF.title, BRIEF.body, "failure")
    assert header(receiver.taken[0][0], "X-Token") == "tok123"


def test_private_addresses_are_refused() -> None:
    """No service reaches an address that is not allowed, by whatever name."""
    with Receiver() as receiver:
        for place in ("localhost", "2130706433"):
            error = failure(f"json://{place}:{receiver.port}/")
            assert "is a private address, and nothing was sent" in str(error)
            assert error.away
    assert receiver.taken == []


def test_redirects_do_not_lead_past_the_fence() -> None:
    """A receiver that is allowed cannot send Kaput on to one that is not."""
    with Receiver() as secret:
        away = {"Location": f"http://127.0.0.2:{secret.port}/"}
        with Receiver([(307, b"", away)]) as receiver:
            assert "127.0.0.2 is a private address" in str(failure(f"json://127.0.0.1:{receiver.port}/", "127.0.0.1"))
    assert secret.taken == []


def test_words() -> None:
    """A refusal is told in the service's words, without what is secret in the address."""
    with Receiver([(403, b"the token tok12345 is wrong", {})]) as receiver:
        error = failure(f"json://localhost:{receiver.port}/hook/tok12345", "127.0.0.1", "::1")
    assert "403" in str(error)
    assert "It said: the token [filtered] is wrong" in str(error)
    assert error.away
    assert "Connection refused" in str(failure(f"json://127.0.0.1:{free_port()}/tok12345", "127.0.0.1"))


def test_about_one_message() -> None:
    """A service that refuses one message may take the next one."""
    with Receiver([(400, b"too long", {})]) as receiver:
        assert not failure(f"json://127.0.0.1:{receiver.port}/", "127.0.0.1").away


def test_a_service_that_hangs() -> None:
    """A service that does not answer is given up in time."""
    with SilentServer() as server:
        error = failure(f"json://127.0.0.1:{server.port}/", "127.0.0.1", longest=3)
    assert str(error) == "The service did not answer within 3 s."
    assert error.away


def test_reading_an_address() -> None:
    """An address is read without sending anything; one that no service has is refused in Apprise's words."""
    assert service_of(" slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/ ") == "Slack"
    for url in ("nosuch://x", "slack://x", "slack", "\x00://x"):
        with pytest.raises(ValueError, match=r"Apprise|looks like slack") as caught:
            service_of(url)
        assert "TIiajkdn" not in str(caught.value)


@pytest.mark.parametrize("url", ["syslog://", "syslog://127.0.0.1:514"])
def test_services_of_this_machine(url: str) -> None:
    """A service that works by a log or a socket of this machine does nothing."""
    assert failure(url).away
