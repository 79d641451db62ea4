"""The loop that empties the outbox.

In: a store, a channel, a composer, the address of the page, a clock. Out: mails or messages, and their marks in the
store. Imported by `tell/lanes.py` and the roots, which run `Teller.run` in a thread of its own and set `wake` after
each commit of the worker.

At least once, in order: a mark is written after the server took the mail, so that a crash between the two sends it
again. What the server did not take is tried again after `BACKOFF`, for `PATIENCE`; while it is away, all that is due
waits together, and once it is back all goes in the order in which it came up.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from msgspec import structs

from kaput.errors import DeliveryFailed, NotFound
from kaput.model import MAIL_LANE, Clock, Event, Signal
from kaput.store.base import IssueRow, NoticeRow, Store
from kaput.tell.loop import run
from kaput.tell.mail import MOST_LISTED, Listed
from kaput.tell.plan import HELD, HOUR, WINDOW, Mailing, look_back, plan
from kaput.tell.sample import sample_event, sample_issue

BACKOFF = (5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
"""Seconds until the next attempt, by the number of attempts before; the last one for all further."""

PATIENCE = 3 * 86400.0
"""Seconds after which a notice that the server did not take is given up."""

logger = logging.getLogger(__name__)


Send = Callable[[Any], None]
"""Sends one message of the kind that the lane's composer writes; raises DeliveryFailed."""


class Channel(Protocol):
    """A way on which messages go out."""

    def connect(self) -> AbstractContextManager[Send]:
        """Opens the way; what it gives sends one message after the other.

        Raises:
            DeliveryFailed: the way cannot be opened. Sending raises it too: for this message, or with `away` for all.
        """


class Composer(Protocol):
    """Writes the messages of one kind of channel; see `mail.Composer` for the arguments."""

    def notice(self, notice: NoticeRow, issue: IssueRow, event: Event, project: str, base: str) -> Any:
        """Writes about one change of one issue."""

    def digest(
        self, notices: Sequence[NoticeRow], listed: Sequence[Listed], project: str, base: str, now: float
    ) -> Any:
        """Writes what was held back for one recipient."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """Notices that the server took, to be noted in the store."""

    ids: list[int]
    time: float
    in_digest: bool


class Teller:
    """Sends what is due on one lane and says when something is due next. One at a time for each lane of a store.

    Args:
        store: where the notices are.
        channel: the way out; None when no mail server is set. Then nothing is tried and everything is held back, so
            that one digest tells it when there is a server.
        composer: writes what the channel sends.
        base: answers the address of the page, with path prefix, or an empty text when none is known.
        clock: seconds since the epoch.
        lane: whose notices it sends (`kaput.model.lane_of`).
    """

    def __init__(
        self,
        store: Store,
        channel: Channel | None,
        composer: Composer,
        base: Callable[[], str],
        clock: Clock,
        lane: str = MAIL_LANE,
    ) -> None:
        self._store = store
        self._channel = channel
        self._composer = composer
        self._base = base
        self._clock = clock
        self._lane = lane
        # Whoever starts Kaput anew may have mended the settings: the first run waits for nothing that was tried before.
        self._away = True
        self._fresh = True
        self._unmarked: list[_Mark] = []

    def run(self, stop: Signal, wake: Signal) -> None:
        """Runs until `stop` is set; see `loop.run`."""
        run(self.run_once, self._store.outbox.newest, self._clock, stop, wake)

    def run_once(self, now: float) -> float | None:
        """Holds back and sends what is due.

        Args:
            now: seconds since the epoch.

        Returns:
            Seconds until something is due, or None when nothing waits.
        """
        self._note()
        outbox = self._store.outbox
        outbox.release(now)
        notices = self._open(now)
        if not notices:
            return None
        if self._channel is None:
            self._keep(notices, now)
            return None
        sent, mailed = outbox.sent_at_once(look_back(now, notices)), outbox.mailed(now - HOUR)
        planned = plan(now, notices, sent, mailed)
        if planned.hold:
            outbox.mark_held(planned.hold, now)
        ready = self._ready(planned.mailings, now)
        if ready:
            self._send(self._channel, ready, now)
            return self._rest(now)
        return min(mailing.ready for mailing in planned.mailings) - now

    def _open(self, now: float) -> list[NoticeRow]:
        notices = self._store.outbox.waiting(self._lane)
        tried = max((notice.attempts for notice in notices), default=0)
        longest = BACKOFF[min(tried, len(BACKOFF)) - 1] if tried else 0.0  # what was tried together waits together
        return [_reachable(notice, now, longest) for notice in notices]

    def _note(self) -> None:
        """Writes the marks that the store did not take yet: what was sent must not go again while it is locked."""
        while self._unmarked:
            mark = self._unmarked[0]
            self._store.outbox.mark_sent(mark.ids, mark.time, in_digest=mark.in_digest)
            del self._unmarked[0]

    def _rest(self, now: float) -> float | None:
        """Returns the seconds until the next attempt, as the notices say after this run."""
        mailings = plan(now, self._open(now), (), self._store.outbox.mailed(now - HOUR)).mailings
        return max(0.0, min(mailing.ready for mailing in mailings) - now) if mailings else None

    def _keep(self, notices: Sequence[NoticeRow], now: float) -> None:
        """Does what can be done without a mail server."""
        outbox = self._store.outbox
        old: list[NoticeRow] = []
        for notice in notices:
            if _is_old(notice, now):
                held = notice.state == HELD
                old += outbox.held(notice.project_id, notice.recipient) if held else [notice]
        gone = {notice.id for notice in old if _is_old(notice, now)}
        if gone:
            outbox.mark_failed(sorted(gone), "No mail went out: no mail server was set for 3 days (KAPUT_SMTP_HOST).")
        fresh = [notice.id for notice in notices if notice.state != HELD and notice.id not in gone]
        if fresh:
            outbox.mark_held(fresh, now)

    def _ready(self, mailings: Sequence[Mailing], now: float) -> list[Mailing]:
        """Picks what is tried in this run, in order.

        After a failure to reach the server everything that was tried goes with whatever is due first, lest the new
        overtake the old.
        """
        due = [mailing for mailing in mailings if mailing.ready <= now]
        if self._away and (due or self._fresh):
            due = [mailing for mailing in mailings if mailing.ready <= now or mailing.attempts]
        whole = (self._read(mailing) if mailing.digest else mailing for mailing in due)
        return [mailing for mailing in whole if mailing.notices]

    def _read(self, digest: Mailing) -> Mailing:
        """Reads the notices of a digest of which only what stands for them was looked at."""
        first = digest.notices[0]
        return structs.replace(digest, notices=tuple(self._store.outbox.held(first.project_id, first.recipient)))

    def _send(self, channel: Channel, mailings: Sequence[Mailing], now: float) -> None:
        self._fresh = False
        waiting = list(mailings)
        taken = 0
        try:
            with channel.connect() as send:
                self._away = False
                while waiting:
                    taken += self._tell(send, waiting[0], now)
                    del waiting[0]
        except DeliveryFailed as error:
            # When the server took some and then no more, the next attempt is not the later for it.
            self._away = True
            self._postpone(waiting, str(error), now, attempts=0 if taken else waiting[0].attempts)

    def _tell(self, send: Send, mailing: Mailing, now: float) -> bool:
        """Sends one mail and marks its notices; answers whether the server took it.

        Raises:
            DeliveryFailed: no other mail would go either; nothing is marked.
        """
        try:
            send(self._written(mailing, now))
        except NotFound as error:
            return self._give_up(mailing.notices, f"What it was about is gone: {error}")
        except DeliveryFailed as error:
            if error.away:
                raise
            if error.permanent:
                return self._give_up(mailing.notices, str(error))
            self._postpone([mailing], str(error), now, attempts=mailing.attempts)
            return False
        self._unmarked.append(_Mark(mailing.ids, now, mailing.digest))
        self._note()
        return True

    def _written(self, mailing: Mailing, now: float) -> Any:
        """Writes the mail.

        Raises:
            NotFound: everything that it is about was deleted.
            DeliveryFailed: no mail can be made of it.
        """
        base = self._base().rstrip("/")
        store, first = self._store, mailing.notices[0]
        project = store.projects.get(first.project_id)
        if mailing.digest:
            listed = self._listed(mailing.notices, project.slug)
            return _made(lambda: self._composer.digest(mailing.notices, listed, project.name, base, now))
        issue = self._issue(first, project.slug)
        event = store.events.by_row(first.event_row).event if first.issue_id else sample_event(first)
        return _made(lambda: self._composer.notice(first, issue, event, project.name, base))

    def _issue(self, notice: NoticeRow, slug: str) -> IssueRow:
        return self._store.issues.get(notice.issue_id) if notice.issue_id else sample_issue(notice, slug)

    def _listed(self, notices: Sequence[NoticeRow], slug: str) -> list[Listed]:
        """Reads the first issues of a digest; those that were deleted are counted with the rest."""
        listed: list[Listed] = []
        for notice in notices:
            if len(listed) == MOST_LISTED:
                break
            with suppress(NotFound):
                listed.append(Listed(notice, self._issue(notice, slug)))
        if not listed:
            raise NotFound("All its issues were deleted.")
        return listed

    def _give_up(self, notices: Sequence[NoticeRow], reason: str) -> bool:
        """Marks notices as failed; answers that no mail went out."""
        self._store.outbox.mark_failed([notice.id for notice in notices], reason)
        return False

    def _postpone(self, mailings: Sequence[Mailing], error: str, now: float, attempts: int) -> None:
        """Marks the notices of mails for one next attempt together, and gives up those that waited too long."""
        notices = [notice for mailing in mailings for notice in mailing.notices]
        old = [notice for notice in notices if _is_old(notice, now)]
        rest = [notice.id for notice in notices if not _is_old(notice, now)]
        if old:
            self._give_up(old, error)
        if rest:
            self._store.outbox.mark_retry(rest, error, now + BACKOFF[min(attempts, len(BACKOFF) - 1)])


def _reachable(notice: NoticeRow, now: float, longest: float) -> NoticeRow:
    """Returns the notice due now when its time is further off than any wait: the clock was set back since."""
    if notice.due <= now + (longest if notice.attempts else 0.0):
        return notice
    held = notice.state == HELD and not notice.attempts
    return structs.replace(notice, due=now - WINDOW if held else now)


def _is_old(notice: NoticeRow, now: float) -> bool:
    return now - notice.created >= PATIENCE


def _made(write: Callable[[], Any]) -> Any:
    """Writes a mail; one that cannot be written must not stop those behind it, whatever the reason."""
    try:
        return write()
    except DeliveryFailed:
        raise
    except Exception as error:
        logger.exception("A mail could not be written.")
        raise DeliveryFailed(f"The mail could not be written: {type(error).__name__}.", permanent=True) from error
