"""The whole digest of one record, in order: decode, scrub, normalise, group, title.

In: a record from the buffer. Out: what the store keeps of it. Pure. The roots hand `read` to the worker
(`model.Digest`).
"""

from collections.abc import Callable

from kaput.digest.attachment import attachment
from kaput.digest.check_in import check_in
from kaput.digest.decode import decode
from kaput.digest.feedback import feedback
from kaput.digest.fingerprint import group
from kaput.digest.normalise import normalise, select
from kaput.digest.ration import ration
from kaput.digest.scrub import scrub
from kaput.digest.sessions import sessions
from kaput.digest.title import title
from kaput.model import ATTACHMENT, CHECK_IN, FEEDBACK, SESSIONS, Aside, Digested, Record


def read(record: Record) -> Digested | Aside:
    """Makes of a record what its kind is; raises Undigestible as `digest` does."""
    return _READERS.get(record.kind, digest)(record)


def digest(record: Record) -> Digested:
    """Makes an event of a record, with its grouping and its title.

    Raises:
        Undigestible: the body is no JSON object. Any other error is a fault of Kaput's own.
    """
    raw, cut = ration(select(decode(record.body)), len(record.body))
    event = normalise(raw, record, scrub(raw), cut)
    return Digested(record.project_id, event, group(event), title(event))


_READERS: dict[str, Callable[[Record], Digested | Aside]] = {
    FEEDBACK: feedback,
    ATTACHMENT: attachment,
    SESSIONS: sessions,
    CHECK_IN: check_in,
}
"""What reads a record that is no event, by its kind."""
