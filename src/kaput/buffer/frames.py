"""The bytes of a segment: frames with length and checksums; encoder and decoder side by side, no I/O.

In: records and drops, or the bytes of a segment from some offset. Out: bytes, or parts with their offsets.
Only the files of this stage import it.

A segment is a 24-byte head and frames. The head is `KAPUTSEG`, version (4), CRC-32 of the mark (4) and the mark (8),
which says how many bytes of the segment are synced and is written again after each sync. A frame is 16 bytes of header,
all little-endian: magic with the kind in its last byte (4), payload length (4), CRC-32 of the payload (4), CRC-32 of
those 12 bytes (4); then the payload in MessagePack. The header has a checksum of its own so that a damaged length is
found at once, and the magic lets the decoder find the next whole frame behind damage. All checksums begin with the
writer's salt, which no client knows: bytes in the body of an event, or left on the disk by an older segment, never pass
for a frame.
"""

import struct
from collections.abc import Callable, Iterator
from enum import IntEnum

import msgspec
from isal.isal_zlib import crc32

from kaput.buffer.packing import unpacked
from kaput.model import EVENT, Drop, Record

HEAD = struct.Struct("<8sIIQ")
HEAD_SIZE = HEAD.size
HEAD_MAGIC = b"KAPUTSEG"
VERSION = 1
MARK = struct.Struct("<Q")
MAGIC = b"\xf5KR"
HEADER = struct.Struct("<3sBII")
CHECK = struct.Struct("<I")
HEADER_SIZE = HEADER.size + CHECK.size
LARGEST = 256 * 1024**2
WINDOW = 1024**2
TORN = "torn"
"""The reason of bytes at the end of a segment that were never a whole frame."""

ReadAt = Callable[[int, int], bytes]
"""Reads bytes of a segment: `(offset, most)`; fewer at its end."""

_encoder = msgspec.msgpack.Encoder()
_record_decoder = msgspec.msgpack.Decoder(Record)
_drop_decoder = msgspec.msgpack.Decoder(Drop)


class FrameKind(IntEnum):
    """What a frame holds."""

    RECORD = 1
    DROP = 2
    ASIDE = 3
    """A record that is no event."""


_UNCOUNTED = frozenset({FrameKind.DROP, FrameKind.ASIDE})


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


def encode_head(synced: int, salt: int) -> bytes:
    """Returns the head of a segment of which so many bytes are synced."""
    return HEAD.pack(HEAD_MAGIC, VERSION, crc32(MARK.pack(synced), salt), synced)


def decode_head(data: bytes, salt: int) -> int | None:
    """Returns how many bytes of a segment are synced, or None when its head is damaged."""
    if len(data) < HEAD_SIZE:
        return None
    magic, version, check, synced = HEAD.unpack_from(data)
    whole = (magic, version, check) == (HEAD_MAGIC, VERSION, crc32(MARK.pack(synced), salt))
    return int(synced) if whole else None


def encode(item: Record | Drop, salt: int) -> bytes:
    """Returns the frame of a record or a drop in a segment with this salt."""
    kind = FrameKind.DROP
    if isinstance(item, Record):
        kind = FrameKind.RECORD if item.kind == EVENT else FrameKind.ASIDE
    payload = _encoder.encode(item)
    header = HEADER.pack(MAGIC, kind, len(payload), crc32(payload, salt))
    return b"".join((header, CHECK.pack(crc32(header, salt)), payload))


def decode(data: bytes, salt: int, *, finished: bool) -> Iterator[Part]:
    """Yields the whole frames of `data`, and the damaged pieces between them.

    Args:
        data: bytes of a segment, beginning at a frame.
        salt: of the segment.
        finished: no more bytes will ever follow. Otherwise an incomplete end is left for the next time.
    """
    offset = 0
    while offset < len(data):
        part = _part(data, offset, salt, finished=finished)
        if part is None:
            return
        yield part
        offset = part.end


def count_records(read: ReadAt, begin: int, end: int, salt: int, synced: int = 0) -> int:
    """Counts the events of a segment by the headers alone; a damaged piece counts as one, as it will in `dead/`.

    So does an end that is damaged or missing, though it was synced.

    Args:
        read: reads the segment.
        begin: offset of the first frame to count.
        end: offset after the last byte.
        salt: of the segment.
        synced: how many bytes of the segment are known to have been whole.
    """
    found, offset, before = 0, begin, begin
    while offset < end:
        header = _header(read(offset, HEADER_SIZE), 0, salt)
        if header is not None and offset + HEADER_SIZE + header[1] <= end:
            found += _is_record(read, offset, header, salt)
            before, offset = offset, offset + HEADER_SIZE + header[1]
            continue
        # The frame before may have lost bytes: then the next one begins sooner than its header says.
        following = _find_header(read, before + 1, end, salt)
        if following is not None and before < following < offset:
            offset = before = following
            continue
        following = _find_header(read, offset + 1, end, salt)
        if following is None:
            break
        found, offset, before = found + 1, following, following
    return found + (offset < synced)


def _is_record(read: ReadAt, offset: int, header: tuple[int, int, int], salt: int) -> bool:
    """Answers whether a frame is an event, or will be taken for a damaged one; all others are few."""
    kind, length, checksum = header
    return kind not in _UNCOUNTED or _checksum(read, offset + HEADER_SIZE, length, salt) != checksum


def _checksum(read: ReadAt, start: int, length: int, salt: int) -> int:
    """Adds up a payload piece by piece: an attachment may be large."""
    found = salt
    for at in range(0, length, WINDOW):
        found = crc32(read(start + at, min(WINDOW, length - at)), found)
    return found


def _find_header(read: ReadAt, start: int, end: int, salt: int) -> int | None:
    while start < end:
        window = read(start, WINDOW)
        found = _next_header(window, 0, salt)
        if found is not None:
            return start + found
        start += WINDOW - HEADER_SIZE + 1
    return None


def _part(data: bytes, offset: int, salt: int, *, finished: bool) -> Part | None:
    header = _header(data, offset, salt)
    if header is None:
        return _damage(data, offset, salt, finished=finished)
    kind, length, checksum = header
    begin = offset + HEADER_SIZE
    end = begin + length
    if end > len(data):
        return _damage(data, offset, salt, finished=True) if finished else None
    payload = memoryview(data)[begin:end]
    if crc32(payload, salt) != checksum:
        following = _next_header(data, offset + 1, salt)
        end = end if following is None else min(end, following)
        return Part(offset, end, None, f"the checksum of {length} bytes does not fit")
    try:
        content = _drop_decoder.decode(payload) if kind == FrameKind.DROP else unpacked(_record_decoder.decode(payload))
    except (msgspec.MsgspecError, ValueError) as error:
        return Part(offset, end, None, f"kind {kind} cannot be decoded: {error}")
    return Part(offset, end, content)


def _damage(data: bytes, offset: int, salt: int, *, finished: bool) -> Part | None:
    following = _next_header(data, offset + 1, salt)
    if following is not None:
        return Part(offset, following, None, f"{following - offset} bytes are no frame")
    return Part(offset, len(data), None, TORN) if finished else None


def _header(data: bytes, offset: int, salt: int) -> tuple[int, int, int] | None:
    if offset + HEADER_SIZE > len(data):
        return None
    magic, kind, length, checksum = HEADER.unpack_from(data, offset)
    (check,) = CHECK.unpack_from(data, offset + HEADER.size)
    if magic != MAGIC or length > LARGEST or check != crc32(data[offset : offset + HEADER.size], salt):
        return None
    return kind, length, checksum


def _next_header(data: bytes, start: int, salt: int) -> int | None:
    position = data.find(MAGIC, start)
    while position != -1:
        if _header(data, position, salt) is not None:
            return position
        position = data.find(MAGIC, position + 1)
    return None
