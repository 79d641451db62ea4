from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.digest.schedule import schedule
from kaput.model import MonitorConfig


def runs(config: MonitorConfig, start: str, count: int = 3) -> list[str]:
    """Returns the next runs after a time, both as the wall shows them, with the offset."""
    found = schedule(config)
    assert found is not None
    seconds, times = datetime.fromisoformat(start).timestamp(), []
    for _ in range(count):
        seconds = found.after(seconds)
        times.append(datetime.fromtimestamp(seconds, found.zone).strftime("%d %H:%M%z")[:-2])
    return times


def crontab(value: str, timezone: str = "Europe/Berlin") -> MonitorConfig:
    return MonitorConfig("crontab", value, "", timezone)


def interval(value: str, unit: str, timezone: str = "Europe/Berlin") -> MonitorConfig:
    return MonitorConfig("interval", value, unit, timezone)


def test_a_crontab_runs_at_its_times() -> None:
    """The five fields are read in the job's own time zone."""
    assert runs(crontab("30 9 * * 1-5"), "2026-11-20T12:00+01:00") == ["23 09:30+01", "24 09:30+01", "25 09:30+01"]
    assert runs(crontab("0 2 * * *", "Asia/Tokyo"), "2026-11-20T12:00+00:00", 1) == ["21 02:00+09"]
    assert runs(crontab("@daily", "UTC"), "2026-11-20T12:00+00:00", 1) == ["21 00:00+00"]


def test_a_run_in_the_hour_that_is_left_out_comes_after_it() -> None:
    """On 29 March 2026 there is no half past two in Berlin: Debian's cron runs the job at three."""
    assert runs(crontab("30 2 * * *"), "2026-03-28T12:00+01:00") == ["29 03:00+02", "30 02:30+02", "31 02:30+02"]
    assert runs(crontab("*/30 * * * *"), "2026-03-29T01:10+01:00") == ["29 01:30+01", "29 03:00+02", "29 03:30+02"]


def test_a_run_in_the_hour_that_comes_twice_comes_once() -> None:
    """On 25 October 2026 half past two comes twice in Berlin: a daily job runs once, a half-hourly one each time."""
    assert runs(crontab("30 2 * * *"), "2026-10-24T12:00+02:00") == ["25 02:30+02", "26 02:30+01", "27 02:30+01"]
    assert runs(crontab("*/30 * * * *"), "2026-10-25T02:10+02:00") == ["25 02:30+02", "25 02:00+01", "25 02:30+01"]


def test_days_are_counted_on_the_wall_and_hours_as_they_pass() -> None:
    """A job of every day keeps its hour when the clocks change; one of every 24 hours does not."""
    assert runs(interval("1", "day"), "2026-10-24T08:00+02:00", 2) == ["25 08:00+01", "26 08:00+01"]
    assert runs(interval("24", "hour"), "2026-10-24T08:00+02:00", 2) == ["25 07:00+01", "26 07:00+01"]
    assert runs(interval("1", "day"), "2026-03-28T02:30+01:00", 1) == ["29 03:30+02"]
    assert runs(interval("1", "week"), "2026-03-28T08:00+01:00", 1) == ["04 08:00+02"]


def test_months_end_where_they_end() -> None:
    """A month after the last of January is the last of February; a year after a leap day the day before."""
    assert runs(interval("1", "month"), "2026-01-31T08:00+01:00", 2) == ["28 08:00+01", "28 08:00+01"]
    assert runs(interval("1", "year"), "2028-02-29T08:00+01:00", 1) == ["28 08:00+01"]
    assert runs(interval("14", "month"), "2026-12-31T08:00+01:00", 1) == ["29 08:00+01"]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (crontab("0 2 * * *"), "At 02:00 every day"),
        (interval("1", "hour"), "every hour"),
        (interval("5", "minutes"), "every 5 minutes"),
    ],
)
def test_a_schedule_has_words(config: MonitorConfig, words: str) -> None:
    """People read when a job runs, not five fields."""
    found = schedule(config)
    assert found is not None
    assert found.words == words


def test_a_job_may_have_no_schedule() -> None:
    """Without a schedule no run can be missed."""
    assert schedule(MonitorConfig()) is None


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        (crontab("0 2 * *"), "five fields"),
        (crontab("0 0 2 * * *"), "five fields"),
        (crontab("61 2 * * *"), "Bad minute"),
        (crontab("0 0 30 2 *"), "Bad day-of-month"),
        (crontab(""), "five fields"),
        (crontab("0 2 * * *", "Mars/Phobos"), "time zone"),
        (crontab("0 2 * * *", "../../etc/passwd"), "time zone"),
        (crontab("0 2 * * *", "Europe"), "time zone"),
        (crontab("0 2 * * *", ""), "time zone"),
        (interval("0", "day"), "cannot be kept"),
        (interval("-1", "day"), "cannot be kept"),
        (interval("1.5", "day"), "cannot be kept"),
        (interval("9999999", "year"), "cannot be kept"),
        (interval("99999999", "minute"), "cannot be kept"),
        (interval("1", "fortnight"), "no unit"),
        (MonitorConfig("solar", "sunset"), "no type"),
    ],
)
def test_what_cannot_be_followed_is_said(config: MonitorConfig, fault: str) -> None:
    """A schedule that nobody can follow is refused in words."""
    with pytest.raises(ValueError, match=fault):
        schedule(config)


FIELD = st.text("0123456789*/,-L#WMON?", min_size=1, max_size=8)


@given(
    st.sampled_from(["crontab", "interval", "x", ""]),
    st.one_of(st.lists(FIELD, min_size=5, max_size=5).map(" ".join), st.text(max_size=12)),
    st.sampled_from(["minute", "day", "month", "year", ""]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "x"]),
)
def test_any_schedule_is_followed_or_refused(kind: str, value: str, unit: str, timezone: str) -> None:
    """Whatever a client sends, its next run lies ahead, or it is refused in words."""
    with suppress(ValueError):
        found = schedule(MonitorConfig(kind, value, unit, timezone))
        assert found is None or found.after(1_800_000_000.0) > 1_800_000_000.0
