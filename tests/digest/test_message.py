"""Log messages of all four forms."""

from typing import Any

import pytest

from kaput.digest.fields import Notes
from kaput.digest.message import log_entry
from kaput.model import LogEntry


@pytest.mark.parametrize(
    ("entry", "message", "expected"),
    [
        (None, "disk full", LogEntry(formatted="disk full")),
        ("disk full", None, LogEntry(formatted="disk full")),
        (None, {"message": "disk %s", "params": ["full"]}, LogEntry("disk %s", ["full"], "disk full")),
        (
            {"message": "disk %s", "params": ["full"], "formatted": None},
            "disk %s",
            LogEntry("disk %s", ["full"], "disk full"),
        ),
        ({"message": "disk %s", "params": "full"}, None, LogEntry("disk %s", ["full"], "disk full")),
        (
            {"message": "disk %s", "params": ["full"], "formatted": "given"},
            None,
            LogEntry("disk %s", ["full"], "given"),
        ),
        ({"message": "disk %s"}, "disk is full", LogEntry("disk %s", None, "disk is full")),
        ({"message": "%(a)s of %(b)s", "params": {"a": 1}}, None, LogEntry("%(a)s of %(b)s", {"a": 1}, "1 of %(b)s")),
        (
            {"message": "100%% of %s and %s", "params": [1]},
            None,
            LogEntry("100%% of %s and %s", [1], "100% of 1 and %s"),
        ),
        ({"message": ["odd"]}, None, LogEntry('["odd"]', None, '["odd"]')),
        (None, None, None),
        ({}, "", None),
    ],
)
def test_template_parameters_and_text_are_told_apart(entry: Any, message: Any, expected: LogEntry | None) -> None:
    """Whatever the form, the template groups and the formatted text is read."""
    assert log_entry(entry, message, Notes()) == expected


def test_a_template_cannot_fill_the_memory() -> None:
    """Widths of printf are ignored, and the text is bounded."""
    entry = log_entry({"message": "%99999d" + "%s" * 100, "params": ["x" * 500] * 100}, None, Notes())
    assert entry is not None
    assert len(entry.formatted) <= 8192
