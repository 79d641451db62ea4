"""Secrets in the text of a log."""

import pytest

from flask_kaput.secrets import without_secrets


@pytest.mark.parametrize(
    ("text", "filtered"),
    [
        ("password=hunter22 user=ann", "password=[Filtered] user=ann"),
        ("nothing to see", "nothing to see"),
        ("half \ud800 token: abc123def456", "half \\ud800 token: [Filtered]"),
        (
            'File "a.py", line 3, in f\n    token = make_token(user)\nValueError: token = abc123def456\n',
            'File "a.py", line 3, in f\n    token = make_token(user)\nValueError: token = [Filtered]\n',
        ),
        (
            '  | File "a.py", line 3, in f\n  |     token = "abc123def456"\n',
            '  | File "a.py", line 3, in f\n  |     token = "[Filtered]"\n',
        ),
    ],
)
def test_secrets_are_filtered_and_source_stays_readable(text: str, filtered: str) -> None:
    """What follows a secret name is filtered; in a line of source only what is a literal."""
    assert without_secrets(text) == filtered
