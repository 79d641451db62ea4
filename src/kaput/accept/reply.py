"""The answers, with the headers that browsers and SDKs need.

In: what became of a request. Out: an `Answer`. The doors import it.
Sources: https://develop.sentry.dev/sdk/expected-features/rate-limiting/, https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

import binascii

import msgspec

from kaput.accept.quota import REASON
from kaput.accept.request import Answer
from kaput.accept.route import find
from kaput.errors import Refused

MAX_DETAIL = 300
BACKOFF_SECONDS = 10

# Of the categories of the protocol only what becomes an event here: sessions and reports of losses may go on.
_KEY_QUOTA = "error;default;security;feedback:key:key_quota"

_JSON = ("content-type", "application/json")
_CORS = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "x-sentry-error, x-sentry-rate-limits, retry-after"),
)
_ALLOWED_HEADERS = (
    "X-Sentry-Auth, X-Requested-With, Origin, Accept, Content-Type, Content-Encoding, Authorization, "
    "sentry-trace, baggage"
)
_KEPT_HEADERS = (_JSON, *_CORS)

# A transparent image of one pixel, for clients that report by loading it.
_PIXEL = binascii.a2b_base64(b"R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
PIXEL = Answer(200, _PIXEL, (("content-type", "image/gif"), ("cache-control", "no-store"), *_CORS))

PREFLIGHT = Answer(
    200,
    b"",
    (
        *_CORS,
        ("access-control-allow-methods", "POST, GET, OPTIONS"),
        ("access-control-allow-headers", _ALLOWED_HEADERS),
        ("access-control-max-age", "3600"),
        ("allow", "POST, GET, OPTIONS"),
    ),
)


def kept(answer_id: str) -> Answer:
    """Answers a request whose events are durable; `answer_id` may be empty."""
    # The id is hexadecimal digits alone.
    return Answer(200, b'{"id":"%b"}' % answer_id.encode() if answer_id else b"{}", _KEPT_HEADERS)


NOTED = Answer(202, b"", _CORS)
"""Answers a check-in of a shell script."""


def script(text: bytes) -> Answer:
    """Answers with a program for a page of any origin."""
    kind = ("content-type", "text/javascript; charset=utf-8")
    return Answer(200, text, (kind, ("x-content-type-options", "nosniff"), ("cache-control", "no-store"), *_CORS))


def refused(refusal: Refused, path: str) -> Answer:
    """Answers a request that is turned away, with the reason for people and, for 429 and 503, for how long.

    Args:
        refusal: why.
        path: what was asked for; a 405 names its methods.
    """
    detail = str(refusal)[:MAX_DETAIL].encode(errors="replace").decode()
    headers = [_JSON, ("x-sentry-error", _header_text(detail)), *_CORS]
    if refusal.status in {429, 503}:
        seconds = max(1, refusal.retry_after or BACKOFF_SECONDS)
        headers.append(("retry-after", str(seconds)))
        whose = _KEY_QUOTA if refusal.reason == REASON else f":organization:{refusal.reason}"
        headers.append(("x-sentry-rate-limits", f"{seconds}:{whose}"))
    if refusal.status == 405:
        headers.append(("allow", ", ".join((*find(path).endpoint.methods, "OPTIONS"))))
    return Answer(refusal.status, msgspec.json.encode({"detail": detail}), tuple(headers))


def _header_text(detail: str) -> str:
    """Returns the text as one line of printable ASCII, which is what a header may hold."""
    return "".join(c if " " <= c <= "~" else "?" for c in detail)
