"""Bounded decompression of a body.

In: bytes and the value of Content-Encoding. Out: bytes, never more than the limit. The files of accept import it.

Memory: what was produced so far, once more while the pieces are joined, and one step of the decoder (1 MiB for brotli,
8 MiB for zstd). Sources: RFC 1950 to 1952, RFC 7932, RFC 8878.
"""

from functools import lru_cache

import brotli
import zstandard
from isal import isal_zlib

from kaput.errors import Refused

MAX_CODINGS = 2
REMEMBERED, LONGEST_REMEMBERED = 64, 60  # values of the header that came lately, and their characters
MAX_MEMBERS = 1000  # each end of a member copies the rest of its piece
GZIP, ZLIB, RAW = 31, 15, -15
INFLATE_PIECE = 64 * 1024
BROTLI_PIECE = 64 * 1024
BROTLI_STEP = 1024 * 1024
ZSTD_PIECE = 256  # a zstd block of 4 bytes can become 128 KiB, and its decoder knows no limit: 256 make 8 MiB at most
ZSTD_WINDOW = 8 * 1024 * 1024  # what RFC 8878, 3.1.1.1.2, asks every decoder to support

_IDENTITY = frozenset({"", "identity", "utf-8", "utf8"})
_IsalError: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # the stub takes the class for an instance


def unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """Decompresses a body.

    Args:
        body: as it was sent.
        encoding: the value of Content-Encoding, or nothing; codings in the order they were applied.
        limit: the most bytes to produce, at every step.

    Raises:
        Refused: 413 above the limit, 400 for data that is corrupt or cut short, 415 for an unknown coding.
    """
    codings = _codings_again(encoding) if len(encoding) <= LONGEST_REMEMBERED else _codings(encoding)
    if len(codings) > MAX_CODINGS:
        raise Refused(415, "encoding", f"The body is encoded {len(codings)} times; send at most {MAX_CODINGS}.")
    for coding in reversed(codings):
        body = _decode(body, coding, limit)
    if len(body) > limit:
        raise too_large(limit)
    return body


def _codings(encoding: str) -> tuple[str, ...]:
    return tuple(name for part in encoding.lower().split(",") if (name := part.strip()) not in _IDENTITY)


_codings_again = lru_cache(REMEMBERED)(_codings)


def inflate_zlib(data: bytes, limit: int) -> bytes:
    """Decompresses zlib data; raises Refused as `unpack` does."""
    return _decode(data, "zlib", limit)


def too_large(limit: int) -> Refused:
    """Makes the refusal of a body that unpacks to more than the limit."""
    return Refused(413, "too_large", f"The body is larger than {limit} bytes when it is decompressed; send less.")


def _decode(data: bytes, coding: str, limit: int) -> bytes:
    try:
        match coding:
            case "gzip" | "x-gzip":
                return _inflate(data, GZIP, limit)
            case "zlib":
                return _inflate(data, ZLIB, limit)
            case "deflate":
                return _deflate(data, limit)
            case "br":
                return _brotli(data, limit)
            case "zstd":
                return _zstd(data, limit)
    except (_IsalError, brotli.error, zstandard.ZstdError) as error:
        raise Refused(400, "malformed", f"The body is no valid {coding} data: {error}.") from None
    known = "gzip, deflate, br, zstd or identity"
    raise Refused(415, "encoding", f"The Content-Encoding {coding[:40]!r} is unknown; use {known}.")


def _deflate(data: bytes, limit: int) -> bytes:
    """Takes both readings of `deflate`: wrapped in zlib, as RFC 9110 says, or raw, as some clients send it."""
    wrapped = len(data) > 1 and data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
    if not wrapped:
        return _inflate(data, RAW, limit)
    try:
        return _inflate(data, ZLIB, limit)
    except _IsalError:
        return _inflate(data, RAW, limit)


def _inflate(data: bytes, wbits: int, limit: int) -> bytes:
    decoder, members, size = isal_zlib.decompressobj(wbits=wbits), 1, 0
    if len(data) <= INFLATE_PIECE:
        whole = decoder.decompress(data, limit + 1)
        if decoder.eof and not decoder.unused_data and len(whole) <= limit:
            return whole
        decoder = isal_zlib.decompressobj(wbits=wbits)
    parts: list[bytes] = []
    view = memoryview(data)
    for start in range(0, len(view), INFLATE_PIECE):
        piece: bytes | memoryview = view[start : start + INFLATE_PIECE]
        while piece:
            if decoder.eof:
                piece = bytes(piece).lstrip(b"\0")  # gzip files may be padded
                if not piece:
                    break
                _check_members(members, 1 if wbits != GZIP else MAX_MEMBERS)
                decoder, members = isal_zlib.decompressobj(wbits=wbits), members + 1
            part = decoder.decompress(piece, limit - size + 1)
            size += len(part)
            if size > limit:
                raise too_large(limit)
            parts.append(part)
            piece = decoder.unused_data
    _check_complete(complete=decoder.eof)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _brotli(data: bytes, limit: int) -> bytes:
    decoder, size = brotli.Decompressor(), 0
    parts: list[bytes] = []
    for start in range(0, len(data), BROTLI_PIECE):
        part = decoder.process(data[start : start + BROTLI_PIECE], output_buffer_limit=BROTLI_STEP)
        while True:
            size += len(part)
            if size > limit:
                raise too_large(limit)
            parts.append(part)
            if decoder.can_accept_more_data() or decoder.is_finished():
                break
            part = decoder.process(b"", output_buffer_limit=BROTLI_STEP)
    _check_complete(complete=decoder.is_finished())
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _zstd(data: bytes, limit: int) -> bytes:
    context = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
    decoder, frames, size = context.decompressobj(), 1, 0
    parts: list[bytes] = []
    for start in range(0, len(data), ZSTD_PIECE):
        piece = data[start : start + ZSTD_PIECE]
        while piece:
            if decoder.eof:
                _check_members(frames, MAX_MEMBERS)
                decoder, frames = context.decompressobj(), frames + 1
            part = decoder.decompress(piece)
            size += len(part)
            if size > limit:
                raise too_large(limit)
            parts.append(part)
            piece = decoder.unused_data
    _check_complete(complete=decoder.eof)
    return b"".join(parts)


def _check_members(members: int, most: int) -> None:
    if members >= most:
        raise Refused(400, "malformed", f"The body goes on after {most} compressed members; send one alone.")


def _check_complete(*, complete: bool) -> None:
    if not complete:
        raise Refused(400, "malformed", "The compressed body is cut short; send it whole.")
