"""The way out: a mail is handed to the mail server.

In: `EmailMessage`s. Out: bytes to the server; every failure as `MailFailed` with the server's own words.
Imported by the roots, which hand an `SmtpChannel` to `tell/outbox.py` and `tell/probe.py`; these know `Channel`.

RFC 5321 (SMTP), 3207 (STARTTLS), 8314 (implicit TLS), 4954 (login). Certificates are always verified, against the
system's authorities or those of KAPUT_SMTP_CA. No error holds the password, even when the server repeats it.
"""

import smtplib
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import parseaddr

from kaput.config import Settings
from kaput.errors import MailFailed

TIMEOUT = 10.0
"""Seconds that the server may take for each answer."""

WORDS_LENGTH = 300

_REFUSALS = 400
"""Codes of replies from here on say no (RFC 5321, section 4.2.1)."""
_WANTS_LOGIN = 530
"""RFC 4954, section 6."""

Send = Callable[[EmailMessage], None]
"""Sends one message; raises MailFailed."""


class SmtpChannel:
    """The mail server of the settings; one connection for as long as `connect` is open, made anew when it breaks."""

    def __init__(self, settings: Settings, timeout: float = TIMEOUT) -> None:
        self._settings = settings
        self._timeout = timeout
        self._words = _Words(settings, timeout)

    @contextmanager
    def connect(self) -> Iterator[Send]:
        """Connects, encrypts and logs in, as the settings say.

        Raises:
            MailFailed: `away`, when one of these fails or no server is set.
        """
        line = _Line(self._open, self._words)
        try:
            line.reopen()
            yield line.send
        finally:
            line.close()

    def probe(self) -> None:
        """Connects, logs in and names the sender as an alert would, and leaves without a mail.

        The sender is named as the recipient too, because many servers ask for a login only then. What else they say
        about it counts for nothing: a sender need not be one who takes mail.

        Raises:
            MailFailed: `away`, when one of these fails, no server is set, or it wants a login.
        """
        sender = parseaddr(self._settings.sender)[1]
        server = self._open()
        try:
            server.ehlo_or_helo_if_needed()
            code, words = server.mail(sender)
            taken = code < _REFUSALS
            if taken:
                code, words = server.rcpt(sender)
        except (OSError, ValueError) as error:
            raise MailFailed(self._words.of(error), away=True) from None
        finally:
            _hang_up(server)
        if not taken or code == _WANTS_LOGIN:
            raise MailFailed(self._words.said(code, words), away=True)

    def _open(self) -> smtplib.SMTP:
        if not self._settings.smtp_host:
            raise MailFailed(
                "No mail went out: KAPUT_SMTP_HOST is empty. Set it to the name of your mail server.", away=True
            )
        try:
            server = self._connected()
        except (OSError, ValueError) as error:
            raise MailFailed(self._words.of(error), away=True) from None
        try:
            if self._settings.smtp_tls == "starttls":
                server.starttls(context=self._trust())
            if self._settings.smtp_user:
                server.login(self._settings.smtp_user, self._settings.smtp_password)
        except (OSError, ValueError) as error:
            _hang_up(server)
            raise MailFailed(self._words.of(error), away=True) from None
        return server

    def _connected(self) -> smtplib.SMTP:
        host, port = self._settings.smtp_host, self._settings.mail_port
        # A name is given because smtplib looks up our own otherwise, which may take long.
        domain = parseaddr(self._settings.sender)[1].rpartition("@")[2]
        name = domain if domain and domain.isascii() else "localhost"
        if self._settings.smtp_tls == "implicit":
            return smtplib.SMTP_SSL(host, port, name, timeout=self._timeout, context=self._trust())
        return smtplib.SMTP(host, port, name, timeout=self._timeout)

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._settings.smtp_ca or None)


class _Line:
    """One connection after another to the same server."""

    def __init__(self, opener: Callable[[], smtplib.SMTP], words: "_Words") -> None:
        self._opener = opener
        self._words = words
        self._server: smtplib.SMTP | None = None
        self._used = False

    def reopen(self) -> smtplib.SMTP:
        """Makes a new connection."""
        self.close()
        self._server, self._used = self._opener(), False
        return self._server

    def close(self) -> None:
        """Says goodbye, if there is anybody to say it to."""
        if self._server:
            _hang_up(self._server)
        self._server = None

    def send(self, message: EmailMessage) -> None:
        """Sends one message; a connection that took others before and is closed now is made anew once.

        Raises:
            MailFailed: see `outbox.Channel`.
        """
        again = self._used
        try:
            self._try(self._server or self.reopen(), message)
        except smtplib.SMTPServerDisconnected as error:
            self.close()
            if not again:
                raise MailFailed(self._words.of(error)) from None
            self.reopen()
            self.send(message)

    def _try(self, server: smtplib.SMTP, message: EmailMessage) -> None:
        try:
            server.send_message(message)
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPRecipientsRefused as error:
            raise self._refusal(*next(iter(error.recipients.values()))) from None
        except smtplib.SMTPDataError as error:
            raise self._refusal(error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPResponseException as error:  # the sender: the next mail has the same
            raise MailFailed(self._words.of(error), away=True) from None
        except (smtplib.SMTPNotSupportedError, ValueError) as error:  # an address that this server cannot carry
            raise MailFailed(self._words.of(error), permanent=True) from None
        except OSError as error:
            raise smtplib.SMTPServerDisconnected from error
        self._used = True

    def _refusal(self, code: int, words: bytes | str) -> Exception:
        """Says what a refused recipient or content means."""
        if code == 421:  # the server ends the connection; another one may do (RFC 5321, section 3.8)
            return smtplib.SMTPServerDisconnected(self._words.said(code, words))
        away = code == _WANTS_LOGIN  # which is not about this mail
        return MailFailed(self._words.said(code, words), permanent=code >= 500 and not away, away=away)


class _Words:
    """Puts failures into words: those of the server, in one line, without the password."""

    def __init__(self, settings: Settings, timeout: float) -> None:
        user, password = settings.smtp_user, settings.smtp_password
        plain = (password, f"\0{user}\0{password}") if password else ()
        self._secrets = [form for text in plain for form in (b64encode(text.encode("utf-8")).decode("ascii"), text)]
        self._place = f"{settings.smtp_host}:{settings.mail_port}"
        self._ca = settings.smtp_ca
        self._login = user
        self._timeout = timeout

    def said(self, code: int, words: bytes | str) -> str:
        """Quotes the server."""
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
        hint = " Set KAPUT_SMTP_USER and KAPUT_SMTP_PASSWORD." if code == _WANTS_LOGIN and not self._login else ""
        return f"No mail went out: the server said {code} {self._clean(text)}".rstrip(" .") + "." + hint

    def of(self, error: Exception) -> str:
        """Says what went wrong and, where it is known, what to do."""
        if isinstance(error, smtplib.SMTPResponseException):
            return self.said(error.smtp_code, error.smtp_error)
        timeouts = (error, error.__context__, error.__cause__)
        if any(isinstance(cause, TimeoutError) for cause in timeouts):
            return f"No mail went out: {self._place} did not answer within {self._timeout:g} s."
        return f"No mail went out: {self._plain(error)}"

    def _plain(self, error: Exception) -> str:
        place, text = self._place, self._clean(str(error)).rstrip(".")
        match error:
            case smtplib.SMTPServerDisconnected():
                said = text.startswith("No mail went out: ")  # the words that came with a 421
                return text.removeprefix("No mail went out: ") + "." if said else f"{place} closed the connection."
            case smtplib.SMTPNotSupportedError():
                return f"{place}: {text}. Check KAPUT_SMTP_TLS and KAPUT_SMTP_USER."
            case ssl.SSLCertVerificationError():
                reason = self._clean(error.verify_message).rstrip(".")
                return (
                    f"the certificate of {place} is not trusted: {reason}. Set KAPUT_SMTP_CA to its authority's file."
                )
            case ssl.SSLError():
                reason = self._clean(str(error.reason))
                return f"TLS with {place} failed: {reason}. Check KAPUT_SMTP_TLS and KAPUT_SMTP_CA."
            case UnicodeEncodeError():  # its own text holds the password
                return "the login has a character that cannot be sent. Use ASCII characters in user and password."
            case OSError():
                return f"{place} cannot be reached: {self._clean(error.strerror or str(error))}."
            case _:
                return f"{text}."

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[filtered]")
        return " ".join("".join(c if c.isprintable() else " " for c in text[:2000]).split())[:WORDS_LENGTH]


def _hang_up(server: smtplib.SMTP) -> None:
    with suppress(OSError):  # what was sent is sent; how the goodbye goes changes nothing
        if server.sock:
            server.quit()
    server.close()
