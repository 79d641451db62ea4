import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from kaput.accept import encoding
from kaput.errors import Refused
from tests.accept.door import outcome

MEBIBYTE = 1024 * 1024
LIMIT = 2 * MEBIBYTE
TEXT = bytes(range(256)) * 40 + b"event " * 30_000


def raw_deflate(data: bytes) -> bytes:
    """Compresses without any wrapping."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def zstd_stream(data: bytes) -> bytes:
    """Compresses to a frame that does not say how large its content is."""
    packer = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "gzip in capitals": ("GZip", gzip.compress),
    "gzip in two members": ("gzip", lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:])),
    "gzip with padding": ("gzip", lambda data: gzip.compress(data) + bytes(512)),
    "deflate in zlib": ("deflate", zlib.compress),
    "deflate, raw": ("deflate", raw_deflate),
    "brotli": ("br", brotli.compress),
    "zstd": ("zstd", zstandard.compress),
    "zstd of unknown size": ("zstd", zstd_stream),
    "zstd in two frames": ("zstd", lambda data: zstandard.compress(data[:7]) + zstd_stream(data[7:])),
    "two codings": ("gzip, br", lambda data: brotli.compress(gzip.compress(data))),
    "identity": ("identity", bytes),
    "nothing": ("", bytes),
    "a charset": ("utf-8", bytes),
}
CUTTABLE = ["gzip", "gzip in two members", "deflate in zlib", "deflate, raw", "brotli", "zstd", "zstd of unknown size"]


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("data", [b"", b"{}", TEXT], ids=["empty", "short", "long"])
def test_every_coding_is_undone(name: str, data: bytes) -> None:
    """What was compressed comes back, in every form a client may send."""
    coding, pack = PACKERS[name]
    assert encoding.unpack(pack(data), coding, LIMIT) == data


@pytest.mark.parametrize("name", CUTTABLE)
@pytest.mark.parametrize("kept", [0.0, 0.02, 0.5, 0.99])
def test_cut_short_is_a_400(name: str, kept: float) -> None:
    """A compressed body that ends too early is refused, wherever it was cut."""
    coding, pack = PACKERS[name]
    whole = pack(TEXT)
    with pytest.raises(Refused) as caught:
        encoding.unpack(whole[: int(len(whole) * kept)], coding, LIMIT)
    assert (caught.value.status, caught.value.reason) == (400, "malformed")


@pytest.mark.parametrize("name", ["gzip", "deflate in zlib", "zstd of unknown size"])
def test_wrong_checksum_is_a_400(name: str) -> None:
    """A body whose checksum does not fit is refused."""
    coding, pack = PACKERS[name]
    whole = bytearray(pack(TEXT))
    position = -6 if coding == "gzip" else -2
    whole[position] ^= 0xFF
    with pytest.raises(Refused) as caught:
        encoding.unpack(bytes(whole), coding, LIMIT)
    assert caught.value.status == 400


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_plain_json_under_a_coding_is_a_400(coding: str) -> None:
    """A body that is not what its Content-Encoding says is refused."""
    with pytest.raises(Refused) as caught:
        encoding.unpack(b'{"message": "not compressed"}', coding, LIMIT)
    assert caught.value.status == 400


@pytest.mark.parametrize("name", ["gzip", "deflate in zlib", "deflate, raw", "brotli"])
def test_what_follows_the_end_is_a_400(name: str) -> None:
    """Bytes behind the compressed data are not passed over in silence."""
    coding, pack = PACKERS[name]
    with pytest.raises(Refused) as caught:
        encoding.unpack(pack(TEXT) + b"more", coding, LIMIT)
    assert caught.value.status == 400


@pytest.mark.parametrize("coding", ["compress", "bz2", "gzip, bz2", "br, gzip, br"])
def test_unknown_or_too_many_codings_are_415(coding: str) -> None:
    """A coding that nobody knows, or a third one on top of two, is named in a 415."""
    with pytest.raises(Refused) as caught:
        encoding.unpack(b"x", coding, LIMIT)
    assert (caught.value.status, caught.value.reason) == (415, "encoding")


def bomb(pack: Callable[[bytes], bytes], finish: Callable[[], bytes]) -> bytes:
    """Compresses 128 MiB of zeros without holding them."""
    zeros = bytes(MEBIBYTE)
    return b"".join([*(pack(zeros) for _ in range(128)), finish()])


def bombs() -> dict[str, bytes]:
    """Makes one bomb for each coding, and one in two codings."""
    wrapped, plain = zlib.compressobj(9, zlib.DEFLATED, 31), zlib.compressobj(9, zlib.DEFLATED, 15)
    packer, stream = brotli.Compressor(quality=3), zstandard.ZstdCompressor().compressobj()
    made = {
        "gzip": bomb(wrapped.compress, wrapped.flush),
        "deflate": bomb(plain.compress, plain.flush),
        "br": bomb(packer.process, packer.finish),
        "zstd": bomb(stream.compress, stream.flush),
    }
    made["gzip, br"] = brotli.compress(made["gzip"], quality=3)
    return made


def test_bombs_are_413_and_stay_small() -> None:
    """A body that unpacks to far more than the limit is refused before the memory is used."""
    for coding, data in bombs().items():
        tracemalloc.start()
        with pytest.raises(Refused) as caught:
            encoding.unpack(data, coding, LIMIT)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert (coding, caught.value.status, caught.value.reason) == (coding, 413, "too_large")
        # Two times the limit while parts are joined, and the step of zstd, twice.
        assert peak < 2 * LIMIT + 18 * MEBIBYTE, coding


def test_limit_is_exact() -> None:
    """A body of just the limit is taken, one more byte is not."""
    for coding, pack in PACKERS.values():
        assert len(encoding.unpack(pack(b"a" * 5000), coding, 5000)) == 5000
        with pytest.raises(Refused) as caught:
            encoding.unpack(pack(b"a" * 5001), coding, 5000)
        assert caught.value.status == 413


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_many_members_are_refused(coding: str, pack: Callable[[bytes], bytes]) -> None:
    """A body of very many small members costs no more than a thousand of them."""
    with pytest.raises(Refused) as caught:
        encoding.unpack(pack(b"") * 100_000, coding, LIMIT)
    assert caught.value.status == 400


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br", "x"]))
def test_arbitrary_bytes_are_taken_or_refused(data: bytes, coding: str) -> None:
    """Whatever the bytes are, the only error is a refusal."""
    found = outcome(lambda: encoding.unpack(data, coding, 10_000))
    assert found.status in {400, 413, 415} if isinstance(found, Refused) else len(found) <= 10_000


def test_a_window_above_the_limit_is_a_400() -> None:
    """A zstd frame that asks the decoder to keep more than 8 MiB is refused before any of it is kept."""
    wide = zstandard.ZstdCompressionParameters(window_log=27, compression_level=1)
    packer = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    with pytest.raises(Refused) as caught:
        encoding.unpack(packer.compress(b"{}") + packer.flush(), "zstd", LIMIT)
    assert (caught.value.status, caught.value.reason) == (400, "malformed")
