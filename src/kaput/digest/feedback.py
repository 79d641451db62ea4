"""What a person said, made fit to be kept: scrubbed, and cut to its bounds.

In: a record of feedback, the object that `accept/feedback.py` wrote. Out: `model.Feedback`. Pure; only `record.py`
imports it.
"""

from kaput.digest.decode import decode
from kaput.digest.fields import Notes, text
from kaput.digest.scrub import scrub
from kaput.model import Feedback, Record

_NAME = 200
_COMMENTS = 8192
_ID = 32
_URL = 2000


def feedback(record: Record) -> Feedback:
    """Reads feedback; raises Undigestible when the body is no JSON object."""
    raw = decode(record.body)
    scrub(raw)
    notes = Notes()
    return Feedback(
        project_id=record.project_id,
        feedback_id=text(raw, "feedback_id", _ID, notes) or record.event_id,
        event_id=text(raw, "event_id", _ID, notes),
        name=text(raw, "name", _NAME, notes),
        email=text(raw, "email", _NAME, notes),
        comments=text(raw, "comments", _COMMENTS, notes),
        created=record.received,
        url=text(raw, "url", _URL, notes),
    )
