"""Which of two releases is newer."""

import pytest

from kaput.store.versions import compare, newer

CAME = {"2.0.0": 1.0, "1.9.1": 2.0, "abc123": 3.0, "def456": 4.0, "old": 0.5}


@pytest.mark.parametrize(
    ("one", "other", "sign"),
    [
        ("2.10.0", "2.9.9", 1),
        ("2.10", "2.9.9", 1),
        ("v3", "2.9.9", 1),
        ("shop@1.0.0", "shop@1.0.0-rc.2", 1),
        ("1.0.0-rc.10", "1.0.0-rc.9", 1),
        ("1.0.0-next.3", "1.0.0-next.20", -1),
        ("1.0.0+build.7", "1.0.0+build.6", 0),
        ("shop@2.0.0", "web@1.0.0", None),
        ("deadbeef", "1.0.0", None),
        ("2026.01.05", "2026.01.04", None),
        ("1" * 5000, "1", None),
        ("", "1.0", None),
    ],
)
def test_names_compare_as_semantic_versions(one: str, other: str, sign: int | None) -> None:
    """Numbers count as numbers, a release before its candidates; what is no version, or of another package, is none."""
    told = compare(one, other)
    back = compare(other, one)
    assert (told and told // abs(told)) == sign
    assert back == (told if told is None else -told)


@pytest.mark.parametrize(
    ("release", "base", "is_newer"),
    [
        ("2.0.0", "1.9.1", True),
        ("1.9.1", "2.0.0", False),
        ("2.0.0", "2.0.0", False),
        ("def456", "abc123", True),
        ("abc123", "def456", False),
        ("unknown", "def456", True),
        ("old", "never came", False),
        ("1.0.0", "never came", False),
    ],
)
def test_time_tells_what_versions_cannot(release: str, base: str, *, is_newer: bool) -> None:
    """The one that came later is newer; one that never came before is the newest."""
    came = {**CAME, "1.0.0": 0.1}
    assert newer(release, base, came.get) is is_newer
