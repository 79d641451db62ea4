"""Kaput's watch over itself: a trouble is an issue of the project `kaput`, resolved when the cause is gone.

In: batches on their way to the store, the clock, and what the outbox, the dead records and the disk are like. Out:
batches with an event for each new trouble, and the hashes of those that are over. `serve/work.py` makes it, around the
watch over monitors.

What stands in the database is what was told: whoever is killed, or could not write, looks again and tells it then.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from kaput.config import Settings
from kaput.model import Batch, Clock, Digested, Event, Grouping, Healed, LogEntry, Title, Watch, lane_name
from kaput.store.base import Status, Store
from kaput.tell.words import cleaned

LOOK_SECONDS = 10.0
AGAIN_SECONDS = 3600.0
"""While a trouble lasts it has another event each hour, and at once when a person resolved its issue."""
LATE = 60.0
"""Seconds from the acceptance of an event to the store that are too many."""
LATE_FOR = 10.0
"""Seconds for which events have to be late: dead records that are tried again are old, and soon done."""
TRIES = 3
"""Attempts in vain after which a way out counts as failing, a minute and a half after the first."""
GIVEN_UP = 3600.0
"""Seconds for which it is a trouble that an alert was given up."""
MOST_GIVEN_UP = 20
MEGABYTE = 1_000_000
VERSION = "kaput"
LOGGER = "kaput.health"


class Trouble(Struct, frozen=True):
    """One thing that is wrong.

    Attributes:
        key: the same as long as it is the same thing; decides about the issue.
        name: what it is; the type of the issue.
        words: what is so, and what to do.
    """

    key: str
    name: str
    words: str


DEAD = "dead records"
LAG = "digest lag"
DISK = "disk"
REFUSED = "alerts given up"
LANE = "alerts fail: "


@dataclass
class Health:
    """Implements `kaput.model.Watch`; used by one thread.

    Attributes:
        inner: the watch over monitors.
        problems: more that may be wrong, one sentence each.
    """

    inner: Watch
    store: Store
    settings: Settings
    clock: Clock
    problems: Callable[[], Sequence[str]]
    _looked_at: float = 0.0
    _late_since: float | None = None
    _told: dict[str, float] = field(default_factory=dict)

    @cached_property
    def _project(self) -> int:
        return next(project.id for project in self.store.projects.all() if project.internal)

    def take(self, batch: Batch) -> Batch:
        """Adds what this batch says of the digest: its newest event tells how far behind it is."""
        received = [item.event.received for item in batch.digested if item.project_id != self._project]
        watched = self.inner.take(batch)
        if not received:
            return watched
        now = self.clock()
        late = now - max(received)
        if late < LATE:
            self._late_since = None
            return watched
        self._late_since = now if self._late_since is None else self._late_since
        if now - self._late_since < LATE_FOR or now - self._told.get(LAG, 0.0) < AGAIN_SECONDS:
            return watched
        self._told[LAG] = now
        words = (
            f"Events become visible {late:.0f} s after they were accepted. None is lost. More comes than this machine"
            " digests, or something else keeps it busy."
        )
        return replace(watched, digested=[*watched.digested, self._event(Trouble(LAG, LAG, words), now)])

    def look(self) -> Batch:
        """Looks around, every ten seconds; the digest is not behind when this is called."""
        batch = self.inner.look()
        now = self.clock()
        if 0 <= now - self._looked_at < LOOK_SECONDS:
            return batch
        self._looked_at, self._late_since = now, None
        troubles = {trouble.key: trouble for trouble in self._troubles(now)}
        standing = self.store.batches.standing(self._project, VERSION)
        known = {_hash(key): key for key in troubles}
        told = [self._event(trouble, now) for trouble in self._to_tell(troubles, standing, now)]
        over = [Healed(self._project, one) for one, status in standing.items() if one not in known and _is_open(status)]
        self._told = {key: at for key, at in self._told.items() if key in troubles}
        return replace(batch, digested=[*batch.digested, *told], healed=over)

    def _to_tell(
        self, troubles: Mapping[str, Trouble], standing: Mapping[str, Status], now: float
    ) -> Iterator[Trouble]:
        for key, trouble in troubles.items():
            is_new = standing.get(_hash(key), Status.RESOLVED) is Status.RESOLVED
            if is_new or now - self._told.setdefault(key, now) >= AGAIN_SECONDS:
                self._told[key] = now
                yield trouble

    def _troubles(self, now: float) -> Iterator[Trouble]:
        dead = self.store.batches.count_dead()
        if dead:
            advice = "Their reasons stand on the server page; `kaput dead retry --all` tries them again."
            yield Trouble(DEAD, DEAD, f"{dead} accepted records could not be digested. {advice}")
        yield from self._space()
        yield from self._alerts(now)

    def _space(self) -> Iterator[Trouble]:
        try:
            free = shutil.disk_usage(self.settings.data).free
        except OSError as error:
            yield Trouble(DISK, DISK, f"The disk of {self.settings.data} cannot be read: {error.strerror}.")
            return
        if free < 2 * self.settings.min_free:
            limit = f"Below {self.settings.min_free // MEGABYTE} MB (KAPUT_MIN_FREE) clients are turned away."
            yield Trouble(DISK, DISK, f"The disk of {self.settings.data} has {free // MEGABYTE} MB left. {limit}")
            return
        for words in self.problems():
            yield Trouble(DISK, DISK, words)

    def _alerts(self, now: float) -> Iterator[Trouble]:
        outbox = self.store.outbox
        names = {channel.id: channel.name for channel in self.store.channels.all()}
        for found in outbox.troubles():
            if found.attempts >= TRIES:
                name = LANE + lane_name(found.lane, names)
                yield Trouble(LANE + found.lane, name, f"{found.count} alerts wait. {found.error}")
        given_up = [one for one in outbox.undelivered(MOST_GIVEN_UP) if one.state == "failed"]
        lately = [one for one in given_up if now - one.created < GIVEN_UP]
        if lately:
            yield Trouble(REFUSED, REFUSED, f"{len(lately)} in the last hour. {lately[0].error}")

    def _event(self, trouble: Trouble, now: float) -> Digested:
        """Makes the event of a trouble; its words are Kaput's own, or were cleaned by the sender."""
        words = cleaned(trouble.words, ())
        event = Event(
            event_id=_digest(f"{trouble.key} {now}"),
            timestamp=now,
            received=now,
            logger=LOGGER,
            logentry=LogEntry(formatted=f"{trouble.name}: {words}"),
            tags={"trouble": trouble.key.partition(":")[0]},
        )
        grouping = Grouping(VERSION, (_hash(trouble.key),), f"Kaput's own: {trouble.name}")
        return Digested(self._project, event, grouping, Title(trouble.name, words, ""))


def _is_open(status: Status) -> bool:
    return status is Status.UNRESOLVED


def _hash(key: str) -> str:
    return _digest(f"{VERSION}\0{key}")


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
