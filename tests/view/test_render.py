"""How values are written."""

import pytest

from kaput.view.render import ago, ago_in_words, cut_middle, exact, iso, number, plural, size


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (-5, "now"),
        (4, "now"),
        (5, "5 s"),
        (59, "59 s"),
        (60, "1 m"),
        (3599, "59 m"),
        (3600, "1 h"),
        (86400, "1 d"),
        (800 * 86400, "2 y"),
    ],
)
def test_a_time_is_written_in_its_largest_whole_unit(age: float, text: str) -> None:
    """A time is written in its largest whole unit, and one in the future is now."""
    assert ago(1e9 - age, 1e9) == text


def test_a_sentence_says_ago() -> None:
    """In a sentence the unit is followed by ago, except for what is just now."""
    assert (ago_in_words(0, 7200), ago_in_words(7200, 7200)) == ("2 h ago", "just now")


def test_exact_times_are_utc() -> None:
    """The exact time names its zone, and the attribute is ISO 8601."""
    assert exact(1_790_000_000.9) == "2026-09-21 14:13:20 UTC"
    assert iso(1_790_000_000.9) == "2026-09-21T14:13:20Z"


def test_a_time_beyond_the_calendar_is_its_last_second() -> None:
    """A time that no calendar has does not break the page."""
    assert (iso(1e18), iso(-1e18)) == ("9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z")


def test_thousands_stand_apart() -> None:
    """Numbers have commas at the thousands, and a noun that fits."""
    assert (number(1204), plural(1, "event"), plural(1204, "event")) == ("1,204", "1 event", "1,204 events")


def test_a_path_keeps_its_end() -> None:
    """A long text loses its middle, has exactly the length that was asked for, and keeps more of its end."""
    cut = cut_middle("a" * 50 + "b" * 50, 31)
    assert cut == "a" * 10 + "…" + "b" * 20


def test_a_short_text_stays_as_it_is() -> None:
    """A text of the allowed length is not cut."""
    assert cut_middle("a" * 60, 60) == "a" * 60


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (5_140_000, "5.1 MB"), (10**12, "1000.0 GB")],
)
def test_bytes_have_a_unit(count: int, text: str) -> None:
    """A number of bytes is written in the largest unit that it has one of."""
    assert size(count) == text
