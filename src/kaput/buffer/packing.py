"""A packed record becomes one that holds its text.

In: a record as it stands in a segment. Out: as the reader hands it out. Only the files of this stage import it.
"""

import msgspec
from isal import isal_zlib

from kaput.model import Record

GZIP = 31  # zlib's number for a gzip member


def unpacked(record: Record) -> Record:
    """Returns the record with the text of its event as its body.

    Accept has unpacked the same bytes within its limits before, so that their size is bounded.

    Raises:
        ValueError: the body is not what accept saw.
    """
    if record.packed is None:
        return record
    parts, rest = [], record.body
    while rest:
        member = isal_zlib.decompressobj(wbits=GZIP)
        try:
            parts.append(member.decompress(rest))
        except isal_zlib.error as error:  # type: ignore[misc]  # the library's stub takes the class for an instance
            raise ValueError(f"The body of a record cannot be unpacked: {error}.") from None
        rest = member.unused_data.lstrip(b"\0")
    text = b"".join(parts)[record.packed.start : record.packed.end]
    return msgspec.structs.replace(record, body=text, packed=None)
