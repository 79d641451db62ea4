"""Secrets by name, in addresses, cookies and at any depth."""

import pytest

from flask_kaput.scrub import Scrubber, address_without_secrets, cookies_without_secrets, without_secrets


@pytest.mark.parametrize(
    ("query", "filtered"),
    [
        ("token=abc&a=1", "token=[Filtered]&a=1"),
        ("a=1;password=x", "a=1;password=[Filtered]"),
        ("author=Ann&q=token", "author=Ann&q=token"),
        ("", ""),
        ("api_key=", "api_key="),
    ],
)
def test_a_query_keeps_what_is_no_secret(query: str, filtered: str) -> None:
    """Values of secret names go; names that only look alike stay."""
    assert without_secrets(query) == filtered


def test_addresses_and_cookies_are_filtered() -> None:
    """A Referer keeps its address, and cookies that log somebody in are not shown."""
    assert address_without_secrets("https://a/b?token=x#c") == "https://a/b?token=[Filtered]#c"
    assert address_without_secrets("http://[broken") == "[Filtered]"
    assert cookies_without_secrets({"session": "x", "theme": "y"}) == {"session": "[Filtered]", "theme": "y"}


def test_secrets_are_found_at_any_depth() -> None:
    """Lists and objects within each other are walked through, and the rest of them stays."""
    event = {"extra": {"a": [{"b": [[{"db_password": "x", "c": 1}]]}], "TOKEN": ["y"]}}
    Scrubber().scrub_dict(event)
    assert event == {"extra": {"a": [{"b": [[{"db_password": "[Filtered]", "c": 1}]]}], "TOKEN": "[Filtered]"}}
