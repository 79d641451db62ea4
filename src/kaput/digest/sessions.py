"""What a client told of sessions, made fit to be counted: named by its release as the events of this release are.

In: a record of sessions, the object that `accept/sessions.py` wrote. Out: `model.Sessions`. Pure; only `record.py`
imports it.
"""

import msgspec

from kaput.digest.decode import decode
from kaput.digest.trim import cut
from kaput.model import Record, Sessions

_RELEASE = 200
_ENVIRONMENT = 64


def sessions(record: Record) -> Sessions:
    """Reads sessions; raises Undigestible when the body is no JSON object."""
    told = msgspec.convert(decode(record.body), Sessions, str_keys=True)
    return msgspec.structs.replace(
        told,
        release=cut(told.release, _RELEASE).strip(),
        environment=cut(told.environment, _ENVIRONMENT).strip(),
        project_id=record.project_id,
        received=record.received,
    )
