"""The headers of every answer."""

import re
import time

import pytest
from flask import Flask
from itsdangerous import SignatureExpired, TimestampSigner

from kaput.view.headers import Sessions
from tests.view.site import Site, visitor

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def test_pages_are_sealed_and_not_kept(site: Site) -> None:
    """Pages and error pages have the policy, are not sniffed, and no cache keeps them."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    for path in ("/account", "/nowhere", "/logout", "/metrics"):
        headers = someone.open(path).headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"


def test_static_files_are_kept_by_their_version(site: Site) -> None:
    """A static file named with its version is kept for a year, one without it is asked for again."""
    someone = visitor(site.app())
    address = re.search(r"/static/kaput\.css\?v=[0-9a-f]{12}", someone.get("/login"))
    assert address is not None
    assert someone.open(address[0]).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert someone.open("/static/kaput.css").headers["Cache-Control"] == "no-cache"
    assert someone.open("/static/none.css?v=1").headers["Cache-Control"] == "no-cache"


def test_static_files_carry_no_session(site: Site) -> None:
    """A file that a shared cache may keep comes without anybody's cookie."""
    site.admin()
    someone = visitor(site.app(), "ada@example.org")
    assert "Set-Cookie" not in someone.open("/static/kaput.css?v=1").headers


def test_a_cookie_of_a_time_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that was signed before the clock was set back is good; one that is too old is not."""
    app = Flask(__name__)
    app.secret_key = "x" * 32
    serializer = Sessions(always_secure=False).get_signing_serializer(app)
    assert serializer is not None
    signed = {}
    for seconds in (3600, -3600):
        with monkeypatch.context() as patch:
            patch.setattr(TimestampSigner, "get_timestamp", lambda _self, by=seconds: int(time.time()) + by)
            signed[seconds] = serializer.dumps("ada")
    assert serializer.loads(signed[3600], max_age=60) == "ada"
    with pytest.raises(SignatureExpired):
        serializer.loads(signed[-3600], max_age=60)
