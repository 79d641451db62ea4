"""Mails of the application itself: for a server that is away, and of the tracker inside."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from flask import Flask

from flask_kaput import state_of
from flask_kaput.mails import NO_SERVER, is_long
from kaput.tell.smtp import TIMEOUT
from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import receiving
from tests.tell.servers import PASSWORD, USER, Mailbox, MailServers, SilentServer

PATIENCE = 60.0
ADMINS = ["ops@example.org"]


@pytest.fixture
def servers() -> Iterator[MailServers]:
    """Mail servers that end with the test."""
    with ExitStack() as stack:
        yield MailServers(trustme.CA(), stack)


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Waits until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def shop(app: Flask) -> Callable[[str], float]:
    """Gives the application a view that fails; returns what calls it, and answers the seconds that took."""

    @app.get("/fail/<kind>")
    def fail(kind: str) -> str:
        raise {"value": ValueError, "key": KeyError, "name": NameError}[kind]("no price for sku-9")

    client = app.test_client()

    def call(kind: str) -> float:
        began = time.perf_counter()
        assert client.get(f"/fail/{kind}", headers={"X-Request-ID": "request-7"}).status_code == 500
        return time.perf_counter() - began

    return call


def text_of(mail: EmailMessage) -> str:
    """Returns what stands in a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    content: str = body.get_content()
    return content.replace("\r\n", "\n")


def away() -> str:
    """Returns the DSN of a server that is not there."""
    with receiving() as receiver:
        return receiver.dsn


def config(port: int, **more: Any) -> dict[str, Any]:
    """Makes the document's configuration: who gets mails, and from where."""
    return {"ADMINS": ADMINS, "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": port, **more}


@pytest.mark.parametrize(
    ("seconds", "oldest", "long"),
    [(61.0, None, True), (60.0, None, False), (1.0, 61.0, True), (1.0, 59.0, False), (1.0, None, False)],
)
def test_how_long_is_too_long(seconds: float, oldest: float | None, long: bool) -> None:
    """A server is away for too long when it is known to be, or when an event has waited for it as long."""
    now = 1_800_000_000.0
    names = [] if oldest is None else [f"{int((now - oldest) * 1e9):020d}-1-0-{'a' * 32}.json"]
    assert is_long(seconds, names, 60.0, now) is long


def test_mails_while_the_server_is_away(servers: MailServers) -> None:
    """Each new problem is one mail to ADMINS, however often it occurs; once the server is back it tells the rest."""
    mailbox = Mailbox()
    dsn = away()
    port = urlsplit(dsn).port or 0
    settings = config(servers.start(mailbox).port, MAIL_DEFAULT_SENDER=("Shop", "shop@example.org"))
    with application(config=settings, dsn=dsn, mail_after=0.3) as app:
        fail = shop(app)
        for _ in range(5):
            fail("value")
        until(lambda: len(mailbox.taken) == 1)
        for _ in range(5):
            fail("value")
        fail("key")
        until(lambda: len(mailbox.taken) == 2)
        with receiving(port) as receiver:
            assert len(receiver.wait(11, PATIENCE)) == 11
            mails, sender = state_of(app).mails, state_of(app).sender
            assert mails is not None
            assert sender is not None
            until(lambda: sender.away_seconds() == 0 and not mails.mails)
            fail("name")
            receiver.wait(12, PATIENCE)
    assert mailbox.subjects == [
        "[shop (Kaput is away)] ValueError: no price for sku-9 in fail",
        "[shop (Kaput is away)] KeyError: 'no price for sku-9' in fail",
    ]
    first = mailbox.taken[0]
    assert (first["To"], first["From"]) == (ADMINS[0], "Shop <shop@example.org>")
    assert "test_mails.py" in text_of(first)
    assert "/issues/" not in text_of(first)


def test_a_short_absence_is_no_reason(servers: MailServers) -> None:
    """While the server has not been away for as long as is set, nobody gets a mail and nothing heavy begins."""
    mailbox = Mailbox()
    with application(config=config(servers.start(mailbox).port), dsn=away()) as app:
        fail = shop(app)
        fail("value")
        sender, mails = state_of(app).sender, state_of(app).mails
        assert sender is not None
        assert mails is not None
        until(lambda: sender.away_seconds() > 1.5)
        assert not mails.mails
        assert not (Path(app.instance_path) / "kaput").exists()
    assert (mailbox.taken, mailbox.sessions) == ([], [])


def test_the_tracker_inside_mails_admins(servers: MailServers, tmp_path: Path) -> None:
    """Of many equal errors one mail goes to ADMINS, over TLS and with the login of Flask-Mail's keys."""
    mailbox = Mailbox()
    port = servers.start(mailbox, "starttls", login=True).port
    settings = config(port, MAIL_USE_TLS=True, MAIL_USERNAME=USER, MAIL_PASSWORD=PASSWORD)
    authority = tmp_path / "ca.pem"
    servers.authority.cert_pem.write_to_path(authority)
    with application(config=settings, embedded=True, smtp_ca=str(authority)) as app:
        fail = shop(app)
        for _ in range(20):
            fail("value")
        until(lambda: len(mailbox.taken) == 1)
        fail("key")
        until(lambda: len(mailbox.taken) == 2)
        fail("value")
    assert "\nRequest id: request-7\n" in text_of(mailbox.taken[0])
    assert [(mail["To"], mail["Subject"]) for mail in mailbox.taken] == [
        (ADMINS[0], "[shop] ValueError: no price for sku-9 in fail"),
        (ADMINS[0], "[shop] KeyError: 'no price for sku-9' in fail"),
    ]


def test_a_mail_server_that_hangs_delays_no_request() -> None:
    """Requests take as long while the mail server takes connections and says nothing."""
    with SilentServer() as silent, application(config=config(silent.port), embedded=True) as app:
        fail = shop(app)
        fail("value")
        until(lambda: bool(silent._open))
        during = [fail("value") for _ in range(50)]
    with application(embedded=True) as app:
        fail = shop(app)
        fail("value")
        tracker = state_of(app).tracker
        assert tracker is not None
        until(lambda: tracker.leads)
        without = [fail("value") for _ in range(50)]
    assert statistics.median(during) < 3 * statistics.median(without) + 0.05
    assert max(during) < TIMEOUT


@pytest.mark.parametrize("options", [{"dsn": "http://key@127.0.0.1:9/1"}, {"embedded": True}])
def test_admins_without_a_mail_server_are_told_of(options: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """ADMINS and no mail server is a warning at the first request, not silence."""
    with application(config={"ADMINS": ADMINS}, **options) as app:
        shop(app)("value")
        until(lambda: NO_SERVER in caplog.text)
    assert caplog.text.count(NO_SERVER) == 1
