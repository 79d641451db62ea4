"""One installation: a data directory, opened, with what the stages offer bound to it.

In: settings. Out: `Installation`. A root: only the other roots import it.
"""

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from kaput.buffer.reader import backlog_bytes, count_pending, list_segments
from kaput.buffer.writer import SegmentWriter
from kaput.config import Settings
from kaput.digest.dead import DeadDirectory
from kaput.directory import make_directory, migrate_database, read_secret
from kaput.errors import NotFound
from kaput.model import SPACE, Clock, Link, Preview, Record, Rehearsal, Rule, Space, Stats, channel_of
from kaput.store.attachments import Bounds
from kaput.store.base import ChannelRow, Store
from kaput.store.database import open_store
from kaput.view.secret import derived

if TYPE_CHECKING:
    from kaput.tell.lanes import Route
    from kaput.tell.seal import Seal

DEFAULT_ADDRESS = "http://127.0.0.1:9110"
STATS_TRIES = 20
REHEARSED_ISSUES = 300
REHEARSED_EVENTS = 3
"""Of each of them."""
STEP_RECORDS = 200
STEP_BYTES = 16 * 1024**2


@dataclass(frozen=True, slots=True)
class Installation:
    """An open data directory; a context manager that closes it.

    Attributes:
        default_address: what `base_url` returns when nothing else is known; empty: nothing links to the page.
    """

    settings: Settings
    store: Store
    secret: bytes
    clock: Clock
    default_address: str = DEFAULT_ADDRESS

    def base_url(self) -> str:
        """Returns the address for people and clients, without a slash at the end.

        KAPUT_URL, else what the running or last server listened on, else the default.
        """
        return (self.settings.url or self.store.facts.get("address") or self.default_address).rstrip("/")

    def read_stats(self, project_id: int | None = None) -> Stats:
        """Counts everything now, or one project; pending records are counted without looking whose they are."""
        spool = self.settings.spool
        with self._settled(fcntl.LOCK_SH):
            for _ in range(STATS_TRIES):
                before = list_segments(spool)
                tallies = self.store.facts.tallies(project_id)
                pending = count_pending(spool, tallies.positions) if project_id is None else 0
                if before <= list_segments(spool):
                    break  # none was deleted in between, so that all behind the positions of that moment was seen
        return Stats(
            accepted=tallies.digested + pending + tallies.dead,
            digested=tallies.digested,
            pending=pending,
            dead=tallies.dead,
            dropped=tallies.dropped,
            issues=tallies.issues,
            events=tallies.events,
            notices=tallies.notices,
            thinned=tallies.thinned,
            sessions=tallies.sessions,
        )

    def read_space(self) -> Space | None:
        """Returns what the work process measured last of the data directory; None before it did."""
        noted = self.store.facts.get(SPACE)
        return msgspec.json.decode(noted, type=Space) if noted else None

    def backlog(self) -> int:
        """Returns the bytes that were accepted and are not yet visible."""
        return backlog_bytes(self.settings.spool, self.store.batches.positions())

    def mail_origin(self) -> str:
        """Returns what the ids of this installation's mails have and no other's."""
        return derived(self.secret, "kaput-mail").hex()[:12]

    def seal(self) -> "Seal":
        """Returns what signs the links of mails."""
        from kaput.tell.seal import Seal

        return Seal(derived(self.secret, "kaput-links"))

    def read_link(self, token: str) -> Link:
        """Returns what a link of a mail says; raises NotFound when it is none of ours."""
        return self.seal().read(token)

    def rehearse(self, project_id: int, text: str) -> Rehearsal:
        """Tries rules of grouping on stored events of a project; raises RuleError."""
        return rehearse(self.store, project_id, text)

    def preview(self, rule: Rule) -> Preview:
        """Says how often a rule would have fired in the last days; raises ValueError for what is no rule."""
        return preview(self.store, rule)

    def send_test(self, address: str) -> None:
        """Sends a test mail; raises MailFailed with the server's own words."""
        from kaput.tell.mail import Composer
        from kaput.tell.probe import send_test
        from kaput.tell.smtp import SmtpChannel

        composer = Composer(self.settings.sender, self.mail_origin())
        send_test(SmtpChannel(self.settings), composer, self.base_url, self.clock, address)

    def route(self, lane: str) -> "Route":
        """Makes the way out of a channel by its lane; raises NotFound when it was deleted or is disabled."""
        from kaput.tell.routes import route_of

        channel_id = channel_of(lane) or 0
        row = self.store.channels.get(channel_id)
        if row.disabled:
            raise NotFound(f"The channel {row.name} is disabled.")
        address = self.store.channels.address(channel_id)
        return route_of(row, address, self.settings.channel_networks, self.mail_origin(), self.clock)

    def add_channel(self, project_id: int, name: str, url: str) -> tuple[ChannelRow, str, str]:
        """Makes a channel; returns it with the secret of a webhook, and what to note of the address, or empty texts.

        Raises:
            ValueError: the address or the name will not do; fit to be shown.
            Conflict: the project has one of this name.
            DeliveryFailed: Apprise could not be asked about the address.
        """
        from kaput.tell.routes import read_address

        read = read_address(url, self.settings.channel_networks)
        made = self.store.channels.add(project_id, read.kind, name, read.shown, read.address)
        return made, read.address.secret, read.note

    def retry_dead(self, names: Sequence[str]) -> int:
        """Puts dead records back into the buffer, and answers how many; those that cannot be tried stay where they are.

        A crash in between leaves a step's records in both places: the second digest of them is then a duplicate.

        Raises:
            BufferUnwritable: the disk does not take them; those of earlier steps are put back.
        """
        directory = DeadDirectory(self.settings.dead)
        writer = SegmentWriter(self.settings.spool, self.settings.segment_size, self.clock)
        count = 0
        try:
            for step in _steps(directory, names):
                with self._settled(fcntl.LOCK_EX):
                    writer.append(list(step.values())).result()
                    count += self.store.batches.forget_dead(list(step), dropped=False)
                for name in step:
                    directory.remove(name)
        finally:
            writer.close()
        return count

    def drop_dead(self, names: Sequence[str]) -> int:
        """Removes dead records for good, and answers how many."""
        directory = DeadDirectory(self.settings.dead)
        count = self.store.batches.forget_dead(names, dropped=True)
        for name in names:
            with suppress(NotFound):
                directory.remove(name)
        return count

    @contextmanager
    def _settled(self, kind: int) -> Iterator[None]:
        """Keeps those who count from counting a record twice, while it goes from `dead/` back into the buffer.

        Args:
            kind: LOCK_SH for those who count, LOCK_EX for who moves.
        """
        try:
            fd = os.open(self.settings.dead, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:  # the directory is gone: then nothing moves
            yield
            return
        try:
            fcntl.flock(fd, kind)
            yield
        finally:
            os.close(fd)

    def close(self) -> None:
        """Closes the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _steps(directory: DeadDirectory, names: Sequence[str]) -> Iterator[dict[str, Record]]:
    """Yields the records that can be tried again, by name, as many at a time as the memory does not feel."""
    step: dict[str, Record] = {}
    size = 0
    for name in names:
        with suppress(NotFound):
            step[name] = directory.read(name)
            size += len(step[name].body)
        if len(step) >= STEP_RECORDS or size >= STEP_BYTES:
            yield step
            step, size = {}, 0
    if step:
        yield step


def preview(store: Store, rule: Rule) -> Preview:
    """Tries a rule on the stored events of its project; raises ValueError for what is no rule."""
    from kaput.tell.preview import tried

    return tried(store.rules, rule, store.clock())


def rehearse(store: Store, project_id: int, text: str) -> Rehearsal:
    """Tries rules of grouping on the newest stored events of the issues that came last; raises RuleError."""
    from kaput.digest.rehearsal import rehearse

    now = store.projects.grouping().get(project_id, "")
    return rehearse(store.events.newest_of_each(project_id, REHEARSED_ISSUES, REHEARSED_EVENTS), now, text)


def open_installation(settings: Settings, clock: Clock = time.time) -> Installation:
    """Opens the data directory; makes it, and brings its database up to date, when that is needed.

    Raises:
        StartError: the directory or the database cannot be used; one line that says what to do.
    """
    make_directory(settings)
    migrate_database(settings)
    return attach(settings, clock)


def attach(settings: Settings, clock: Clock = time.time) -> Installation:
    """Opens a data directory that is known to be up to date."""
    bounds = Bounds(settings.max_attachments, settings.attachment_share, 2 * settings.min_free)
    store = open_store(settings.database, clock, bounds=bounds)
    return Installation(settings, store, read_secret(settings), clock)
