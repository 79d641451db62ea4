"""A job's course through check-ins and time, with a clock that is a number."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kaput.digest.monitor import begun, judge
from kaput.model import CheckIn, Digested, Monitor, MonitorConfig, Run, RunStatus

START = datetime(2026, 11, 20, 0, 0, tzinfo=UTC).timestamp()
HOUR, MINUTE = 3600.0, 60.0
NIGHTLY = MonitorConfig("crontab", "0 2 * * *")
HOURLY = MonitorConfig("crontab", "0 * * * *", margin=5 * MINUTE, max_runtime=10 * MINUTE)


@dataclass
class Job:
    """One job and all that was told of it; times are seconds since midnight."""

    config: MonitorConfig | None = HOURLY
    monitor: Monitor | None = None
    runs: dict[str, Run] = field(default_factory=dict)
    told: list[Digested] = field(default_factory=list)
    recovered: int = 0
    sent: int = 0

    def says(self, at: float, status: str = "ok", run_id: str = "", **more: Any) -> "Job":
        """Sends one check-in."""
        self.sent += 1
        said = CheckIn(1, "report", "production", RunStatus(status), run_id, f"{self.sent:032x}", START + at, **more)
        return self.judged(at, [replace(said, config=self.config)])

    def waits(self, until: float) -> "Job":
        """Asks the clock, if there is anything to ask it for."""
        due = self.state.due
        return self.judged(until, []) if due is not None and due <= START + until else self

    def judged(self, at: float, check_ins: list[CheckIn]) -> "Job":
        """Judges as the watch does."""
        monitor = self.monitor or begun(check_ins[0])
        watched, told = judge(monitor, self.runs.values(), check_ins, START + at)
        self.monitor = watched.monitor
        self.runs |= {run.run_id: run for run in watched.runs}
        self.told += told
        self.recovered += watched.recovered
        return self

    @property
    def state(self) -> Monitor:
        """The monitor as it is."""
        assert self.monitor is not None
        return self.monitor

    @property
    def words(self) -> list[str]:
        """What was told, in words."""
        return [one.title.value for one in self.told]

    @property
    def statuses(self) -> list[str]:
        """What became of the runs, in their order."""
        return [run.status.value for run in sorted(self.runs.values(), key=lambda run: run.started)]


def test_a_good_job_is_not_told() -> None:
    """Runs in time keep the monitor well, and the next one is expected."""
    job = Job().says(0.0).waits(HOUR).says(HOUR + 2, "in_progress", "a" * 32).says(HOUR + 9, "ok", "a" * 32, duration=7)
    assert (job.words, job.statuses) == ([], ["ok", "ok"])
    assert (job.state.status, job.state.expected, job.state.last_duration) == (RunStatus.OK, START + 2 * HOUR, 7)


def test_a_missed_run_is_told_when_the_margin_is_over() -> None:
    """Nothing is said at the end of the margin's last second, and once after it."""
    job = Job().says(0.0).waits(HOUR + 5 * MINUTE - 1)
    assert job.words == []
    job.waits(HOUR + 5 * MINUTE).waits(HOUR + 6 * MINUTE)
    assert job.words == ["Cron job report missed its run of 01:00"]
    assert job.state.status is RunStatus.MISSED


def test_one_missed_run_is_told_after_the_clock_jumped() -> None:
    """Kaput was down for a day: the first missed run is told, and the next one is expected in the future."""
    job = Job().says(0.0).waits(30 * HOUR)
    assert job.words == ["Cron job report missed its run of 01:00"]
    assert job.state.expected == START + 30 * HOUR
    assert job.waits(30 * HOUR + 4 * MINUTE).words[1:] == []
    assert job.waits(30 * HOUR + 5 * MINUTE).words[1:] == ["Cron job report missed its run of 06:00"]


def test_each_missed_run_is_told_while_the_clock_goes_on() -> None:
    """Second by second no run is forgotten."""
    job = Job().says(0.0)
    for minute in range(4 * 60):
        job.waits(minute * MINUTE)
    assert [words[-5:] for words in job.words] == ["01:00", "02:00", "03:00"]
    assert len({one.event.event_id for one in job.told}) == 3
    assert len({one.grouping.hashes for one in job.told}) == 1


def test_the_time_is_told_in_the_zone_of_the_job() -> None:
    """Two o'clock is two o'clock where the job runs."""
    job = Job(MonitorConfig("crontab", "0 2 * * *", timezone="Asia/Tokyo")).says(0.0).waits(24 * HOUR)
    assert job.words == ["Cron job report missed its run of 02:00"]
    assert job.told[0].event.contexts["monitor"]["run"] == "2026-11-21T02:00:00+09:00"


def test_a_run_that_lasts_too_long_is_told() -> None:
    """A run in progress times out; that it ends after all is noted, and is no good run."""
    job = Job().says(0.0, "in_progress", "a" * 32).waits(10 * MINUTE - 1)
    assert job.words == []
    job.waits(10 * MINUTE)
    assert job.words == ["Cron job report did not end its run of 00:00 within 10 minutes"]
    job.says(15 * MINUTE, "ok", "a" * 32)
    assert (job.statuses, job.runs["a" * 32].duration, job.recovered) == (["timeout"], 15 * MINUTE, 0)


def test_a_script_ends_the_run_that_it_began() -> None:
    """Without an id a check-in is about the newest run in progress, or the one that took too long."""
    job = Job().says(0.0, "in_progress").says(5.0)
    assert (job.statuses, job.state.last_duration) == (["ok"], 5.0)
    job.says(HOUR, "in_progress").waits(HOUR + 10 * MINUTE).says(HOUR + 11 * MINUTE)
    assert job.statuses == ["ok", "timeout"]
    assert job.says(2 * HOUR).statuses == ["ok", "timeout", "ok"]


def test_a_failed_run_is_told_at_once() -> None:
    """The status `error` is enough; the event says which run, and links the trace."""
    job = Job().says(MINUTE, "error", "a" * 32, duration=4.0, release="2.4", trace_id="b" * 32)
    (told,) = job.told
    assert job.words == ["Cron job report failed its run of 00:00"]
    assert (told.event.level, told.event.release, told.event.environment) == ("error", "2.4", "production")
    assert told.event.contexts["trace"] == {"trace_id": "b" * 32}
    assert told.event.contexts["monitor"]["schedule"] == "At the start of every hour"
    assert told.event.tags == {"monitor.slug": "report", "monitor.status": "error"}


def test_failures_in_a_row_are_counted() -> None:
    """With a threshold of three the third failure in a row is told, whatever kind they are; a good run begins anew."""
    job = Job(replace(HOURLY, failure_issue_threshold=3)).says(0.0, "error").says(HOUR, "error").says(2 * HOUR)
    job.says(3 * HOUR, "error").waits(4 * HOUR + 5 * MINUTE)
    assert job.words == []
    job.says(5 * HOUR, "error").says(6 * HOUR, "error")
    assert job.words == ["Cron job report failed its run of 05:00", "Cron job report failed its run of 06:00"]


def test_a_job_recovers_after_enough_good_runs() -> None:
    """With a threshold of two the second good run in a row ends it; then the next failure is a new one."""
    job = Job(replace(HOURLY, recovery_threshold=2)).says(0.0, "error").says(HOUR).says(2 * HOUR, "error")
    assert job.says(3 * HOUR).recovered == 0
    assert job.says(4 * HOUR).recovered == 1
    assert not job.state.failing
    assert job.says(5 * HOUR).recovered == 1


def test_the_same_check_in_again_changes_nothing() -> None:
    """A run that ended stays as it ended."""
    job = Job().says(0.0, "error", "a" * 32).says(1.0, "ok", "a" * 32).says(2.0, "in_progress", "a" * 32)
    assert (job.statuses, len(job.told), job.recovered) == (["error"], 1, 0)


def test_a_run_a_little_early_is_the_expected_one() -> None:
    """Clocks differ by seconds: a run at five seconds to one is that of one."""
    job = Job().says(0.0).says(HOUR - 5)
    assert job.state.expected == START + 2 * HOUR
    assert job.waits(HOUR + 30 * MINUTE).words == []


def test_check_ins_that_waited_are_judged_by_their_own_time() -> None:
    """Check-ins that are digested late, and in any order, miss no run; the gap between them is one."""
    job = Job().says(0.0)
    said = [
        CheckIn(1, "report", "production", RunStatus.OK, "", f"{n:032x}", START + n * HOUR + 1) for n in (4, 2, 1, 5)
    ]
    job.judged(6 * HOUR, said)
    assert job.words == ["Cron job report missed its run of 03:00"]
    assert job.state.expected == START + 6 * HOUR
    assert not job.state.failing


def test_a_job_without_a_schedule_is_watched_all_the_same() -> None:
    """Nothing can be missed, but a run can fail or take too long."""
    job = Job(None).says(0.0)
    assert job.state.due is None
    job.says(HOUR, "error").says(2 * HOUR, "in_progress").waits(3 * HOUR)
    assert job.words == [
        "Cron job report failed its run of 01:00",
        "Cron job report did not end its run of 02:00 within 30 minutes",
    ]


def test_a_schedule_that_cannot_be_read_costs_no_failure() -> None:
    """The monitor says what is wrong, and its failures are told."""
    job = Job(MonitorConfig("crontab", "0 99 * * *")).says(0.0, "error")
    assert (job.state.expected, job.state.schedule) == (None, "0 99 * * *")
    assert "cannot be read" in job.state.problem
    assert len(job.told) == 1
    job.config = HOURLY
    assert (job.says(1.0).state.problem, job.state.expected) == ("", START + HOUR)


def test_a_paused_monitor_is_quiet() -> None:
    """Nothing is told while it is paused; when it is resumed the next run is expected from then on."""
    job = Job().says(0.0)
    job.monitor = replace(job.state, paused=True, expected=None, due=START)
    job.waits(HOUR).says(2 * HOUR, "error").says(3 * HOUR, "in_progress").waits(9 * HOUR)
    assert (job.words, job.statuses) == ([], ["ok", "error", "timeout"])
    job.monitor = replace(job.state, paused=False, expected=None, due=START)
    assert job.waits(9.5 * HOUR).words == []
    assert job.state.expected == START + 10 * HOUR


STEPS = st.lists(
    st.tuples(
        st.floats(0, 3 * HOUR),
        st.sampled_from(["ok", "error", "in_progress", "clock"]),
        st.sampled_from(["", "a" * 32, "b" * 32]),
    ),
    max_size=25,
)


@given(STEPS, st.sampled_from([HOURLY, NIGHTLY, None, replace(HOURLY, failure_issue_threshold=2)]))
def test_a_job_is_sound_after_any_course(steps: list[tuple[float, str, str]], config: MonitorConfig | None) -> None:
    """After anything the next look lies ahead of the last one, no event is told twice, and each is of a bad run."""
    job, now = Job(config).says(0.0), 0.0
    for wait, what, run_id in steps:
        now += wait
        job.waits(now) if what == "clock" else job.says(now, what, run_id)
        job.waits(now)
        assert job.state.due is None or job.state.due > START + now
    ids = [one.event.event_id for one in job.told]
    assert len(ids) == len(set(ids))
    bad = [run for run in job.runs.values() if run.status not in {RunStatus.OK, RunStatus.IN_PROGRESS}]
    assert len(ids) <= len(bad)
