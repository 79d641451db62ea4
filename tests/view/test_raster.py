import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.view.raster import content_type


def png(width: int = 2, height: int = 3) -> bytes:
    """Makes a small picture of this size."""
    size = struct.pack(">II", width, height)
    head = b"IHDR" + size + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\r" + head + struct.pack(">I", zlib.crc32(head))


def jpeg(width: int = 2, height: int = 3, marker: int = 0xC0) -> bytes:
    """Makes the head of one: an application's segment, a table, a filled marker, then the frame."""
    app = b"\xff\xe0\x00\x06JFIF"
    table = b"\xff\xc4\x00\x04ab"
    frame = b"\xff\xff" + bytes([marker]) + b"\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01"
    return b"\xff\xd8" + app + table + frame


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (png(), "image/png"),
        (jpeg(), "image/jpeg"),
        (jpeg(marker=0xC2), "image/jpeg"),
        (png(8000, 5000), "image/png"),
        (png(8000, 5001), ""),
        (jpeg(65535, 65535), ""),
        (png(0, 5), ""),
        (png()[:20], ""),
        (jpeg()[:25], ""),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ""),
        (b"GIF89a\x01\x00\x01\x00", ""),
        (b"<script>alert(1)</script>" + png(), ""),
        (b"", ""),
    ],
)
def test_a_picture_is_told_by_its_bytes(head: bytes, expected: str) -> None:
    """PNG and JPEG of a size that a browser can hold are shown; all else is not."""
    assert content_type(head) == expected


@given(st.sampled_from([b"", png(), jpeg(), b"\xff\xd8\xff"]), st.binary(max_size=60))
def test_arbitrary_bytes_do_no_harm(head: bytes, rest: bytes) -> None:
    """Whatever the bytes are, there is an answer."""
    assert content_type(head + rest) in {"", "image/png", "image/jpeg"}
