"""Secrets leave the event before it leaves the process. In: the event, as sentry-sdk made it. Out: the same, filtered.

By name, at any depth, with the names of the server, which filters again: by name, by shape and in free text.
"""

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from sentry_sdk.scrubber import EventScrubber

from kaput.digest.secrets import FILTERED, NAME_LIMIT, secret_cookie, secret_name

_PAIR = re.compile(r"([^&;=]{1,200})=([^&;]+)")


class Scrubber(EventScrubber):
    """Sentry's scrubber, which walks over the event, with Kaput's names."""

    def __init__(self) -> None:
        super().__init__(recursive=True, send_default_pii=True)

    def scrub_dict(self, d: Any) -> None:
        """Filters what stands under a secret name, and looks into the rest."""
        if not isinstance(d, dict):
            return
        for key, value in d.items():
            if isinstance(key, str) and secret_name(key[-NAME_LIMIT:]):
                d[key] = FILTERED
            elif isinstance(value, dict):
                self.scrub_dict(value)
            elif isinstance(value, list):
                self.scrub_list(value)


def without_secrets(query: str) -> str:
    """Returns a query string without the values of secret names."""
    return _PAIR.sub(lambda pair: f"{pair[1]}={FILTERED}" if secret_name(pair[1][-NAME_LIMIT:]) else pair[0], query)


def address_without_secrets(address: str) -> str:
    """Returns an address, the Referer's for example, with its query filtered."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return FILTERED
    return urlunsplit(parts._replace(query=without_secrets(parts.query)))


def cookies_without_secrets(cookies: dict[str, str]) -> dict[str, str]:
    """Returns cookies without the values of those that are secret: sessions, logins, tokens."""
    return {name: FILTERED if secret_cookie(name[-NAME_LIMIT:]) else value for name, value in cookies.items()}
