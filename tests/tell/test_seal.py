"""Signed links."""

import pytest

from kaput.errors import NotFound
from kaput.model import Act, Link
from kaput.tell.seal import Seal

LINK = Link(Act.RESOLVE, 1, 41, "ada@example.org", 1_790_000_000)


def test_signed_and_read() -> None:
    """A token says what was signed, and stands in an address as it is."""
    token = Seal(b"k" * 32).sign(LINK)
    assert Seal(b"k" * 32).read(token) == LINK
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_nobody_else_can_make_one() -> None:
    """A token of another key, and one that was changed anywhere or cut, is refused."""
    seal, token = Seal(b"k" * 32), Seal(b"k" * 32).sign(LINK)
    wrong = [Seal(b"x" * 32).sign(LINK), "", "a", "ü", token[:-2], token[:27], token + "AAAA", "A" * 9000]
    wrong += [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(0, len(token) - 1, 7)]
    for one in wrong:
        with pytest.raises(NotFound):
            seal.read(one)
