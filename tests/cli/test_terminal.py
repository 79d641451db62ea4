"""What may reach a terminal."""

import pytest

from kaput.cli.terminal import moment, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, with 'quotes' and ünïcödé 漢字 🎉", "plain, with 'quotes' and ünïcödé 漢字 🎉"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\r\n\tb\x00\x7f", r"a\r\n\tb\x00\x7f"),
        ("\x9b2J\x85", r"\x9b2J\x85"),
        ("\u202eexe.txt\u2066", r"\u202eexe.txt\u2066"),
        ("\u2028\u2029\ufeff", r"\u2028\u2029\ufeff"),
        ("\ud800", r"\ud800"),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469"),
        ("\u00a0no-break", "\u00a0no-break"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    """Everything a terminal would obey becomes its escape; everything people write stays."""
    assert visible(text) == shown


def test_moment() -> None:
    """Times for people are in UTC."""
    assert moment(0.0) == "1970-01-01 00:00:00"
