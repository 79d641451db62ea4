"""The id of a request: taken from who called, or made. In: the request's environ. Out: an id that is safe anywhere.

It goes into the response, the log records, events and mails. `wsgi.py` and `passage.py` are handed `identify`.
"""

import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from flask_kaput.settings import Settings

LONGEST = 128
KEY = "kaput.request_id"
"""Where the id stands in the environ: other applications and middlewares of the process find the same one."""

_SAFE = re.compile(rf"[A-Za-z0-9._:/+=@~-]{{1,{LONGEST}}}")
"""No space, quote, comma or line end: nothing that could forge a header, a log line or a field of JSON."""
_PARENT = "HTTP_TRACEPARENT"
_TRACE = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
"""W3C Trace Context, version 00 and what later versions may append."""


def identifier(settings: Settings) -> Callable[[Mapping[str, Any]], str]:
    """Returns what finds or makes the id of a request, and notes it in the environ if that can be written."""
    header = "HTTP_" + settings.request_id_header.upper().replace("-", "_")
    trusted = settings.trust_request_id

    def identify(environ: Mapping[str, Any]) -> str:
        known: str | None = environ.get(KEY)
        if known is None:
            known = (trusted and given(environ, header)) or random.randbytes(16).hex()  # noqa: S311 - it opens nothing
            if isinstance(environ, dict):
                environ[KEY] = known
        return known

    return identify


def given(environ: Mapping[str, Any], header: str) -> str:
    """Returns the id that the caller gave, in the header or as trace id of `traceparent`; "" when it is not safe."""
    own = environ.get(header)
    if own and _SAFE.fullmatch(own):
        return str(own)
    return trace_id(environ) if _PARENT in environ else ""


def trace_id(environ: Mapping[str, Any]) -> str:
    """Returns the trace id of `traceparent` (W3C Trace Context, 3.2), 32 hexadecimal digits; "" when there is none."""
    found = _TRACE.fullmatch(environ.get(_PARENT, "")[:256])
    return found.group(1) if found else ""
