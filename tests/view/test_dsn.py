"""The address that a client is given."""

import pytest

from kaput.store.base import KeyRow
from kaput.view.dsn import dsn

KEY = KeyRow(5, 3, "0" * 32, "default", disabled=False, created=0.0)


@pytest.mark.parametrize(
    ("base", "wanted"),
    [
        ("http://127.0.0.1:9110/", f"http://{KEY.public}@127.0.0.1:9110/3"),
        ("https://example.org/kaput/", f"https://{KEY.public}@example.org/kaput/3"),
        ("https://example.org/kaput", f"https://{KEY.public}@example.org/kaput/3"),
        ("http://[::1]:9110", f"http://{KEY.public}@[::1]:9110/3"),
        ("https://user:pass@example.org", f"https://{KEY.public}@example.org/3"),
    ],
)
def test_a_dsn_is_the_address_with_key_and_project(base: str, wanted: str) -> None:
    """The key stands before the host, prefix and port stay, and the project's id ends it."""
    assert dsn(base, KEY) == wanted
