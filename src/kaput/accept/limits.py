"""How much accept takes: sizes, counts and seconds.

In: numbers, from the settings or their defaults. Out: one frozen `Limits`. The files of accept and the roots import it.
"""

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024
LARGE = 256 * 1024
"""Bytes of an unpacked body above which no other request shall wait for it."""
LARGE_AT_ONCE = 2
"""Such bodies until they are durable: each may take several times its limit of memory."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost, and all of them together.

    Attributes:
        max_body: bytes of a body as it is sent.
        max_unpacked: bytes of a body when it is decompressed.
        max_event: bytes of one event; what reads it afterwards needs some twenty times as much memory at worst.
        max_attachment: bytes of one attachment.
        max_items: items of one envelope.
        max_line: bytes of one header line of an envelope.
        body_seconds: seconds that a client may take to send its body.
        max_held: bytes of bodies that are being received or taken apart at one moment, all requests together; those
            without a key in the head of the request may hold a quarter of it besides, or one body.
    """

    max_body: int = 20 * MEBIBYTE
    max_unpacked: int = 64 * MEBIBYTE
    max_event: int = 16 * MEBIBYTE
    max_attachment: int = 10 * MEBIBYTE
    max_items: int = 1000
    max_line: int = 16 * 1024
    body_seconds: float = 30.0
    max_held: int = 128 * MEBIBYTE
