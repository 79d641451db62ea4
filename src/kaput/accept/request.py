"""A request and its answer, whatever server they came through.

In: nothing. Out: frozen structs. The files of accept, the roots and any door (ASGI, WSGI) import it.
"""

from collections.abc import Mapping

from msgspec import Struct


class Request(Struct, frozen=True):
    """One request of a client.

    Attributes:
        method: in capitals.
        path: decoded, without the prefix that Kaput is mounted under.
        query: as it was sent, without the question mark.
        headers: names in lower case; repeated ones are joined by a comma.
        body: as it was sent; empty while it has not been read.
        address: the peer's address, after trusted proxies.
        received: when the body was complete, in seconds since the epoch.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""
    address: str = ""
    received: float = 0.0


class Answer(Struct, frozen=True):
    """What is sent back. Header names are in lower case; the length of the body is left to the door."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
