"""What another program said, without secrets."""

import pytest

from kaput.tell.words import LENGTH, cleaned, secrets_of


def test_cleaned() -> None:
    """A text becomes one short line without control characters and secrets."""
    assert cleaned("no such\r\n\ttoken \x1b[31mabc123 ", ["abc123"]) == "no such token [31m[filtered]"
    assert len(cleaned("x " * 9000, [])) == LENGTH


@pytest.mark.parametrize(
    ("url", "secret", "shown"),
    [
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazk/#general", ("T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnlazk"), "slack"),
        ("json://ada:p%40ss-word@hooks.example.org/path?token=tok123", ("p@ss-word", "tok123"), "hooks.example.org"),
        ("https://hooks.example.org:8443/abcdef", ("abcdef",), "hooks.example.org"),
    ],
)
def test_secrets_of_an_address(url: str, secret: tuple[str, ...], shown: str) -> None:
    """Every part of an address counts as a secret, as it stands and decoded, but not the name of a host."""
    said = cleaned(f"{url} {' '.join(secret)} {shown} failed", secrets_of(url))
    assert not [part for part in secret if part in said]
    assert shown in said
