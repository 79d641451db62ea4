"""An event as it lies in the database: JSON, compressed.

In: an event. Out: bytes, and back. Imported by this stage's files only.
"""

from typing import Any

import msgspec
import zstandard

from kaput.model import Event

LEVEL = 3

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


class PayloadCodec:
    """Compresses and decompresses payloads; one for each thread, since the contexts are not shared."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._decompressor = zstandard.ZstdDecompressor()

    def encode(self, event: Event) -> bytes:
        """Returns the event compressed."""
        return self._compressor.compress(_encoder.encode(event))

    def decode(self, payload: bytes) -> Event:
        """Returns the event of a payload."""
        return _decoder.decode(self._decompressor.decompress(payload))

    def plain(self, payload: bytes) -> Any:
        """Returns the event of a payload as plain JSON values, as it was stored."""
        return msgspec.json.decode(self._decompressor.decompress(payload))
