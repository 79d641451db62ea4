"""Attachments: a row each in the database, and a file beside it.

In: attachments of the worker's batches; questions of the page. Out: rows and files. Handed out as
`store.base.Attachments`; `store/batches.py` keeps those of a batch by `Shelf`.

A file is durable before the transaction that writes its row, and is removed after the one that deletes it: a crash in
between leaves a file without a row, which `sweep` removes, and never a row without its file. An attachment belongs to
the event, or the feedback, that has its `event_id` in its project, whichever of the two comes first.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, delete, exists, func, select
from sqlalchemy.dialects.sqlite import insert

from kaput.errors import NotFound
from kaput.model import Aside, Attachment, Clock, Drop
from kaput.store import schema
from kaput.store.base import AttachmentRow
from kaput.store.engine import CHUNK, Database
from kaput.store.facts import write_drops
from kaput.store.files import Files

TOO_MANY = "attachment_too_many"
NO_ROOM = "attachment_no_room"
DUPLICATE = "attachment_duplicate"
UNWRITABLE = "attachment_unwritable"
WITHOUT_EVENT = "attachment_without_event"
"""Why an attachment is left out, or is removed again."""

WAITING_SECONDS = 24 * 3600
"""How long an attachment waits for its event: some clients send it before, and a dead record may be tried again."""
LEAST = 4096
"""Bytes that a file takes besides its content, about: the rest of its last block, its name, its row."""
YOUNG_SECONDS = 3600
"""How old a file without a row must be to be removed: its row may be on its way."""

_attachment = schema.attachment.c
_event = schema.event.c
_feedback = schema.feedback.c
_dead = schema.dead.c
_log = logging.getLogger(__name__)

_KNOWN = (_attachment.project_id, _attachment.event_id)


class SqlAttachments:
    """Implements `kaput.store.base.Attachments`."""

    def __init__(self, database: Database, files: Files, clock: Clock) -> None:
        self._database = database
        self._files = files
        self._clock = clock

    def of(self, project_id: int, event_ids: Sequence[str]) -> dict[str, list[AttachmentRow]]:
        """See `kaput.store.base.Attachments.of`."""
        found: dict[str, list[AttachmentRow]] = {}
        ids = [bytes.fromhex(event_id) for event_id in event_ids]
        with self._database.read() as connection:
            for start in range(0, len(ids), CHUNK):
                mine = (_attachment.project_id == project_id, _attachment.event_id.in_(ids[start : start + CHUNK]))
                query = select(schema.attachment).where(*mine).order_by(_attachment.id)
                for row in connection.execute(query):
                    found.setdefault(row.event_id.hex(), []).append(self._row(row))
        return found

    def open(self, project_id: int, attachment_id: str) -> tuple[AttachmentRow, BinaryIO]:
        """See `kaput.store.base.Attachments.open`."""
        try:
            raw = bytes.fromhex(attachment_id)
        except ValueError:
            raise NotFound(f"{attachment_id[:100]!r} is no id of an attachment.") from None
        mine = (_attachment.attachment_id == raw, _attachment.project_id == project_id)
        with self._database.read() as connection:
            row = connection.execute(select(schema.attachment).where(*mine)).one_or_none()
        if row is None:
            raise NotFound(f"There is no attachment {attachment_id}; it may have been removed with its event.")
        return self._row(row), self._files.open(attachment_id)

    def sweep(self) -> int:
        """See `kaput.store.base.Attachments.sweep`."""
        now = self._clock()
        old = self._files.older_than(now - YOUNG_SECONDS)  # before the rows: what gets one meanwhile is found below
        names = self._remove_lost(now)
        with self._database.read() as connection:
            known = {row.hex() for row in connection.execute(select(_attachment.attachment_id)).scalars()}
        names |= {name for name in old if name not in known}
        self._files.remove(names)
        return len(names)

    def _remove_lost(self, now: float) -> set[str]:
        """Deletes the rows of attachments that belong to nothing; looks for them without holding up a write."""
        lost = _belongs_nowhere(now - WAITING_SECONDS)
        with self._database.read() as connection:
            # Compared here: SQLite would look through all dead records for each attachment.
            dead = {
                (row.project_id, row.event_id) for row in connection.execute(select(_dead.project_id, _dead.event_id))
            }
            found = connection.execute(select(_attachment.id, *_KNOWN).where(lost))
            ids = [row.id for row in found if (row.project_id, row.event_id.hex()) not in dead]
        names: set[str] = set()
        for start in range(0, len(ids), CHUNK):
            with self._database.write() as connection:
                removed = _delete(connection, _attachment.id.in_(ids[start : start + CHUNK]) & lost)
                counts = Counter(project_id for project_id, _ in removed)
                write_drops(connection, [Drop(WITHOUT_EVENT, count, now, project) for project, count in counts.items()])
            names |= {name for _, name in removed}
        return names

    def _row(self, row: Any) -> AttachmentRow:
        return AttachmentRow(
            attachment_id=row.attachment_id.hex(),
            event_id=row.event_id.hex(),
            project_id=row.project_id,
            name=row.name,
            content_type=row.content_type,
            kind=row.kind,
            size=row.size,
            received=row.received,
            missing=self._files.missing(row.attachment_id.hex()),
        )


class Bounds(Struct, frozen=True):
    """How much may be attached.

    Attributes:
        per_event: attachments of one event.
        share: percent of the volume that all of them may take.
        spare: bytes of the volume that must stay free.
    """

    per_event: int = 20
    share: int = 10
    spare: int = 256 * 1024**2


class Shelf:
    """Keeps the files of a batch within bounds; used by one thread, the only one that adds any."""

    def __init__(self, database: Database, files: Files, bounds: Bounds) -> None:
        self._database = database
        self._files = files
        self._bounds = bounds

    def keep(self, asides: Sequence[Aside], now: float) -> tuple[list[Aside], list[Drop]]:
        """Writes the files of a batch, before its transaction.

        Args:
            asides: of the batch; those that are no attachments are handed on.
            now: the time of the drops.

        Returns:
            The asides whose rows are to be written, and what is left out.
        """
        attachments = [aside for aside in asides if isinstance(aside, Attachment)]
        if not attachments:
            return list(asides), []
        others = [aside for aside in asides if not isinstance(aside, Attachment)]
        judged = list(self._judged(attachments))
        lost = Counter((reason, one.project_id) for one, reason in judged if reason)
        drops = [Drop(reason, count, now, project) for (reason, project), count in lost.items()]
        return [*others, *(one for one, reason in judged if not reason)], drops

    def _judged(self, attachments: Sequence[Attachment]) -> Iterator[tuple[Attachment, str]]:
        """Yields each with the reason why it is left out, empty for those that are kept; writes their files."""
        known, counts, taken = self._stored(attachments)
        room = self._files.room()
        left = min(room.total * self._bounds.share // 100 - taken, room.free - self._bounds.spare)
        for one in attachments:
            owner = (one.project_id, one.event_id)
            reason = self._reason(one, known, counts[owner], left)
            if not reason:
                known.add(one.attachment_id)
                counts[owner] += 1
                left -= len(one.content) + LEAST
            yield one, reason

    def _reason(self, one: Attachment, known: set[str], count: int, left: int) -> str:
        if one.attachment_id in known:
            return DUPLICATE
        if count >= self._bounds.per_event:
            return TOO_MANY
        if len(one.content) + LEAST > left:
            return NO_ROOM
        try:
            self._files.write(one.attachment_id, one.content)
        except OSError as error:  # events must not wait for it
            _log.error("An attachment of %d bytes cannot be written: %s", len(one.content), error)
            return UNWRITABLE
        return ""

    def _stored(self, attachments: Sequence[Attachment]) -> tuple[set[str], Counter[tuple[int, str]], int]:
        """Returns which of them are stored, how many their events have, and the bytes of all that are stored."""
        ids = [bytes.fromhex(one.attachment_id) for one in attachments]
        owners = [(one.project_id, bytes.fromhex(one.event_id)) for one in attachments]
        known: set[str] = set()
        counts: Counter[tuple[int, str]] = Counter()
        with self._database.read() as connection:
            for start in range(0, len(ids), CHUNK):
                same = _attachment.attachment_id.in_(ids[start : start + CHUNK])
                known |= {
                    row.hex() for row in connection.execute(select(_attachment.attachment_id).where(same)).scalars()
                }
            for mine in _belonging_to(owners):
                query = select(*_KNOWN, func.count()).where(mine).group_by(*_KNOWN)
                for project_id, event_id, count in connection.execute(query):
                    counts[project_id, event_id.hex()] = count
            taken = connection.execute(select(func.sum(_attachment.size + LEAST))).scalar() or 0
        return known, counts, taken


def write_attachments(connection: Connection, attachments: Sequence[Attachment]) -> None:
    """Stores the rows of attachments whose files are durable already."""
    if attachments:
        connection.execute(insert(schema.attachment).on_conflict_do_nothing(), [_values(one) for one in attachments])


def forget_attachments(connection: Connection, events: Sequence[tuple[int, bytes]]) -> list[str]:
    """Deletes the rows of the attachments of events that are deleted.

    Args:
        connection: of the transaction that deletes the events.
        events: project and event id (16 bytes) of each.

    Returns:
        The names of their files, for `Files.remove` after the commit, never before it: the transaction may fail. A
        crash before the removal leaves them to `SqlAttachments.sweep`.
    """
    names: list[str] = []
    for theirs in _belonging_to(events):
        names += [name for _, name in _delete(connection, theirs)]
    return names


def _belonging_to(events: Iterable[tuple[int, bytes]]) -> Iterator[ColumnElement[bool]]:
    """Says, a part at a time, which attachments belong to events; project by project, since no index finds pairs."""
    by_project: dict[int, list[bytes]] = {}
    for project_id, event_id in events:
        by_project.setdefault(project_id, []).append(event_id)
    for project_id, ids in by_project.items():
        for start in range(0, len(ids), CHUNK):
            yield (_attachment.project_id == project_id) & _attachment.event_id.in_(ids[start : start + CHUNK])


def _delete(connection: Connection, wanted: ColumnElement[bool]) -> list[tuple[int, str]]:
    """Deletes rows, and returns their projects and the names of their files."""
    deleting = delete(schema.attachment).where(wanted).returning(_attachment.project_id, _attachment.attachment_id)
    return [(row.project_id, row.attachment_id.hex()) for row in connection.execute(deleting)]


def _belongs_nowhere(before: float) -> ColumnElement[bool]:
    """Says which attachments came before a time and belong to no event or feedback."""
    event = (_event.event_id == _attachment.event_id, _event.project_id == _attachment.project_id)
    said = (_feedback.feedback_id == _attachment.event_id, _feedback.project_id == _attachment.project_id)
    return (_attachment.received < before) & ~exists().where(*event) & ~exists().where(*said)


def _values(one: Attachment) -> dict[str, object]:
    return {
        "attachment_id": bytes.fromhex(one.attachment_id),
        "project_id": one.project_id,
        "event_id": bytes.fromhex(one.event_id),
        "name": one.name,
        "content_type": one.content_type,
        "kind": one.kind,
        "size": len(one.content),
        "received": one.received,
    }
