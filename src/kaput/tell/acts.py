"""What a mail offers to do by one click: signed addresses.

In: what signs, a notice, the address of the page. Out: addresses, and the headers by which mail programs offer to
unsubscribe (RFC 2369, section 3.2; RFC 8058). Pure. Imported by `tell/mail.py`.
"""

from collections.abc import Callable
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy

from msgspec import Struct

from kaput.model import DAY, GOOD_DAYS, Act, Kind, Link
from kaput.store.base import NoticeRow

Sign = Callable[[Link], str]
"""Makes the token of a link."""


class Addresses(Struct, frozen=True):
    """What can be done; an address is empty when it is not offered."""

    resolve: str = ""
    mute: str = ""
    unsubscribe: str = ""


class _Whole(UnstructuredHeader, BaseHeader):
    """A header that is not folded: a mail program would read a fold, or an encoded word, as part of the address.

    A line may have 998 characters (RFC 5322, section 2.1.1), and an address of ours has some 300.
    """

    def fold(self, *, policy: Policy) -> str:
        """Returns the header as one line."""
        return f"{self.name}: {self}{policy.linesep}"


def policy() -> "EmailPolicy[EmailMessage]":
    """Returns how mails are written."""
    headers = HeaderRegistry()
    headers.map_to_type("list-unsubscribe", _Whole)
    return SMTP.clone(header_factory=headers)


def addresses(sign: Sign | None, notice: NoticeRow, base: str, *, alone: bool) -> Addresses:
    """Returns what a mail offers.

    Args:
        sign: None when nothing is offered.
        notice: of the mail, or the first of a digest.
        base: address of the page; empty when none is known.
        alone: the mail is about this notice's issue alone.
    """
    if sign is None or not base:
        return Addresses()

    def to(act: Act, issue_id: int) -> str:
        expires = int(notice.created) + GOOD_DAYS * DAY
        return f"{base}/act/{sign(Link(act, notice.project_id, issue_id, notice.recipient, expires))}"

    listed = notice.kind is not Kind.MENTIONED
    about = notice.issue_id if alone else 0
    return Addresses(
        resolve=to(Act.RESOLVE, about) if about else "",
        mute=to(Act.MUTE, about) if about else "",
        unsubscribe=to(Act.UNSUBSCRIBE, 0) if listed else "",
    )


def offer(message: EmailMessage, found: Addresses) -> None:
    """Adds the headers; the one for a single click only with https, without which no mail program takes it."""
    if not found.unsubscribe:
        return
    message["List-Unsubscribe"] = f"<{found.unsubscribe}>"
    if found.unsubscribe.startswith("https://"):
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
