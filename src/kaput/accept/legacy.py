"""The store endpoint's bodies: JSON, base64 of JSON, base64 of zlib, and the same in a query.

In: the decompressed bytes of a body, or `sentry_data`. Out: the JSON text of one event. The files of accept import it.
Clients of before 2020 send these; raven's own is plain JSON below a Content-Encoding.
"""

import binascii
import re

from kaput.accept.encoding import inflate_zlib
from kaput.errors import Refused

# Nothing is given back: a long row of blanks would be tried from each of its places.
_BASE64 = re.compile(rb"[A-Za-z0-9+/_\-\s]++=*+\s*+")
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def event_text(body: bytes, limit: int) -> bytes:
    """Returns the JSON text that a store body holds; what is none of the forms is returned as it is.

    Args:
        body: decompressed as far as Content-Encoding says.
        limit: the most bytes to produce.

    Raises:
        Refused: 413 above the limit, 400 for base64 or zlib data that is corrupt or cut short.
    """
    if body.lstrip()[:1] == b"{":
        return body
    if body.startswith(_ZLIB):
        return inflate_zlib(body, limit)
    if not _BASE64.fullmatch(body):
        return body
    try:
        decoded = binascii.a2b_base64(_padded(body))
    except binascii.Error as error:
        raise Refused(400, "malformed", f"The body is no JSON and no valid base64: {error}.") from None
    return inflate_zlib(decoded, limit) if decoded.startswith(_ZLIB) else decoded


def event_text_of_query(data: str, limit: int) -> bytes:
    """Returns the JSON text in `sentry_data`; raises Refused as `event_text` does."""
    # A plus sign that was not quoted arrives as a space.
    text = data if data.lstrip()[:1] == "{" else data.replace(" ", "+")
    return event_text(text.encode(errors="replace"), limit)


def _padded(text: bytes) -> bytes:
    """Makes the URL's alphabet the standard one and completes the padding, which some clients leave out."""
    compact = b"".join(text.split()).translate(_TO_STANDARD).rstrip(b"=")
    return compact + b"=" * (-len(compact) % 4)
