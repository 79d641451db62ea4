"""The mail catcher as a real process: mails go in by smtplib and are looked at over HTTP."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from http.client import HTTPConnection
from smtplib import SMTP, SMTPDataError
from subprocess import PIPE, Popen

import pytest

from kaput.demo.mailbox.catcher import LARGEST, MOST_BYTES, MOST_MAILS, Mails

PATIENCE = 60.0


@dataclass(frozen=True)
class Mailbox:
    """A mail catcher that runs."""

    page: int
    smtp: int

    def get(self, path: str) -> tuple[int, dict[str, str], str]:
        """Returns status, headers in lower case, and text of a page."""
        connection = HTTPConnection("127.0.0.1", self.page, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, headers, answer.read().decode()
        finally:
            connection.close()

    def send(self, message: EmailMessage | bytes) -> None:
        """Delivers a mail as any mail program would."""
        with SMTP("127.0.0.1", self.smtp, timeout=PATIENCE) as client:
            if isinstance(message, bytes):
                client.sendmail("kaput@example.org", ["ada@example.org"], message)
            else:
                client.send_message(message, "kaput@example.org", ["ada@example.org"])


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """The mail catcher's process."""
    command = [sys.executable, "-m", "kaput.demo.mailbox", "--host", "127.0.0.1", "--port", "0", "--mail-port", "0"]
    with Popen(command, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        yield Mailbox(**json.loads(process.stdout.readline()))
        process.terminate()


def letter(subject: str, text: str, html: str = "") -> EmailMessage:
    """Returns a mail with a text and perhaps an HTML part."""
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "kaput@example.org"
    message["To"] = "ada@example.org"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


def test_mail_can_be_looked_at(mailbox: Mailbox) -> None:
    """A mail stands in the list, with its text and headers on its own page and its source beside it."""
    mailbox.send(letter("[Shop] KeyError: 'teapot'", "price_cart <b>failed</b>"))
    listed = mailbox.get("/")[2]
    page = mailbox.get("/mails/1")[2]
    source = mailbox.get("/mails/1/source")
    assert "[Shop] KeyError: &#39;teapot&#39;" in listed
    assert "price_cart &lt;b&gt;failed&lt;/b&gt;" in page
    assert "ada@example.org" in page
    assert source[1]["content-type"].startswith("text/plain")
    assert "price_cart <b>failed</b>" in source[2]


def test_newest_mail_comes_first(mailbox: Mailbox) -> None:
    """The list, as a page and as JSON, begins with the mail that came last."""
    mailbox.send(letter("first", "one"))
    mailbox.send(letter("second", "two"))
    listed = mailbox.get("/")[2]
    summaries = json.loads(mailbox.get("/mails.json")[2])
    assert listed.index("second") < listed.index("first")
    assert [mail["subject"] for mail in summaries] == ["second", "first"]
    assert [mail["text"].replace("\r\n", "\n") for mail in summaries] == ["two\n", "one\n"]


def test_html_is_shown_in_a_sandbox(mailbox: Mailbox) -> None:
    """The HTML of a mail runs no script and loads nothing, and its links open beside the mailbox."""
    mailbox.send(letter("a", "text", "<html><head></head><body><script>alert(1)</script></body></html>"))
    _, headers, html = mailbox.get("/mails/1/html")
    policy = headers["content-security-policy"]
    assert "allow-scripts" not in policy
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert '<head><base target="_blank">' in html
    assert 'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"' in mailbox.get("/mails/1")[2]


def test_pages_allow_no_foreign_content(mailbox: Mailbox) -> None:
    """The mailbox's own pages run only its own script."""
    headers = mailbox.get("/")[1]
    assert "default-src 'none'; style-src 'self'; script-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_unknown_mail_is_not_found(mailbox: Mailbox) -> None:
    """A mail that never came is a 404 on each of its pages."""
    assert [mailbox.get(f"/mails/7{page}")[0] for page in ("", "/html", "/source")] == [404, 404, 404]


def test_unreadable_mail_is_refused(mailbox: Mailbox) -> None:
    """A mail in a character set that does not exist is turned away, and the next one is taken."""
    broken = (
        b"Subject: odd\r\nContent-Type: text/plain; charset=no-such\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xff\r\n"
    )
    with pytest.raises(SMTPDataError, match="cannot be read"):
        mailbox.send(broken)
    mailbox.send(letter("fine", "text"))
    assert [mail["subject"] for mail in json.loads(mailbox.get("/mails.json")[2])] == ["fine"]


def test_only_the_newest_mails_are_kept() -> None:
    """However many mails come, MOST_MAILS are kept, and no more than MOST_BYTES."""
    mails = Mails()
    for _ in range(MOST_MAILS + 3):
        mails.add(0.0, "a@example.org", ["b@example.org"], b"Subject: small\r\n\r\n")
    assert (len(mails.newest_first()), mails.newest_first()[-1].number) == (MOST_MAILS, 4)
    assert mails.get(3) is None
    for _ in range(MOST_BYTES // LARGEST + 2):
        mails.add(0.0, "a@example.org", ["b@example.org"], b"Subject: large\r\n\r\n" + b"x" * (LARGEST - 20))
    assert len(mails.newest_first()) == MOST_BYTES // LARGEST
