"""Which files may be shown as a picture: PNG and JPEG of a sane size, told by their bytes and by nothing else.

In: the first bytes of a file. Out: its content type, or nothing. Pure; `view/attachments.py` imports it. Formats that
can hold a program (SVG), or are rare beside errors, are for download only.
Sources: https://www.w3.org/TR/png-3/#5DataRep, https://www.w3.org/Graphics/JPEG/itu-t81.pdf (annex B).
"""

import struct

HEAD_BYTES = 64 * 1024
"""How much of a file says what it is."""
MOST_PIXELS = 40_000_000
"""A browser holds four bytes for each, however few the file has."""

_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_JPEG = b"\xff\xd8\xff"
_NO_FRAMES = frozenset({0xC4, 0xC8, 0xCC})
"""Markers among those of frames that begin none."""


def content_type(head: bytes) -> str:
    """Returns `image/png` or `image/jpeg`, or nothing for all that is not shown."""
    if head.startswith(_PNG):
        return "image/png" if _is_sane(_png_size(head)) else ""
    if head.startswith(_JPEG):
        return "image/jpeg" if _is_sane(_jpeg_size(head)) else ""
    return ""


def _is_sane(size: tuple[int, int] | None) -> bool:
    return size is not None and 0 < size[0] * size[1] <= MOST_PIXELS


def _png_size(head: bytes) -> tuple[int, int] | None:
    """Reads width and height, which follow the head of the first chunk."""
    if len(head) < len(_PNG) + 8:
        return None
    width, height = struct.unpack_from(">II", head, len(_PNG))
    return width, height


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    """Goes from segment to segment to the one that begins a frame; it has height and width."""
    position = 2
    while position + 9 <= len(head) and head[position] == 0xFF:
        marker = head[position + 1]
        if marker == 0xFF:  # a byte that fills
            position += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES:
            height, width = struct.unpack_from(">HH", head, position + 5)
            return width, height
        position += 2 + struct.unpack_from(">H", head, position + 2)[0]
    return None
