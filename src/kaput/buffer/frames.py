"""The bytes of a segment: frames with length and checksums; encoder and decoder side by side, no I/O.

In: records and drops, or the bytes of a segment from some offset. Out: bytes, or parts with their offsets.
Only the files of this stage import it.

A segment is a 16-byte head (`KAPUTSEG`, version, zero) and frames. A frame is 16 bytes of header, all little-endian:
magic with the kind in its last byte (4), payload length (4), CRC-32 of the payload (4), CRC-32 of those 12 bytes (4);
then the payload in MessagePack. The header has a checksum of its own so that a damaged length is found at once, and the
magic lets the decoder find the next whole frame behind damage.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from zlib import crc32

import msgspec

from kaput.model import Drop, Record

HEAD = struct.pack("<8sII", b"KAPUTSEG", 1, 0)
MAGIC = b"\xf5KR"
HEADER = struct.Struct("<3sBII")
CHECK = struct.Struct("<I")
HEADER_SIZE = HEADER.size + CHECK.size
LARGEST = 256 * 1024**2

_encoder = msgspec.msgpack.Encoder()
_record_decoder = msgspec.msgpack.Decoder(Record)
_drop_decoder = msgspec.msgpack.Decoder(Drop)


class FrameKind(IntEnum):
    """What a frame holds."""

    RECORD = 1
    DROP = 2


class Part(msgspec.Struct, frozen=True):
    """A piece of a segment.

    Attributes:
        start: offset in the bytes that were decoded.
        end: offset after it.
        content: a record, a drop, or None when the piece is damaged.
        reason: what is wrong with a damaged piece.
    """

    start: int
    end: int
    content: Record | Drop | None
    reason: str = ""


def encode(item: Record | Drop) -> bytes:
    """Returns the frame of a record or a drop."""
    kind = FrameKind.RECORD if isinstance(item, Record) else FrameKind.DROP
    payload = _encoder.encode(item)
    header = HEADER.pack(MAGIC, kind, len(payload), crc32(payload))
    return b"".join((header, CHECK.pack(crc32(header)), payload))


def decode(data: bytes, *, finished: bool) -> Iterator[Part]:
    """Yields the whole frames of `data`, and the damaged pieces between them.

    Args:
        data: bytes of a segment, beginning at a frame.
        finished: no more bytes will ever follow. Otherwise an incomplete end is left for the next time.
    """
    offset = 0
    while offset < len(data):
        part = _part(data, offset, finished=finished)
        if part is None:
            return
        yield part
        offset = part.end


def count_records(data: bytes | memoryview) -> int:
    """Counts the records in `data` without decoding them; a damaged piece counts as one, as it will in `dead/`."""
    raw, offset, found = data, 0, 0
    while True:
        header = _header(raw, offset)
        if header is None:
            following = _next_header(raw, offset + 1)
            if following is None:
                return found
            found, offset = found + 1, following
            continue
        kind, length, _ = header
        end = offset + HEADER_SIZE + length
        if end > len(raw):
            return found
        found += kind == FrameKind.RECORD
        offset = end


def _part(data: bytes, offset: int, *, finished: bool) -> Part | None:
    header = _header(data, offset)
    if header is None:
        return _damage(data, offset, finished=finished)
    kind, length, checksum = header
    begin = offset + HEADER_SIZE
    end = begin + length
    if end > len(data):
        return Part(offset, len(data), None, "torn") if finished else None
    payload = memoryview(data)[begin:end]
    if crc32(payload) != checksum:
        return Part(offset, end, None, f"the checksum of {length} bytes does not fit")
    try:
        content = _record_decoder.decode(payload) if kind == FrameKind.RECORD else _drop_decoder.decode(payload)
    except msgspec.MsgspecError as error:
        return Part(offset, end, None, f"kind {kind} cannot be decoded: {error}")
    return Part(offset, end, content)


def _damage(data: bytes, offset: int, *, finished: bool) -> Part | None:
    following = _next_header(data, offset + 1)
    if following is not None:
        return Part(offset, following, None, f"{following - offset} bytes are no frame")
    return Part(offset, len(data), None, "torn") if finished else None


def _header(data: bytes | memoryview, offset: int) -> tuple[int, int, int] | None:
    if offset + HEADER_SIZE > len(data):
        return None
    magic, kind, length, checksum = HEADER.unpack_from(data, offset)
    (check,) = CHECK.unpack_from(data, offset + HEADER.size)
    if magic != MAGIC or length > LARGEST or check != crc32(data[offset : offset + HEADER.size]):
        return None
    return kind, length, checksum


def _next_header(data: bytes | memoryview, start: int) -> int | None:
    raw = bytes(data) if isinstance(data, memoryview) else data
    position = raw.find(MAGIC, start)
    while position != -1:
        if _header(raw, position) is not None:
            return position
        position = raw.find(MAGIC, position + 1)
    return None
