"""The worker: takes records from the buffer, digests them, and stores them batch by batch.

In: a source, the store's batches, and as functions what digests, evaluates and buries. Out: stored events, buried
records, and a call when there may be something to tell. The roots run it in a process of its own.

The read position is committed in the transaction of the events, so a crash at any moment repeats a batch whole, or
does not repeat it.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from kaput.buffer.base import Entry, Source
from kaput.errors import StoreUnavailable, Undigestible
from kaput.model import (
    EVENT,
    Aside,
    Batch,
    Clock,
    Dead,
    Digest,
    Digested,
    Drop,
    Evaluate,
    Position,
    Record,
    Signal,
    Watch,
)
from kaput.store.base import Batches

IDLE_SECONDS = 1.0
READ_AT_ONCE = 50
MOST_IN_BATCH = 1000
MOST_BYTES = 16 * 1024**2  # of records in one batch, which is in memory as a whole
BATCH_SECONDS = 0.1
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
LONGEST_REASON = 500
STORED_IN_A_DIGEST = 2
"""How many events are stored in the time that one takes to be digested, about."""
TORN = "torn"
BEHIND_SECONDS = 5.0
"""How old what was just read may be, so that all check-ins of a minute ago were read too."""

_log = logging.getLogger(__name__)

Bury = Callable[[str, Record | bytes, str], Dead]
"""Keeps what cannot be digested: `(name, record or damaged bytes, reason)`; raises OSError."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """What became of one entry: an event, an aside, a filtered event, a drop, or (`reason`) a record to be buried."""

    entry: Entry
    digested: Digested | Aside | Drop | None = None
    drop: Drop | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker; there is one at a time for each buffer.

    Attributes:
        told: called after a commit that made changes, so that their notices go out at once.
        watch: what check-ins and the clock mean for jobs.
        expect: is told which records `digest` will be asked for after those that were read before; none when all
            were read.
        leave: is told how many records could be digested while a batch is stored.
        clock: the time now, in the drops; how long a batch takes is measured without it, since it may be set.
    """

    source: Source
    batches: Batches
    digest: Digest
    evaluate: Evaluate
    bury: Bury
    told: Callable[[], None]
    watch: Watch
    clock: Clock
    expect: Callable[[Sequence[Record]], None] = lambda _records: None
    leave: Callable[[int], None] = lambda _count: None

    def run(self, stop: Signal) -> None:
        """Works until `stop` is set; `source.wake` makes it look at once."""
        ahead: list[Entry] = []
        while not stop.is_set():
            pieces, ahead = self._take(ahead)
            # What is read and not committed must not be released: then the next worker reads it again.
            if pieces and not self._commit(pieces, stop):
                return
            self._release(ahead, stop)
            self._look(pieces, stop)
            if not pieces:
                self.source.wait(IDLE_SECONDS)

    def _take(self, entries: list[Entry]) -> tuple[list[_Piece], list[Entry]]:
        """Digests what has come, for no longer than a fair time: who waits first is shown first.

        Args:
            entries: what was read already.

        Returns:
            What became of it and of what came after it, and what was read beyond that.
        """
        pieces: list[_Piece] = []
        deadline, left = time.monotonic() + BATCH_SECONDS, MOST_BYTES
        entries = entries or self.source.read(READ_AT_ONCE)
        while entries:
            ahead = self.source.read(READ_AT_ONCE)
            self.expect(_records(ahead))
            left -= sum(len(record.body) for record in _records(entries))
            pieces += map(self._piece, entries)
            if len(pieces) >= MOST_IN_BATCH or left <= 0 or time.monotonic() >= deadline:
                return pieces, ahead + self._more(len(pieces))
            entries = ahead
        self.expect([])
        return pieces, []

    def _more(self, stored: int) -> list[Entry]:
        """Reads on before so many events are stored, since most of what was read ahead may be digested by now."""
        more = self.source.read(READ_AT_ONCE)
        self.expect(_records(more))
        self.leave(stored // STORED_IN_A_DIGEST)
        return more

    def _piece(self, entry: Entry) -> _Piece:
        content = entry.content
        if isinstance(content, Drop):
            return _Piece(entry, drop=content)
        if isinstance(content, bytes):
            if entry.reason == TORN:
                _log.warning("The end of %s was cut: %d bytes were never acknowledged.", entry.name, len(content))
                return _Piece(entry, drop=Drop("torn_tail", 1, self.clock()))
            _log.error("%s is damaged on the disk: %s.", entry.name, entry.reason)
            return _Piece(entry, reason=f"Damaged on the disk: {entry.reason}.")
        try:
            return _Piece(entry, digested=self.digest(content))
        except Undigestible as error:
            return self._failed(entry, _text(str(error)))
        except Exception as error:  # noqa: BLE001 - a bug must cost this record only, and not for good
            _log.exception("The event %s of project %d cannot be digested.", content.event_id, content.project_id)
            return self._failed(entry, _reason(error))

    def _failed(self, entry: Entry, reason: str) -> _Piece:
        """Buries an event; feedback is left out and counted, since `dead/` is counted in events."""
        content = entry.content
        if isinstance(content, Record) and content.kind != EVENT:
            _log.error("The %s %s is left out: %s", content.kind, content.event_id, reason)
            return _Piece(entry, drop=Drop(f"{content.kind}_failed", 1, self.clock(), content.project_id))
        return _Piece(entry, reason=reason)

    def _insist(self, action: Callable[[], None], stop: Signal) -> bool:
        """Tries until it succeeds (True) or the worker shall end: a locked database or a full disk pass."""
        pause = FIRST_PAUSE
        while not stop.is_set():
            try:
                action()
            except (StoreUnavailable, OSError) as error:
                _log.warning("The worker tries again in %.1f s: %s", pause, error)
                stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return True
        return False

    def _commit(self, pieces: Sequence[_Piece], stop: Signal) -> bool:
        """Stores the pieces; False when the worker had to end before all were."""
        try:
            return self._insist(lambda: self._commit_together(pieces), stop)
        except Exception:  # noqa: BLE001 - whatever one record did must not cost the others
            _log.exception("A batch of %d cannot be stored; each is stored by itself.", len(pieces))
        # Each insists for itself, so that none is stored twice when a later one has to wait.
        return all(self._insist(partial(self._commit_alone, piece), stop) for piece in pieces)

    def _commit_together(self, pieces: Sequence[_Piece]) -> None:
        positions = {piece.entry.position.segment: piece.entry.position for piece in pieces}
        batch = Batch(
            digested=[piece.digested for piece in pieces if isinstance(piece.digested, Digested)],
            dead=[self._buried(piece) for piece in pieces if piece.reason],
            drops=[piece.drop for piece in pieces if piece.drop is not None],
            positions=list(positions.values()),
            asides=[piece.digested for piece in pieces if isinstance(piece.digested, Aside)],
            filtered=[piece.digested for piece in pieces if isinstance(piece.digested, Drop)],
        )
        if self.batches.commit(self.watch.take(batch), self.evaluate):
            self.told()

    def _look(self, pieces: Sequence[_Piece], stop: Signal) -> None:
        """Asks the clock for runs that did not come, unless what says that they came may still have to be read."""
        received = [record.received for record in _records([piece.entry for piece in pieces])]
        if received and max(received) < self.clock() - BEHIND_SECONDS:
            return
        try:
            self._insist(self._look_once, stop)
        except Exception:  # noqa: BLE001 - whatever is wrong with a monitor, events go on
            _log.exception("What the clock says of monitors cannot be stored.")

    def _look_once(self) -> None:
        batch = self.watch.look()
        if (batch.watched or batch.digested or batch.healed) and self.batches.commit(batch, self.evaluate):
            self.told()

    def _commit_alone(self, piece: _Piece) -> None:
        try:
            self._commit_together([piece])
        except (StoreUnavailable, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - it goes to dead/ with what it did
            _log.exception("The entry %s cannot be stored.", piece.entry.name)
            self._commit_together([self._failed(piece.entry, _reason(error))])

    def _buried(self, piece: _Piece) -> Dead:
        content = piece.entry.content
        if isinstance(content, Drop):
            content = repr(content).encode()
        return self.bury(piece.entry.name, content, piece.reason)

    def _release(self, ahead: Sequence[Entry], stop: Signal) -> None:
        """Deletes segments that were read and stored to their end and have no writer."""
        gone: list[Position] = []
        kept = {entry.position.segment for entry in ahead}
        self._insist(lambda: gone.extend(self.source.release(kept)), stop)
        if gone:
            self._insist(lambda: self.batches.forget(gone), stop)


def _records(entries: Sequence[Entry]) -> list[Record]:
    return [entry.content for entry in entries if isinstance(entry.content, Record)]


def _reason(error: Exception) -> str:
    return _text(f"{type(error).__name__}: {error}")


def _text(reason: str) -> str:
    """Returns a reason that files and the database take: short, and without halves of characters."""
    return reason[:LONGEST_REASON].encode("utf-8", "backslashreplace").decode()
