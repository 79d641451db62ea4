"""Keys that derive from the installation's one secret, each for one purpose.

In: the bytes of `secret.key`. Out: bytes and texts that tell nothing about it. Imports the standard library only, so
that the root can print the set-up link before any web code is loaded.
"""

import hashlib


def derived(secret: bytes, purpose: str) -> bytes:
    """Returns 32 bytes that only this secret and this purpose give.

    Args:
        secret: at least 16 bytes.
        purpose: at most 16 ASCII characters.

    Raises:
        ValueError: when the secret is too short to protect anything.
    """
    if len(secret) < 16:
        raise ValueError(f"The secret has {len(secret)} bytes; it must have at least 16. Remove secret.key and start.")
    key = hashlib.blake2b(secret, digest_size=32).digest()
    return hashlib.blake2b(key=key, person=purpose.encode("ascii"), digest_size=32).digest()


def setup_token(secret: bytes) -> str:
    """Returns the token of the one-time set-up link, 64 hexadecimal digits."""
    return derived(secret, "kaput-setup").hex()
