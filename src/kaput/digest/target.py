"""Which machine could not be reached: the host and the port that an error of a connection names.

In: the exceptions of an event. Out: `host:port`, `host`, or an empty text. Pure; `fingerprint.py` imports it. It never
has a part in a hash: issues with one target are shown as related.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from kaput.model import ExceptionValue

_LONGEST = 300
_EXCEPTIONS = 3
_KIND = re.compile(
    r"connect|timeout|timedout|socket|gaierror|resolution|unreachable|unknownhost|operational|urlerror|network|refused|operror"
)
_SAID = re.compile(
    r"connect|timed? ?out|ECONN|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN|refused|unreachable|resolve|name or service"
    r"|getaddrinfo|dial ",
    re.IGNORECASE,
)
_ANY = frozenset({"error", "exception", "oserror", "ioerror", "runtimeerror", "ioexception", "sqlexception", ""})
"""Types, in lower case, that say nothing, so that the value has to."""
_NAME = r"\[?(?P<host>[A-Za-z0-9_.:-]*[A-Za-z0-9_])\]?"
_PORT = r"(?P<port>[0-9]{1,5})"
_BEFORE = (
    r"(?:ECONN[A-Z]*|EHOSTUNREACH|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|dial tcp|lookup|connect to|connection to|server on"
    r"|resolve|host)"
)
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"host=['\"]?{_NAME}['\"]?, port=['\"]?{_PORT}",
        rf"\(['\"]{_NAME}['\"], {_PORT}\)",
        rf"[a-z][a-z0-9+]{{1,15}}://(?:[^/@\s]*@)?(?P<host>[A-Za-z0-9_.-]+)(?::{_PORT})?",
        rf"(?:server (?:at|on)|host(?: name)?|to|for) ['\"]{_NAME}['\"](?: \([^)]*\))?,?[\w /]{{0,60}} port {_PORT}",
        rf"{_BEFORE} ['\"]?(?:[\w.-]*/)?(?P<host>[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*)(?::{_PORT})?",
        rf"(?<![\w.-])(?P<host>(?:[0-9]{{1,3}}\.){{3}}[0-9]{{1,3}}|[a-z0-9-]+(?:\.[a-z0-9-]+)+):{_PORT}\b",
    )
)
_NO_HOST = frozenset(
    {
        "",
        "the",
        "a",
        "at",
        "server",
        "host",
        "remote",
        "database",
        "address",
        "name",
        "failed",
        "mysql",
        "postgresql",
        "redis",
        "upstream",
    }
)


def target(chain: Sequence[ExceptionValue]) -> str:
    """Returns the target that the newest exception names, if it is one of a connection."""
    for exception in chain[: -_EXCEPTIONS - 1 : -1]:
        if _may_be(exception.type):
            value = exception.value[:_LONGEST]
            if _SAID.search(value) and (found := _found(value)):
                return found
    return ""


@lru_cache(maxsize=1024)
def _may_be(kind: str) -> bool:
    name = kind.lower()
    return name in _ANY or _KIND.search(name) is not None


def _found(value: str) -> str:
    for pattern in _PATTERNS:
        for match in pattern.finditer(value):
            host, port = match["host"].lower().strip("."), match["port"]
            if host not in _NO_HOST:
                return f"{host}:{port}" if port else host
    return ""
