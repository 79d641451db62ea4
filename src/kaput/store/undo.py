"""What was done, noted so that it can be taken back.

In: notes, within a transaction that somebody else opened. Out: rows. `decisions.py`, `merges.py` and
`removals.py` import it.
"""

from sqlalchemy import Connection, delete
from sqlalchemy.dialects.sqlite import insert

from kaput.store import schema

UNDO_SECONDS = 86400.0

_undo = schema.undo.c


def keep_undo(connection: Connection, kind: str, content: str, account_id: int | None, now: float) -> int:
    """Notes what was done, within an open transaction, forgets what was noted long ago, and names the note."""
    connection.execute(delete(schema.undo).where(_undo.time < now - UNDO_SECONDS))
    values = {"account_id": account_id, "time": now, "kind": kind, "content": content}
    kept: int = connection.execute(insert(schema.undo).values(values).returning(_undo.id)).scalar_one()
    return kept
