"""`kaput mail-test`, with a real mail server."""

from contextlib import ExitStack

import trustme

from tests.cli.shell import Shell
from tests.tell.servers import PASSWORD, USER, Mailbox, MailServers


def test_mail_arrives(shell: Shell) -> None:
    """One mail reaches the mail server, and the message names it."""
    mailbox = Mailbox()
    with ExitStack() as stack:
        port = MailServers(trustme.CA(), stack).start(mailbox).port
        done = shell("mail-test", "ada@example.org", KAPUT_SMTP_HOST="127.0.0.1", KAPUT_SMTP_PORT=str(port))
    assert (done.returncode, done.stdout) == (0, "")
    assert f"127.0.0.1:{port} took the test mail for ada@example.org" in done.stderr
    assert [message["To"] for message in mailbox.taken] == ["ada@example.org"]


def test_no_mail_server(shell: Shell) -> None:
    """Without a mail server the command fails and names the setting."""
    done = shell("mail-test", "ada@example.org")
    assert (done.returncode, done.stdout) == (1, "")
    assert "KAPUT_SMTP_HOST" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_wrong_login_shows_the_servers_words(shell: Shell) -> None:
    """A login that is refused ends with 1 and the server's words, without the password."""
    with ExitStack() as stack:
        port = MailServers(trustme.CA(), stack).start(Mailbox(), login=True).port
        login = {"KAPUT_SMTP_USER": USER, "KAPUT_SMTP_PASSWORD": "tower-bridge-7"}
        place = {"KAPUT_SMTP_HOST": "127.0.0.1", "KAPUT_SMTP_PORT": str(port)}
        done = shell("mail-test", "ada@example.org", **place, **login)
        checked = shell("check", **place, **login)
    assert (done.returncode, done.stdout) == (1, "")
    assert "535 authentication failed" in done.stderr
    assert checked.returncode == 1
    assert "FAIL  mail: " in checked.stdout
    assert "tower-bridge-7" not in done.stderr + checked.stdout + checked.stderr


def test_check_logs_in_and_sends_nothing(shell: Shell) -> None:
    """`check` finds the mail server sound and leaves no mail there."""
    mailbox = Mailbox()
    with ExitStack() as stack:
        port = MailServers(trustme.CA(), stack).start(mailbox, login=True).port
        login = {"KAPUT_SMTP_USER": USER, "KAPUT_SMTP_PASSWORD": PASSWORD}
        checked = shell("check", KAPUT_SMTP_HOST="127.0.0.1", KAPUT_SMTP_PORT=str(port), **login)
    assert checked.returncode == 0
    assert f"ok    mail: 127.0.0.1:{port} takes mail" in checked.stdout
    assert mailbox.taken == []


def test_check_finds_that_a_login_is_missing(shell: Shell) -> None:
    """A mail server that takes nothing without a login, and none is set, fails with what to set."""
    with ExitStack() as stack:
        port = MailServers(trustme.CA(), stack).start(Mailbox(), login=True).port
        checked = shell("check", KAPUT_SMTP_HOST="127.0.0.1", KAPUT_SMTP_PORT=str(port))
    assert checked.returncode == 1
    assert "FAIL  mail: " in checked.stdout
    assert "530 log in first. Set KAPUT_SMTP_USER and KAPUT_SMTP_PASSWORD." in checked.stdout
