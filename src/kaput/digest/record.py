"""The whole digest of one record, in order: decode, scrub, normalise, group, title.

In: a record from the buffer. Out: what the store keeps of it. Pure. The roots hand `read` to the worker
(`model.Digest`).
"""

from collections.abc import Callable

import msgspec

from kaput.digest.attachment import attachment
from kaput.digest.check_in import check_in
from kaput.digest.decode import clean, decode_raw
from kaput.digest.echo import repeated
from kaput.digest.feedback import feedback
from kaput.digest.fingerprint import group
from kaput.digest.normalise import normalise, select
from kaput.digest.parts import LONGEST, Parts
from kaput.digest.ration import is_large, ration
from kaput.digest.scrub import scrub
from kaput.digest.sessions import sessions
from kaput.digest.title import title
from kaput.model import ATTACHMENT, CHECK_IN, FEEDBACK, SESSIONS, Aside, Digested, Event, Record


def read(record: Record) -> Digested | Aside:
    """Makes of a record what its kind is; raises Undigestible as `digest` does."""
    return _READERS.get(record.kind, digest)(record)


def digest(record: Record) -> Digested:
    """Makes an event of a record, with its grouping and its title.

    Raises:
        Undigestible: the body is no JSON object. Any other error is a fault of Kaput's own.
    """
    event = _regular(record) or _any(record)
    return Digested(record.project_id, event, group(event), title(event))


def _regular(record: Record) -> Event | None:
    """Reads an event that is well-formed JSON, part by part; None when it has to be read as a whole."""
    if len(record.body) > LONGEST:
        return None
    parts = Parts()
    try:
        fields = parts.read(record.body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if repeated(record.body, parts.secrets):
        return None
    return normalise(fields, record, parts.filtered, noted=parts.notes.errors)


def _any(record: Record) -> Event:
    decoded, is_clean = decode_raw(record.body)
    raw, cut = select(decoded), list[str]()
    if is_large(record.body):
        raw, cut = ration(raw)
    if not is_clean:
        raw = clean(raw)
    return normalise(raw, record, scrub(raw), cut)


_READERS: dict[str, Callable[[Record], Digested | Aside]] = {
    FEEDBACK: feedback,
    ATTACHMENT: attachment,
    SESSIONS: sessions,
    CHECK_IN: check_in,
}
"""What reads a record that is no event, by its kind."""
