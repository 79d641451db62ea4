"""Who is let in by the link in the console."""

from pathlib import Path

import pytest

from flask_kaput.embedded.home import enter_token
from tests.flask_kaput.embedded.home import home

SECRET = b"s" * 32
TOKEN = enter_token(SECRET)


@pytest.mark.parametrize(
    ("debug", "token", "peer", "let_in"),
    [
        (True, TOKEN, "127.0.0.1", True),
        (True, TOKEN, "::1", True),
        (True, TOKEN, "192.0.2.7", False),
        (True, TOKEN, "", False),
        (True, "0" * 64, "127.0.0.1", False),
        (True, "", "127.0.0.1", False),
        (False, TOKEN, "127.0.0.1", False),
    ],
)
def test_the_link_of_a_developer(tmp_path: Path, debug: bool, token: str, peer: str, let_in: bool) -> None:
    """The link is good in debug mode, with its token, from this machine."""
    assert home(tmp_path, debug=debug).lets_in(SECRET, token, peer) is let_in


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("http://127.0.0.1:5000/kaput", True),
        ("http://localhost/kaput", True),
        ("http://192.0.2.7/kaput", False),
        ("", False),
    ],
)
def test_development_is_on_loopback(tmp_path: Path, address: str, local: bool) -> None:
    """An application is being developed when it is in debug mode and reached from this machine only."""
    assert home(tmp_path, debug=True).is_local(address) is local
    assert not home(tmp_path).is_local(address)
