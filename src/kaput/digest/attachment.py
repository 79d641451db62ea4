"""A file that came beside an event: its name and kind made fit to be kept, its content as it came.

In: a record of an attachment, as `accept/attachment.py` wrote it. Out: `model.Attachment`. Pure; only `record.py`
imports it. The content is not searched for secrets: it may be of any format.
"""

from hashlib import blake2b

from kaput.digest.decode import decode
from kaput.digest.fields import Notes, text
from kaput.digest.scrub import scrub
from kaput.errors import Undigestible
from kaput.model import Attachment, Record

_NAME = 200
_TYPE = 100
_ID = 32

_UNNAMED = "attachment"
_DEFAULT_KIND = "event.attachment"


def attachment(record: Record) -> Attachment:
    """Reads an attachment; raises Undigestible when the body has no line of JSON."""
    line, newline, content = record.body.partition(b"\n")
    if not newline:
        raise Undigestible("The record of an attachment has no line that says what it is.")
    raw = decode(line)
    scrub(raw)
    notes = Notes()
    made_of = blake2b(record.body, digest_size=16, salt=record.project_id.to_bytes(16))
    return Attachment(
        project_id=record.project_id,
        attachment_id=made_of.hexdigest(),
        event_id=text(raw, "event_id", _ID, notes),
        name=text(raw, "name", _NAME, notes) or _UNNAMED,
        content_type=text(raw, "content_type", _TYPE, notes),
        kind=text(raw, "type", _TYPE, notes) or _DEFAULT_KIND,
        received=record.received,
        content=content,
    )
