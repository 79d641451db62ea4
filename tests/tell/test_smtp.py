"""Mails are handed to real mail servers, and their failures are told in the servers' words."""

import ssl
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme

from kaput.config import Settings
from kaput.errors import MailFailed
from kaput.tell.smtp import SmtpChannel
from tests.tell.servers import PASSWORD, USER, Mailbox, MailServers, SilentServer, free_port

MakeSettings = Callable[..., Settings]


def _message(subject: str = "hello", recipient: str = "ada@example.org") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "kaput@example.org"
    message["To"] = recipient
    message["Subject"] = subject
    message.set_content("text")
    return message


def _send(settings: Settings, *messages: EmailMessage, timeout: float = 5.0) -> None:
    with SmtpChannel(settings, timeout).connect() as send:
        for message in messages:
            send(message)


def _failure(settings: Settings, *messages: EmailMessage, timeout: float = 5.0) -> MailFailed:
    with pytest.raises(MailFailed) as caught:
        _send(settings, *(messages or [_message()]), timeout=timeout)
    return caught.value


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
@pytest.mark.parametrize("login", [False, True])
def test_ways(servers: MailServers, settings: MakeSettings, tls: str, *, login: bool) -> None:
    """A mail goes out plain, by STARTTLS and by implicit TLS, with and without a login."""
    mailbox = Mailbox()
    port = servers.start(mailbox, tls, login=login).port
    account = {"smtp_user": USER, "smtp_password": PASSWORD} if login else {}
    _send(settings(port, smtp_tls=tls, **account), _message("one"))
    assert mailbox.subjects == ["one"]


def test_one_connection(servers: MailServers, settings: MakeSettings) -> None:
    """Several mails share one connection, which calls itself by the sender's domain."""
    mailbox = Mailbox()
    _send(settings(servers.start(mailbox).port), _message("one"), _message("two"), _message("three"))
    assert mailbox.subjects == ["one", "two", "three"]
    assert mailbox.sessions == ["kaput.example.org"]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("whose", ["untrusted", "another name"])
def test_certificate(
    servers: MailServers, settings: MakeSettings, authority: trustme.CA, tmp_path: Path, tls: str, whose: str
) -> None:
    """A server whose certificate is not trusted, or is somebody else's, gets neither a login nor a mail."""
    mailbox = Mailbox()
    stranger = trustme.CA()
    trusted = tmp_path / "trusted.pem"
    (stranger if whose == "untrusted" else authority).cert_pem.write_to_path(str(trusted))
    if whose == "another name":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("mail.example.com").configure_cert(context)
        servers.contexts[tls] = context
    port = servers.start(mailbox, tls).port
    failure = _failure(
        settings(port, smtp_tls=tls, smtp_ca=str(trusted), smtp_user=USER, smtp_password=PASSWORD), _message()
    )
    assert f"No mail went out: the certificate of 127.0.0.1:{port} is not trusted: " in str(failure)
    assert "KAPUT_SMTP_CA" in str(failure)
    assert (failure.away, failure.permanent, mailbox.taken) == (True, False, [])


def test_wrong_password(servers: MailServers, settings: MakeSettings) -> None:
    """A refused login is told in the server's words, without the password, and is about the server, not the mail."""
    port = servers.start(Mailbox(), "implicit", login=True).port
    failure = _failure(settings(port, smtp_tls="implicit", smtp_user=USER, smtp_password="wrong horse"))
    assert str(failure) == "No mail went out: the server said 535 authentication failed."
    assert (failure.away, failure.permanent) == (True, False)


def test_password_stays_secret(servers: MailServers, settings: MakeSettings) -> None:
    """A server that repeats the password, plain or encoded, does not get it into the error."""
    mailbox = Mailbox(content=["554 no correct horse, Y29ycmVjdCBob3JzZQ== or AGthcHV0AGNvcnJlY3QgaG9yc2U="])
    port = servers.start(mailbox, "implicit", login=True).port
    failure = _failure(settings(port, smtp_tls="implicit", smtp_user=USER, smtp_password=PASSWORD))
    assert str(failure) == "No mail went out: the server said 554 no [filtered], [filtered] or [filtered]."


def test_password_not_ascii(servers: MailServers, settings: MakeSettings) -> None:
    """A password that cannot be sent is said to be so, and not shown."""
    port = servers.start(Mailbox(), "implicit", login=True).port
    failure = _failure(settings(port, smtp_tls="implicit", smtp_user=USER, smtp_password="gehéim"))
    assert "the login has a character that cannot be sent" in str(failure)
    assert "geh" not in str(failure)


def test_login_missing(servers: MailServers, settings: MakeSettings) -> None:
    """A server that wants a login first is about the settings, not about this mail."""
    failure = _failure(settings(servers.start(Mailbox(), "implicit", login=True).port, smtp_tls="implicit"))
    words = "No mail went out: the server said 530 log in first. Set KAPUT_SMTP_USER and KAPUT_SMTP_PASSWORD."
    assert str(failure) == words
    assert (failure.away, failure.permanent) == (True, False)


def test_probe_asks_what_a_mail_would(servers: MailServers, settings: MakeSettings) -> None:
    """A probe sends nothing; it fails where a login is missing, and not where the sender takes no mail himself."""
    with pytest.raises(MailFailed, match=r"530 log in first\. Set KAPUT_SMTP_USER"):
        SmtpChannel(settings(servers.start(Mailbox(), login=True).port)).probe()
    mailbox = Mailbox(refused={"kaput@kaput.example.org": "550 nobody of that name"})
    SmtpChannel(settings(servers.start(mailbox).port)).probe()
    assert (mailbox.taken, len(mailbox.sessions)) == ([], 1)


@pytest.mark.parametrize(("answer", "permanent"), [("550 no such user", True), ("450 try later", False)])
def test_refused_recipient(servers: MailServers, settings: MakeSettings, answer: str, *, permanent: bool) -> None:
    """A refused recipient concerns that mail only: 5xx for good, 4xx for now; the next mail goes."""
    mailbox = Mailbox(refused={"bob@example.org": answer})
    given = settings(servers.start(mailbox).port)
    with SmtpChannel(given).connect() as send:
        with pytest.raises(MailFailed, match=f"^No mail went out: the server said {answer}.$") as caught:
            send(_message(recipient="bob@example.org"))
        send(_message("next"))
    assert (caught.value.permanent, caught.value.away) == (permanent, False)
    assert mailbox.subjects == ["next"]
    assert len(mailbox.sessions) == 1


@pytest.mark.parametrize(("answer", "permanent"), [("554 looks like spam", True), ("452 disk full", False)])
def test_refused_content(servers: MailServers, settings: MakeSettings, answer: str, *, permanent: bool) -> None:
    """A refused content concerns that mail only: 5xx for good, 4xx for now."""
    failure = _failure(settings(servers.start(Mailbox(content=[answer])).port))
    assert str(failure) == f"No mail went out: the server said {answer}."
    assert (failure.permanent, failure.away) == (permanent, False)


def test_connection_ends_between_mails(servers: MailServers, settings: MakeSettings) -> None:
    """A server that takes one mail for each connection gets them all, each once and in order."""
    mailbox = Mailbox(content=["250 OK", "421 enough", "250 OK", "421 enough", "250 OK"])
    _send(settings(servers.start(mailbox).port), _message("one"), _message("two"), _message("three"))
    assert mailbox.subjects == ["one", "two", "three"]
    assert len(mailbox.sessions) == 3


def test_mail_that_ends_the_connection(servers: MailServers, settings: MakeSettings) -> None:
    """A mail at which the server gives up fails alone; the next one goes by a new connection."""
    mailbox = Mailbox(content=["421 what is this"])
    with SmtpChannel(settings(servers.start(mailbox).port)).connect() as send:
        with pytest.raises(MailFailed, match="the server said 421 what is this") as caught:
            send(_message("poison"))
        send(_message("next"))
    assert (caught.value.permanent, caught.value.away) == (False, False)
    assert mailbox.subjects == ["next"]


def test_away(settings: MakeSettings) -> None:
    """A server that is not there is named with its port and the reason."""
    port = free_port()
    failure = _failure(settings(port))
    assert str(failure) == f"No mail went out: 127.0.0.1:{port} cannot be reached: Connection refused."
    assert (failure.away, failure.permanent) == (True, False)


@pytest.mark.parametrize("words", [b"", b"220 hello\r\n"])
def test_hangs(settings: MakeSettings, words: bytes) -> None:
    """A server that stops answering is waited for no longer than the timeout."""
    with SilentServer(words) as server:
        failure = _failure(settings(server.port), timeout=0.2)
        assert str(failure) == f"No mail went out: 127.0.0.1:{server.port} did not answer within 0.2 s."


def test_turned_away(settings: MakeSettings) -> None:
    """A server that greets with a refusal is quoted."""
    with SilentServer(b"554 go away\r\n") as server:
        failure = _failure(settings(server.port), timeout=0.2)
    assert str(failure) == "No mail went out: the server said 554 go away."
    assert failure.away


def test_no_starttls(servers: MailServers, settings: MakeSettings) -> None:
    """A server without STARTTLS gets nothing in the clear when STARTTLS is asked for."""
    mailbox = Mailbox()
    failure = _failure(settings(servers.start(mailbox).port, smtp_tls="starttls"))
    assert "STARTTLS extension not supported by server. Check KAPUT_SMTP_TLS" in str(failure)
    assert mailbox.taken == []


def test_tls_at_a_plain_port(servers: MailServers, settings: MakeSettings) -> None:
    """Implicit TLS at a port without it is said to be about TLS."""
    failure = _failure(settings(servers.start(Mailbox()).port, smtp_tls="implicit"))
    assert "TLS with 127.0.0.1" in str(failure)
    assert failure.away


def test_unreadable_authorities(servers: MailServers, settings: MakeSettings, tmp_path: Path) -> None:
    """A file of authorities that holds none is a clear failure."""
    (tmp_path / "empty.pem").touch()
    failure = _failure(
        settings(servers.start(Mailbox(), "implicit").port, smtp_tls="implicit", smtp_ca=str(tmp_path / "empty.pem"))
    )
    assert "KAPUT_SMTP_CA" in str(failure)


def test_no_server_set(settings: MakeSettings) -> None:
    """Without a mail server the setting that is missing is named."""
    failure = _failure(settings(0, smtp_host=""))
    assert str(failure) == "No mail went out: KAPUT_SMTP_HOST is empty. Set it to the name of your mail server."
    assert failure.away


def test_address_not_ascii(servers: MailServers, settings: MakeSettings) -> None:
    """An address beyond ASCII goes to a server that can carry it."""
    mailbox = Mailbox()
    _send(settings(servers.start(mailbox).port), _message("one", "ädä@example.org"))
    assert [message["To"] for message in mailbox.taken] == ["ädä@example.org"]


@pytest.mark.parametrize(
    ("url", "name"), [("http://192.0.2.7", "[192.0.2.7]"), ("http://[2001:db8::1]", "[IPv6:2001:db8::1]")]
)
def test_greeting(servers: MailServers, settings: MakeSettings, url: str, name: str) -> None:
    """A sender at an address without a name greets with the address in brackets."""
    mailbox = Mailbox()
    _send(settings(servers.start(mailbox).port, url=url), _message())
    assert mailbox.sessions == [name]
