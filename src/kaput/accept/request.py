"""A request and its answer, whatever server they came through.

In: nothing. Out: frozen structs. The files of accept, the roots and any door (ASGI, WSGI) import it.
"""

from collections.abc import Mapping, Sequence

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


class Caller:
    """A head that comes again and again, since an SDK says the same with each event; and what a door found of it.

    Attributes:
        request: without a body.
        found: what a door keeps here for the next time.
    """

    __slots__ = ("found", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.found: object = None


class Answer(Struct, frozen=True):
    """What is sent back. Header names are in lower case; the length of the body is left to the door."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def named(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Returns the headers of a request by their names in lower case; those that are repeated joined by a comma."""
    found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
    if len(found) == len(headers):
        return found
    found.clear()
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
