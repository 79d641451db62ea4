"""The mails: about one issue, about many at once, and to test the way.

In: a notice with its issue and event, or a digest's list, or an address. Out: `EmailMessage`s, text and HTML, which say
the same. Reads the templates beside it, does no other I/O. Imported by this stage's files and the roots.

Everything shown was scrubbed by digest. Texts are hostile all the same: they are cut, cleaned (`tell/excerpt.py`) and,
in HTML, escaped; a mail has no remote content. All mails about one issue form a thread: the first has a `Message-ID`
made of the issue, later ones name it in `In-Reply-To` and `References` (RFC 5322, section 3.6.4). The same notice
always has the same `Message-ID`, so that a mail that was sent twice can be recognised.
"""

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from msgspec import Struct

from kaput.errors import MailFailed
from kaput.model import Event, Kind
from kaput.store.base import IssueRow, NoticeRow
from kaput.tell.acts import Sign, addresses, offer, policy
from kaput.tell.excerpt import counted, excerpt, moment, one_line, title_of

MOST_LISTED = 20
"""Issues that a digest lists; the rest of them is counted."""

_FROM = re.compile("^From ", re.MULTILINE)

MOST_RULES = 4
"""Rules that a digest names."""

SUBJECT_LENGTH = 200
NAME_LENGTH = 80
NOTE_LENGTH = 5200


class Listed(Struct, frozen=True):
    """One line of a digest."""

    notice: NoticeRow
    issue: IssueRow


class Composer:
    """Writes mails.

    Args:
        sender: what stands in `From`: `kaput@example.org` or `Kaput <kaput@example.org>`.
        origin: letters and digits that tell this installation from every other with the same sender, and from the
            one that was here before: mail programs drop a mail whose id they have seen.
        sign: signs the links that act by one click; None: there are none.
    """

    def __init__(self, sender: str, origin: str, sign: Sign | None = None) -> None:
        self._from = sender
        self._origin = origin
        self._sign = sign
        self._policy = policy()
        self._domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
        self._templates = Environment(
            loader=PackageLoader("kaput.tell"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def notice(self, notice: NoticeRow, issue: IssueRow, event: Event, project: str, base: str) -> EmailMessage:
        """Writes the mail about one change of one issue.

        Args:
            notice: the change; its `sequence` decides about the thread, its `created` is the mail's date.
            issue: as it is now.
            event: the one that made the change.
            project: the project's name.
            base: address of the page, with path prefix and without a slash at the end; empty when none is known.

        Raises:
            MailFailed: the recipient's address is none (`permanent`), or the sender's (`away`).
        """
        shown = excerpt(issue, event)
        name = one_line(project, NAME_LENGTH)
        message = self._message(notice.recipient, subject_of(name, notice, issue), notice.created)
        self._thread(message, notice)
        acts = addresses(self._sign, notice, base, alone=True)
        offer(message, acts)
        values = {
            "acts": acts,
            "change": change_of(notice).capitalize(),
            "note": one_line(notice.note, NOTE_LENGTH),
            "why": "a comment names you" if notice.note else why_of([notice], name),
            "test": notice.kind is Kind.TEST,
            "shown": shown,
            "issue": issue,
            "link": link_of(base, issue),
        }
        return self._body(message, "notice", {**values, "project": name})

    def digest(
        self, notices: Sequence[NoticeRow], listed: Sequence[Listed], project: str, base: str, now: float
    ) -> EmailMessage:
        """Writes the mail that counts and lists what was held back for one recipient.

        Args:
            notices: all of them, oldest first, at least one.
            listed: the first of them with their issues, at most `MOST_LISTED`.
            project: the project's name.
            base: as for `notice`.
            now: the mail's date.

        Raises:
            MailFailed: as for `notice`.
        """
        counts = counts_of(notices)
        name = one_line(project, NAME_LENGTH)
        first, last = notices[0], notices[-1]
        message = self._message(first.recipient, f"[{name}] {counts}", now)
        message["Message-ID"] = f"<digest-{first.id}-{last.id}-{len(notices)}.{self._origin}@{self._domain}>"
        acts = addresses(self._sign, first, base, alone=False)
        offer(message, acts)
        lines = [
            {"kind": listed_as(entry.notice), "issue": entry.issue, "title": title_of(entry.issue)}
            | {"culprit": one_line(entry.issue.culprit, NAME_LENGTH), "link": link_of(base, entry.issue)}
            | {"events": counted(entry.issue.count, "event")}
            for entry in listed
        ]
        values = {
            "counts": counts,
            "lines": lines,
            "more": sum(notice.count for notice in notices) - sum(entry.notice.count for entry in listed),
            "project": name,
            "acts": acts,
            "why": why_of(notices, name),
        }
        span = {"first": moment(first.created), "last": moment(last.created), "base": base}
        return self._body(message, "digest", values | span)

    def test(self, address: str, base: str, now: float) -> EmailMessage:
        """Writes the mail that shows that mails arrive; arguments and errors as for `digest`."""
        message = self._message(address, "[Kaput] A test mail", now)
        message["Message-ID"] = f"<test-{now:.6f}@{self._domain}>"
        return self._body(message, "test", {"base": base, "sent": moment(now)})

    def _message(self, recipient: str, subject: str, date: float) -> EmailMessage:
        message = EmailMessage(policy=self._policy)
        message["From"] = self._sender()
        message["To"] = _address("", recipient, "the recipient")
        message["Subject"] = one_line(subject, SUBJECT_LENGTH)
        message["Date"] = format_datetime(datetime.fromtimestamp(date, UTC))
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answer comes back
        return message

    def _sender(self) -> Address:
        try:
            return _address(*parseaddr(self._from), "KAPUT_MAIL_FROM")
        except MailFailed as error:  # no other mail would go either
            raise MailFailed(str(error), away=True) from None

    def _thread(self, message: EmailMessage, notice: NoticeRow) -> None:
        if notice.kind is Kind.TEST:
            message["Message-ID"] = f"<test-{notice.id}.{self._origin}@{self._domain}>"
            return
        root = f"<issue-{notice.issue_id}.root.{self._origin}@{self._domain}>"
        if notice.sequence == 0:
            message["Message-ID"] = root
            return
        message["Message-ID"] = f"<issue-{notice.issue_id}.notice-{notice.id}.{self._origin}@{self._domain}>"
        message["In-Reply-To"] = root
        message["References"] = root

    def _body(self, message: EmailMessage, template: str, values: dict[str, Any]) -> EmailMessage:
        text = self._templates.get_template(f"{template}.txt").render(values)
        html = self._templates.get_template(f"{template}.html").render(values)
        message.set_content(text, cte=_encoding(text))
        message.add_alternative(html, subtype="html", cte=_encoding(html))
        return message


def _encoding(text: str) -> str | None:
    """Hides lines that begin with `From `; servers and smtplib put a `>` before them (RFC 2049, section 3)."""
    return "base64" if _FROM.search(text) else None


def subject_of(project: str, notice: NoticeRow, issue: IssueRow) -> str:
    """Returns the one line that says what happened to an issue."""
    function = one_line(issue.culprit, NAME_LENGTH).partition(" in ")[0]
    place = f" in {function}" if function else ""
    mark = "" if notice.kind is Kind.NEW else f"{change_of(notice)}: "
    room = SUBJECT_LENGTH - len(f"[{project}] {mark}{place}")
    return f"[{project}] {mark}{one_line(issue.title, room) or title_of(issue)}{place}"


def why_of(notices: Sequence[NoticeRow], project: str) -> str:
    """Returns whose doing it is that somebody gets a mail: `the rule New issues of Shop sends it to you`."""
    names = list(dict.fromkeys(one_line(notice.rule, NAME_LENGTH) for notice in notices if notice.rule))
    if not 1 <= len(names) <= MOST_RULES:
        return f"a rule of {project} sends it to you"
    if len(names) == 1:
        return f"the rule {names[0]} of {project} sends it to you"
    return f"the rules {', '.join(names[:-1])} and {names[-1]} of {project} send it to you"


def change_of(notice: NoticeRow) -> str:
    """Returns what happened: `new`, or of a threshold `100 in 5 min`."""
    return notice.words or notice.kind.value


def listed_as(notice: NoticeRow) -> str:
    """Returns what happened, and how often when that was more than once."""
    return f"{change_of(notice)}, {notice.count:,} times" if notice.count > 1 else change_of(notice)


def counts_of(notices: Sequence[NoticeRow]) -> str:
    """Returns how often what happened: `3 new issues, 1 regressed issue and 2 alerts`."""
    counts: Counter[Kind] = Counter()
    for notice in notices:
        counts[notice.kind] += notice.count
    parts = [
        counted(counts[kind], "alert" if kind is Kind.ALERT else f"{kind.value} issue") for kind in Kind if counts[kind]
    ]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def link_of(base: str, issue: IssueRow) -> str:
    """Returns the address of an issue's page; empty when none is known."""
    return f"{base}/issues/{issue.short_id}" if base else ""


def _address(name: str, address: str, whose: str) -> Address:
    """Reads an address of one person, `local@domain`; anything else would be refused or go astray."""
    with suppress(ValueError, IndexError, MessageError):
        read = Address(display_name=name, addr_spec=address)
        if read.username and read.domain:
            return read
    shown = one_line(address, NAME_LENGTH)
    raise MailFailed(f"No mail went out: {whose} is {shown!r}, which is no mail address.", permanent=True)
