"""Which paths belong to accept, and what each of them is for.

In: a path. Out: a `Route`, or a refusal. The files of accept import it; the roots use `is_ingest` to send a request
either here or to the web page.
"""

import re
from enum import StrEnum

from msgspec import Struct

from kaput.errors import Refused

# A project number begins with 1 to 9: /api/0/ is the REST interface.
# A client whose DSN names no number is told so by accept, in JSON and with a count, not by the page.
_INGEST = re.compile(
    r"/api/(?:[1-9][0-9]{0,17}/|store/?\Z|embed/|0/cron/|(?!0/)[^/]+/(?:envelope|store|security|csp-report|minidump|cron/.*)/?\Z)"
)
_CRON = re.compile(r"/api/(0|[1-9][0-9]{0,17})/cron/([^/]{1,200})(?:/([^/]{1,64}))?/?")
_ROUTE = re.compile(r"/api/(?:([1-9][0-9]{0,17})/)?(envelope|store|security|csp-report|minidump|embed/error-page)/?")


class Endpoint(StrEnum):
    """What a path is for; the value is its last segment."""

    ENVELOPE = "envelope"
    STORE = "store"
    SECURITY = "security"
    CSP_REPORT = "csp-report"
    MINIDUMP = "minidump"
    ERROR_PAGE = "error-page"
    CRON = "cron"

    @property
    def supported(self) -> bool:
        """Whether this version keeps what is sent there."""
        return self is not Endpoint.MINIDUMP

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods it answers, besides OPTIONS."""
        return ("POST", "GET") if self in _READ_TOO else ("POST",)


_READ_TOO = frozenset({Endpoint.STORE, Endpoint.ERROR_PAGE, Endpoint.CRON})


class Route(Struct, frozen=True):
    """An endpoint and what else the path names.

    Attributes:
        project_id: `None` when the key alone decides.
        key: the public key; `slug`: the job. Both only in the form of check-ins for shell scripts.
    """

    endpoint: Endpoint
    project_id: int | None
    key: str = ""
    slug: str = ""


def is_ingest(path: str) -> bool:
    """Says whether accept answers this path; it must not carry the prefix that Kaput is mounted under."""
    return _INGEST.match(path) is not None


def find(path: str) -> Route:
    """Reads a path, with or without its last slash.

    Raises:
        Refused: 404, the path is none of the protocol's.
    """
    cron = _CRON.fullmatch(path)
    if cron is not None:
        return Route(Endpoint.CRON, int(cron[1]) or None, cron[3] or "", cron[2])
    match = _ROUTE.fullmatch(path)
    if match is None:
        raise Refused(404, "unknown_path", f"{path[:100]!r} is no ingest path; use /api/<project>/envelope/.")
    project, name = match.groups()
    endpoint = Endpoint(name.rpartition("/")[2])
    project_free = endpoint in {Endpoint.STORE, Endpoint.ERROR_PAGE}
    if project is None and not project_free:
        raise Refused(404, "unknown_path", f"{path[:100]!r} names no project; use /api/<project>/{endpoint}/.")
    return Route(endpoint, None if project is None else int(project))
