"""What the page says about the issue as a whole."""

from kaput.store.base import ActivityRow, TagCount
from kaput.view.overview import DAYS, HEIGHT, TOP_TAGS, Step, charts, decided, first_hour, steps, tags

NOW = 1_800_000_000.0


def test_charts_count_hours_and_days() -> None:
    """The first chart has an hour a bar, the second a day a bar, both ending now."""
    hours = [0] * (DAYS * 24)
    hours[-1], hours[-24], hours[-25], hours[0] = 4, 2, 3, 1
    day, fortnight = charts(hours)
    assert (day.total, len(day.bars)) == (6, 24)
    assert (fortnight.total, len(fortnight.bars)) == (10, DAYS)
    assert [day.bars[0].words, day.bars[-1].words] == ["2 events, 23 hours ago", "4 events, this hour"]
    assert [fortnight.bars[0].words, fortnight.bars[-2].words] == ["1 event, 13 days ago", "3 events, 1 day ago"]


def test_bars_stand_on_the_ground() -> None:
    """The largest count fills the height, one among thousands is still seen, none is a hairline."""
    hours = [0] * (DAYS * 24)
    hours[-1], hours[-2] = 5000, 1
    bars = charts(hours)[0].bars
    assert [(bar.y, bar.height) for bar in bars[-3:]] == [(HEIGHT - 1, 1), (HEIGHT - 2, 2), (0, HEIGHT)]


def test_first_hour_covers_this_hour() -> None:
    """The counts that are asked for end with the hour that it is."""
    assert first_hour(NOW) + DAYS * 24 - 1 == NOW // 3600


def test_tags_that_tell_most_come_first() -> None:
    """Environment and release lead, the others follow by name, and the rest is folded."""
    found = {name: [TagCount(name, "x", 1)] for name in ("zone", "release", "a", "b", "c", "d", "e", "environment")}
    main, others = tags(found, 1)
    assert [tag.key for tag in main] == ["environment", "release", "a", "b", "c", "d", "e"]
    assert [tag.key for tag in others] == ["zone"]
    assert len(main) == TOP_TAGS


def test_shares_are_of_all_events() -> None:
    """A value's percentage is its part of the issue's events; a small one is not rounded to nothing."""
    counts = [
        TagCount("browser", name, count) for name, count in (("A", 700), ("B", 200), ("C", 99), ("D", 1), ("E", 1))
    ]
    (tag,), _ = tags({"browser": counts}, 1000)
    assert [(share.value, share.percent, share.width) for share in tag.shares] == [
        ("A", "70%", 70),
        ("B", "20%", 20),
        ("C", "10%", 10),
        ("D", "<1%", 1),
    ]
    assert tag.more == 1


def test_activity_in_words() -> None:
    """Each step says what was done, in which release and by whom; the reader is `you`; the first event ends the log."""
    rows = [
        ActivityRow("regressed", "", "2.4.1", NOW),
        ActivityRow("resolved", "me@example.com", "", NOW - 10),
        ActivityRow("reopened", "ann@example.com", "", NOW - 20),
        ActivityRow("price_changed", "", "by hand", NOW - 30),
    ]
    log = steps(rows, NOW - 99, "me@example.com")
    assert [step.words for step in log] == [
        "regressed in 2.4.1",
        "resolved by you",
        "reopened by ann@example.com",
        "price changed by hand",
        "first seen",
    ]
    assert log[-1].time == NOW - 99


def test_step_that_decided_the_state() -> None:
    """The state is explained by the newest step that led to it."""
    log = (Step("a", 3, "regressed", "2.4.1"), Step("b", 2, "resolved"), Step("c", 1, "reopened"), Step("d", 0, "new"))
    assert decided(log, "unresolved", regressed=True) == log[0]
    assert decided(log, "resolved", regressed=False) == log[1]
    assert decided(log, "unresolved", regressed=False) == log[2]
    assert decided(log, "muted", regressed=False) is None
