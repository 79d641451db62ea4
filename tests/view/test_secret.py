"""What derives from the installation's secret."""

import pytest

from kaput.view.secret import derived, setup_token


def test_purposes_do_not_share_a_key() -> None:
    """Two purposes have two keys, and so have two secrets."""
    keys = {derived(b"a" * 32, "one"), derived(b"a" * 32, "two"), derived(b"b" * 32, "one")}
    assert len(keys) == 3


def test_a_long_secret_counts_to_its_end() -> None:
    """A secret longer than a key is not cut."""
    assert derived(b"a" * 100 + b"x", "one") != derived(b"a" * 100 + b"y", "one")


def test_a_short_secret_is_refused() -> None:
    """A secret that protects nothing is an error that says so."""
    with pytest.raises(ValueError, match="at least 16"):
        derived(b"short", "one")


def test_the_token_fits_an_address() -> None:
    """The token of the set-up link is 64 hexadecimal digits, the same each time."""
    token = setup_token(b"a" * 32)
    assert len(bytes.fromhex(token)) == 32
    assert setup_token(b"a" * 32) == token
