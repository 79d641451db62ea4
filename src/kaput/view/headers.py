"""The headers of every answer, and the session cookie.

In: a response, the request it answers. Out: the response with its headers. `view/pages.py` imports it.
"""

from typing import Any

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
YEAR = 365 * 24 * 3600


def seal(response: Response) -> Response:
    """Adds what keeps a page from running, framing or leaking what arrived from outside."""
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)  # a file that leaves has its own
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    elif "v" in request.args and response.status_code == 200:
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    else:
        response.headers["Cache-Control"] = "no-cache"
    return response


class _Signer(TimestampSigner):
    """Takes a signature of a time to come for one of this moment: the clock was set back since."""

    def unsign(self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False) -> Any:  # noqa: FBT001, FBT002 - the signature of the base
        try:
            return super().unsign(signed_value, max_age, return_timestamp)  # type: ignore[call-overload]  # typed for one of them
        except SignatureExpired as error:
            if error.date_signed is None or error.date_signed.timestamp() <= self.get_timestamp():
                raise
            return super().unsign(signed_value, None, return_timestamp)  # type: ignore[call-overload]  # typed for one of them


class Sessions(SecureCookieSessionInterface):
    """Session cookies that stay under the path prefix, and off plain HTTP once HTTPS is in use.

    Attributes:
        always_secure: the installation's own address is https.
    """

    def __init__(self, *, always_secure: bool) -> None:
        self.always_secure = always_secure

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Returns what reads and writes cookies; a clock that is set back logs nobody out."""
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = _Signer
        return serializer

    def get_cookie_path(self, app: Flask) -> str:
        """Returns the prefix under which this request arrived."""
        del app
        return request.script_root or "/"

    def get_cookie_secure(self, app: Flask) -> bool:
        """Answers whether the browser may send the cookie over HTTPS only."""
        del app
        return self.always_secure or request.is_secure
