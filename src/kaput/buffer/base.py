"""The seam of the buffer: what accept and the worker may rely on, whatever holds the records.

In: records and drops. Out: entries in the order they were made durable, each with its position.
`accept` and `digest/worker.py` import this file and no other of this stage.
"""

from collections.abc import Collection, Sequence
from concurrent.futures import Future
from typing import Protocol

from msgspec import Struct

from kaput.model import Drop, Position, Record


class Entry(Struct, frozen=True):
    """One thing read from the buffer.

    Attributes:
        content: a record, a drop, or the raw bytes of what was damaged on the disk.
        position: where its segment continues after it; committed by the worker with what came of the entry.
        name: the same for the same entry at every reading: segment and offset.
        reason: why the bytes are damaged; empty otherwise.
    """

    content: Record | Drop | bytes
    position: Position
    name: str
    reason: str = ""


class Appender(Protocol):
    """One writer; safe to be called from any thread."""

    def append(self, records: Sequence[Record]) -> Future[None]:
        """Appends the records, all or none.

        Returns:
            A future that is done when all of them are durable (written and synced); it raises BufferUnwritable
            when the disk does not take them, and then none of them will ever be acknowledged.
        """

    def note(self, drops: Sequence[Drop]) -> None:
        """Appends drops with the next records, or within a second; nobody waits for them."""

    def failure(self) -> str:
        """Returns why the disk did not take the last append, in the system's words; empty when it did."""

    def close(self) -> None:
        """Makes everything appended durable and ends the segment."""


class Lanes(Appender, Protocol):
    """Several writers; safe to be called from any thread. What is appended here itself is of one project each time."""

    def lane(self, records: Sequence[Record]) -> Appender:
        """Returns the writer for records of one project, which wait behind no busier one; counts them."""


class Source(Protocol):
    """The reader; one at a time."""

    def read(self, most: int) -> list[Entry]:
        """Returns up to `most` entries that were not read yet, in each writer's order; empty when there are none."""

    def wait(self, seconds: float) -> None:
        """Returns when something may have been appended, after `seconds` at the latest, or after `wake`."""

    def wake(self) -> None:
        """Makes `wait` return now; safe from any thread and from a signal handler."""

    def release(self, kept: Collection[str] = ()) -> list[Position]:
        """Deletes segments that are read to their end and whose writer is gone; the positions must be committed.

        Args:
            kept: segments of which something was read and is not committed.

        Returns:
            The last positions of the deleted segments, so that the store can forget them.
        """

    def pending(self, positions: Sequence[Position]) -> int:
        """Counts the events that stand behind the positions: accepted, not yet digested."""
