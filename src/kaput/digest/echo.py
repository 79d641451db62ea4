"""A secret that stood under its name is filtered wherever else the event repeats it.

As an argument in a source line, in a message, in an address.

In: the decoded event after the scrub, and the values that were filtered for their key's sake. Out: the same event,
changed in place. Only `scrub.py` and `record.py` import it.

Plain words are left alone: `password: "production"` must not take the word out of everything else.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kaput.digest.secrets import FILTERED

SHORTEST = 6
MOST = 50
_TELLING = re.compile(r"[0-9]|[^\w\s]", re.ASCII)
_NAMING = frozenset({"event_id", "timestamp", "platform", "level", "release", "dist", "environment", "fingerprint"})
"""Fields that name the event; what stands there was said in the open."""


def telling(value: str) -> str:
    """Returns the secret without the quotes of a repr, or an empty text when it is too plain to be looked for."""
    secret = value[1:-1] if len(value) > 2 and value[0] == value[-1] and value[0] in "'\"" else value
    return secret if len(secret) >= SHORTEST and _TELLING.search(secret) else ""


def repeated(body: bytes, secrets: Mapping[str, int]) -> bool:
    """Answers whether the JSON of an event may hold a secret more often than it stood under a secret name.

    Args:
        body: the event as it was sent.
        secrets: what `telling` returned, and how often it stood there.
    """
    return any(_count(body, secret) > times for secret, times in secrets.items())


def _count(body: bytes, secret: str) -> float:
    """How often a text stands in JSON; without end when it could be written there in several ways."""
    written = msgspec.json.encode(secret)[1:-1]
    several = not secret.isascii() or b"\\" in written or b"\\u00" in body or b"\\/" in body
    return math.inf if several else body.count(written)


def filter_echoes(event: dict[str, Any], secrets: Iterable[str]) -> int:
    """Replaces the secrets in every text of the event; returns in how many texts one stood."""
    places = list(_texts(event))
    whole = "\0".join(text for _, _, text in places)
    longest_first = [one for one in sorted(secrets, key=len, reverse=True)[:MOST] if one in whole]
    count = 0
    for node, key, text in places if longest_first else ():
        if (filtered := _without(text, longest_first)) != text:
            node[key] = filtered
            count += 1
    return count


def _texts(event: dict[str, Any]) -> Iterator[tuple[Any, Any, str]]:
    """Every text of an event that may hold an echo: its container, its key or index, and the text."""
    stack: list[Any] = [event]
    while stack:
        node = stack.pop()
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            if node is event and key in _NAMING:
                continue
            if isinstance(value, dict | list):
                stack.append(value)
            elif isinstance(value, str):
                yield node, key, value


def _without(text: str, secrets: Sequence[str]) -> str:
    """Replaces one secret after the other; a pattern of all of them would try each, whole, at every place."""
    for secret in secrets:
        text = text.replace(secret, FILTERED)
    return text
