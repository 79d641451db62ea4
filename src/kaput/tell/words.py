"""What another program said, fit to be shown: one short line without secrets.

In: texts from outside and the secrets that they might repeat. Out: one line. Pure. Imported by this stage's files
and the roots.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

LENGTH = 300
FILTERED = "[filtered]"
SHORTEST_SECRET = 5

_PARTS = re.compile(r"[/?&=#@:;,+\s]+")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+|localhost")


def cleaned(text: str, secrets: Iterable[str]) -> str:
    """Puts a text into one line of printable characters, without the secrets.

    Args:
        text: of any length; what comes after the first 2,000 characters is left out.
        secrets: the longest first, when one may hold another.
    """
    cut = text[:2000]
    for secret in secrets:
        cut = cut.replace(secret, FILTERED)
    return " ".join("".join(c if c.isprintable() else " " for c in cut).split())[:LENGTH]


def secrets_of(url: str) -> list[str]:
    """Returns everything in an address that may be a secret, the longest first: all but its scheme and its host.

    Many services take their tokens where others have the host: what does not look like the name of one counts too.
    """
    scheme, _, rest = url.partition("://")
    del scheme
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    shown = host if _HOST.fullmatch(host) else ""
    parts = {part for text in (rest, unquote(rest)) for part in _PARTS.split(text)} | {rest, unquote(rest)}
    kept = {part for part in parts if len(part) >= SHORTEST_SECRET and part.casefold() != shown.casefold()}
    return sorted(kept, key=lambda part: (-len(part), part))
