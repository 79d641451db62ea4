"""The address under which an application is reached: never the word of a stranger."""

from typing import Any

import pytest

from flask_kaput.embedded.address import address_of

LOCAL = {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http"}


@pytest.mark.parametrize(
    ("more", "address"),
    [
        ({}, "http://127.0.0.1:8000/kaput"),
        ({"SCRIPT_NAME": "/shop"}, "http://127.0.0.1:8000/shop/kaput"),
        ({"SERVER_NAME": "0.0.0.0"}, "http://127.0.0.1:8000/kaput"),
        ({"SERVER_NAME": "::1", "SERVER_PORT": "443", "wsgi.url_scheme": "https"}, "https://[::1]/kaput"),
        ({"SERVER_NAME": "localhost", "SERVER_PORT": "80"}, "http://localhost/kaput"),
        ({"HTTP_HOST": "evil.example"}, "http://127.0.0.1:8000/kaput"),
        ({"SERVER_NAME": "evil.example"}, ""),
        ({"REMOTE_ADDR": ""}, ""),
        ({"SERVER_PORT": ""}, ""),
    ],
)
def test_addresses(more: dict[str, Any], address: str) -> None:
    """It is what the server listens on, or unknown; the Host header, and names that may come from it, do not count."""
    assert address_of({**LOCAL, **more}, "/kaput") == address
