"""What clients send beside events, each kind to the writer of its own.

In: the asides of a batch. Out: rows within the batch's transaction. `store/batches.py` imports it.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from kaput.model import Aside, Attachment, Digested, Drop, Feedback, Sessions
from kaput.store.attachments import write_attachments
from kaput.store.feedback import write_feedback
from kaput.store.sessions import write_sessions


def write_asides(connection: Connection, asides: Sequence[Aside], fresh: Sequence[Digested]) -> list[Drop]:
    """Stores the asides of a batch, and returns what was there already.

    Args:
        connection: of the batch's transaction; its events are written already.
        asides: of the batch, in the order in which they came; check-ins come as what they mean, in `Batch.watched`.
        fresh: the batch's events; what is about them may have come before.
    """
    write_attachments(connection, [aside for aside in asides if isinstance(aside, Attachment)])
    write_sessions(connection, [aside for aside in asides if isinstance(aside, Sessions)])
    return write_feedback(connection, [aside for aside in asides if isinstance(aside, Feedback)], fresh)
