"""Webhooks, with receivers that listen: what is signed, what is refused, and what is said of a failure."""

import hmac
import json
import socket
import ssl
import threading
import time
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import trustme

from kaput.errors import DeliveryFailed
from kaput.tell.network import Fence
from kaput.tell.webhook import Document, WebhookChannel, check_address, make_secret, sign
from tests.tell.receiver import Receiver
from tests.tell.servers import SilentServer, free_port
from tests.tell.shop import START

HERE = Fence(("127.0.0.1", "::1"))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DOCUMENT = Document("notice-1.a1b2", b'{"type":"issue.new"}')


def send(url: str, fence: Fence = HERE, document: Document = DOCUMENT, **options: Any) -> None:
    with WebhookChannel(url, SECRET, fence, lambda: START, **options).connect() as deliver:
        deliver(document)


def failure(url: str, fence: Fence = HERE, **options: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        send(url, fence, **options)
    return caught.value


def test_the_signature_of_the_standard() -> None:
    """The signature is the one that the specification gives as its example."""
    document = Document("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}')
    assert sign(SECRET, document, 1614265330) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_request() -> None:
    """A receiver gets the document, and can check by the secret that it is Kaput's and fresh."""
    with Receiver() as receiver:
        send(f"{receiver.url}/hook?a=1")
        headers, body = receiver.taken[0]
    assert body == DOCUMENT.body
    assert receiver.paths == ["/hook?a=1"]
    assert headers["Host"] == f"localhost:{receiver.port}"
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"].startswith("Kaput/")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    right = hmac.new(b64decode(SECRET.removeprefix("whsec_")), signed, sha256).digest()
    assert headers["webhook-signature"] == f"v1,{b64encode(right).decode()}"
    assert headers["webhook-id"] == DOCUMENT.id
    assert int(headers["webhook-timestamp"]) == int(START)


def test_secrets_differ() -> None:
    """Each webhook has a secret of its own, of 32 bytes."""
    assert make_secret() != make_secret()
    assert len(b64decode(make_secret().removeprefix("whsec_"))) == 32


def test_private_addresses_are_refused() -> None:
    """Nothing is sent to an address that is not allowed, by number or by name, and the words say what to set."""
    with Receiver() as receiver:
        for host in ("127.0.0.1", "localhost", "0.0.0.0", "2130706433", "[::ffff:127.0.0.1]"):
            error = failure(f"http://{host}:{receiver.port}/", Fence(()))
            assert "private address" in str(error)
            assert "KAPUT_CHANNEL_NETWORKS" in str(error)
            assert error.away
    assert receiver.taken == []


def test_rebinding() -> None:
    """The address that was checked is the one that is connected to, whatever the name leads to a moment later."""
    with Receiver() as receiver:
        answers = [[("127.0.0.1", receiver.port)], [("127.0.0.2", receiver.port)]]

        def look_up(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in answers.pop(0)]

        send(f"http://rebinding.example.org:{receiver.port}/", look_up=look_up)
        assert receiver.taken[0][0]["Host"] == f"rebinding.example.org:{receiver.port}"
        assert "private address 127.0.0.2" in str(
            failure(f"http://rebinding.example.org:{receiver.port}/", Fence(("127.0.0.1",)), look_up=look_up)
        )
    assert answers == []


def test_only_allowed_addresses_of_several() -> None:
    """Of several addresses of a name those that are not allowed are passed over."""
    with Receiver() as receiver:
        both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, receiver.port)) for ip in ("10.0.0.1", "127.0.0.1")]
        send(f"http://two.example.org:{receiver.port}/", look_up=lambda *_, **__: both)
    assert len(receiver.taken) == 1


@pytest.mark.parametrize(
    ("status", "words", "told", "permanent", "away"),
    [
        (500, b"try\nlater abcdef", "The receiver answered 500: try later [filtered].", False, True),
        (401, b"", "The receiver answered 401.", False, True),
        (400, b"no", "The receiver answered 400: no.", False, False),
        (413, b"", "The receiver answered 413.", False, False),
        (410, b"gone", "The receiver answered 410: gone. It wants no more.", True, True),
    ],
)
def test_refusals(status: int, words: bytes, told: str, permanent: bool, away: bool) -> None:
    """The receiver's words are told without the address's secrets; what is not about this document closes the way."""
    with Receiver([(status, words, {})]) as receiver:
        error = failure(f"{receiver.url}/abcdef")
    assert str(error) == told
    assert (error.permanent, error.away) == (permanent, away)


def test_redirects_are_refused() -> None:
    """A redirect is a failure: it would lead past the check."""
    with Receiver() as other, Receiver([(302, b"", {"Location": f"{other.url}/x"})]) as receiver:
        assert "redirects are not followed" in str(failure(receiver.url))
    assert other.taken == []


def test_nobody_there() -> None:
    """A receiver that is away, unknown, silent or no HTTP server is told as such."""
    assert "Connection refused" in str(failure(f"http://127.0.0.1:{free_port()}/"))
    assert "has no address" in str(failure("http://nobody.invalid/"))
    with SilentServer() as server:
        error = failure(f"http://127.0.0.1:{server.port}/", timeout=0.2)
        assert str(error) == "127.0.0.1 did not answer within 0.2 s."
    with SilentServer(b"220 mail.example.org\r\n") as server:
        assert failure(f"http://127.0.0.1:{server.port}/", timeout=0.5).away


def test_a_drip_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that answers a byte at a time is cut off, so that it holds up nobody for long."""
    monkeypatch.setattr("kaput.tell.webhook.LONGEST", 0.5)
    listening = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listening.accept()
        with connection:
            try:
                while True:
                    connection.sendall(b"H")
                    time.sleep(0.05)
            except OSError:
                return

    thread = threading.Thread(target=drip)
    thread.start()
    begin = time.monotonic()
    failure(f"http://127.0.0.1:{listening.getsockname()[1]}/", timeout=0.4)
    assert time.monotonic() - begin < 5
    thread.join()
    listening.close()


def test_encryption(authority: trustme.CA, tmp_path: Path) -> None:
    """The certificate is checked against the name of the host, and one that nobody vouches for is refused."""
    trusted = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with Receiver(context=context) as receiver:
        send(f"https://localhost:{receiver.port}/", authorities=str(trusted))
        assert json.loads(receiver.taken[0][1]) == {"type": "issue.new"}
        assert "is not trusted" in str(failure(f"https://localhost:{receiver.port}/"))
        assert "is not trusted" in str(failure(f"https://127.0.0.1:{receiver.port}/", authorities=str(trusted)))
    assert len(receiver.taken) == 1


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "hooks.example.org",
            "ftp://x.org/",
            "https://",
            "https:///x",
            "https://x.org:0/",
            "https://x.org:99999/",
        ),
        *("https://ada:pass@x.org/", "https://x.org/a b", "https://x.org/\r\nHost: y", "https://ü.org/"),
    ],
)
def test_addresses_that_are_none(url: str) -> None:
    """What is no address of a webhook is refused with an example."""
    with pytest.raises(ValueError, match="The address of a webhook"):
        check_address(url)
    assert check_address(" https://hooks.example.org/kaput?x=1 ") == "https://hooks.example.org/kaput?x=1"
