"""Signs the links of mails, and reads them again.

In: what a link does. Out: a token for an address, which nobody else can make. Pure. Imported by the roots, which hand
`Seal.sign` to the composer of mails and `Seal.read` to the page.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hashlib import sha256

import msgspec

from kaput.errors import NotFound
from kaput.model import Link

LENGTH = 20
"""Bytes of the signature: 160 bits, more than anyone can try."""
LONGEST = 2000


class Seal:
    """Signs with one key.

    Args:
        key: 32 bytes that are used for nothing else.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, link: Link) -> str:
        """Returns the token of a link: letters, digits, `-` and `_`."""
        content = msgspec.json.encode(link)
        return urlsafe_b64encode(self._signature(content) + content).rstrip(b"=").decode("ascii")

    def read(self, token: str) -> Link:
        """Returns what a token says; whether it has expired is for the reader to see.

        Raises:
            NotFound: nobody with this key made it.
        """
        try:
            given = urlsafe_b64decode(token[:LONGEST] + "=" * (-len(token[:LONGEST]) % 4))
        except (Error, ValueError):
            given = b""
        signature, content = given[:LENGTH], given[LENGTH:]
        if not content or not hmac.compare_digest(signature, self._signature(content)):
            raise NotFound("This link is not whole, or of another server. Copy all of it.")
        return msgspec.json.decode(content, type=Link)

    def _signature(self, content: bytes) -> bytes:
        return hmac.new(self._key, content, sha256).digest()[:LENGTH]
