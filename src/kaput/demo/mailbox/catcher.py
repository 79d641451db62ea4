"""Takes mails by SMTP and keeps the newest in memory.

In: SMTP sessions. Out: frozen mails. For `web.py` and `__main__.py`.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from threading import Lock

from aiosmtpd.smtp import SMTP, Envelope, Session

from kaput.model import Clock

MOST_MAILS = 500
MOST_BYTES = 64 * 1024**2
LARGEST = 8 * 1024**2


@dataclass(frozen=True)
class Mail:
    """One mail as it came, and what a reader wants of it.

    Attributes:
        received: seconds since the epoch.
        sender: of the envelope; `recipients` likewise.
        headers: in their order, decoded.
    """

    number: int
    received: float
    sender: str
    recipients: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    raw: bytes

    @property
    def subject(self) -> str:
        """The subject, or an empty text."""
        return next((value for name, value in self.headers if name.lower() == "subject"), "")


class Mails:
    """The newest mails, at most MOST_MAILS and MOST_BYTES of them; safe to be used from any thread."""

    def __init__(self) -> None:
        self._kept: deque[Mail] = deque()
        self._count = 0
        self._lock = Lock()

    def add(self, received: float, sender: str, recipients: Iterable[str], raw: bytes) -> Mail:
        """Keeps one mail and lets go of the oldest that no longer fit; raises what the parser raises."""
        message = message_from_bytes(raw, policy=policy.default)
        with self._lock:
            self._count += 1
            mail = Mail(
                number=self._count,
                received=received,
                sender=sender,
                recipients=tuple(recipients),
                headers=tuple((name, str(value)) for name, value in message.items()),
                text=_body(message, "plain"),
                html=_body(message, "html"),
                raw=raw,
            )
            self._kept.append(mail)
            while len(self._kept) > MOST_MAILS or sum(len(kept.raw) for kept in self._kept) > MOST_BYTES:
                self._kept.popleft()
        return mail

    def newest_first(self) -> list[Mail]:
        """Returns all that are kept."""
        with self._lock:
            return list(reversed(self._kept))

    def get(self, number: int) -> Mail | None:
        """Returns one mail, or None when it was never there or is gone."""
        return next((mail for mail in self.newest_first() if mail.number == number), None)


class Catcher:
    """What aiosmtpd calls for each mail."""

    def __init__(self, mails: Mails, clock: Clock = time.time) -> None:
        self._mails = mails
        self._clock = clock

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002  # aiosmtpd's name
        """Takes the mail; the answer is the reply line of RFC 5321, section 4.2."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        try:
            self._mails.add(self._clock(), envelope.mail_from or "", envelope.rcpt_tos, content)
        except (LookupError, ValueError, MessageError) as error:
            return f"554 This mail cannot be read: {type(error).__name__}"
        return "250 Caught"


def catch(mails: Mails, host: str, port: int, loop: asyncio.AbstractEventLoop) -> int:
    """Listens for mails on a loop that the caller runs.

    Returns:
        The port; a free one was taken for 0.
    """
    catcher = Catcher(mails)

    def session() -> SMTP:
        return SMTP(catcher, loop=loop, data_size_limit=LARGEST, enable_SMTPUTF8=True)

    server = loop.run_until_complete(loop.create_server(session, host, port))
    return int(server.sockets[0].getsockname()[1])


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
