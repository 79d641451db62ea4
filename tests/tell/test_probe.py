"""The test mail goes the way that alerts go."""

from collections.abc import Callable

import pytest

from kaput.config import Settings
from kaput.errors import MailFailed
from kaput.tell.mail import Composer
from kaput.tell.probe import send_test
from kaput.tell.smtp import SmtpChannel
from tests.tell.servers import Mailbox, MailServers
from tests.tell.shop import START

MakeSettings = Callable[..., Settings]


def _test(settings: Settings, address: str) -> None:
    send_test(SmtpChannel(settings), Composer(settings.sender, "a1b2"), lambda: settings.url, lambda: START, address)


def test_arrives(servers: MailServers, settings: MakeSettings) -> None:
    """It arrives at the address, from the configured sender."""
    mailbox = Mailbox()
    _test(settings(servers.start(mailbox).port), " ada@example.org ")
    message = mailbox.taken[0]
    assert (message["To"], message["From"]) == ("ada@example.org", "kaput@kaput.example.org")
    assert message["Subject"] == "[Kaput] A test mail"


def test_refused(servers: MailServers, settings: MakeSettings) -> None:
    """A refusal is told in the server's words."""
    port = servers.start(Mailbox(refused={"ada@example.org": "550 5.1.1 no such user here"})).port
    with pytest.raises(MailFailed) as caught:
        _test(settings(port), "ada@example.org")
    assert str(caught.value) == "No mail went out: the server said 550 5.1.1 no such user here."


def test_no_server_set(settings: MakeSettings) -> None:
    """Without a mail server the setting that is missing is named."""
    with pytest.raises(MailFailed, match=r"KAPUT_SMTP_HOST is empty\. Set it to the name of your mail server"):
        _test(settings(0, smtp_host=""), "ada@example.org")
