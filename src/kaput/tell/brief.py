"""The short texts that services such as Slack or PagerDuty get: about one issue, or about many at once.

In: a notice with its issue and event, or a digest's list. Out: `Brief`s. Pure. Imported by `tell/routes.py`.

The same facts as in the mail, in fewer words: a phone shows some ten lines, and some services take 1,000 characters.
"""

from collections.abc import Iterator, Sequence

from kaput.model import Event, Kind
from kaput.store.base import IssueRow, NoticeRow
from kaput.tell.excerpt import Excerpt, excerpt, one_line, title_of
from kaput.tell.mail import NAME_LENGTH, Listed, counts_of, link_of, listed_as, subject_of
from kaput.tell.services import Brief

LENGTH = 1000
MOST_LISTED = 5
FACTS = ("Release", "Environment", "Server", "Request", "Transaction", "How often")


class BriefComposer:
    """Writes short texts."""

    def notice(self, notice: NoticeRow, issue: IssueRow, event: Event, project: str, base: str) -> Brief:
        """Writes about one change of one issue; arguments as for `mail.Composer.notice`."""
        shown = excerpt(issue, event)
        link = link_of(base, issue)
        lines = list(_lines(shown))
        room = LENGTH - len(link) - 1
        text = "\n".join(lines)[:room]
        title = subject_of(one_line(project, NAME_LENGTH), notice, issue)
        body = "\n".join(part for part in (text, link) if part)
        return Brief(title, body, "info" if notice.kind is Kind.TEST else "failure")

    def digest(
        self, notices: Sequence[NoticeRow], listed: Sequence[Listed], project: str, base: str, now: float
    ) -> Brief:
        """Writes what was held back; arguments as for `mail.Composer.digest`."""
        del now
        shown = listed[:MOST_LISTED]
        lines = [f"{listed_as(entry.notice)}: {one_line(title_of(entry.issue), 120)}" for entry in shown]
        more = sum(notice.count for notice in notices) - sum(entry.notice.count for entry in shown)
        if more:
            lines.append(f"and {more:,} more")
        if base:
            lines.append(f"{base}/")
        title = f"[{one_line(project, NAME_LENGTH)}] {counts_of(notices)}"
        return Brief(title, "\n".join(lines), "warning")


def _lines(shown: Excerpt) -> Iterator[str]:
    if shown.where:
        yield shown.where.place
        yield from (line.text.strip() for line in shown.where.source if line.failing)
    elif shown.culprit:
        yield shown.culprit
    facts = dict(shown.facts)
    yield from (f"{name}: {facts[name]}" for name in FACTS if name in facts)
