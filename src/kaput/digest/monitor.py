"""What check-ins and the clock mean for a job: which run failed, when the next one is expected, what is told of it.

In: a monitor as it is stored, its runs that matter, check-ins, the time. Out: the monitor as it is now, and an event
for each failure that is to be told. Pure; `serve/watch.py` reads and hands on.

A run is missed when nothing was heard of it until its expected time and the margin have passed; it has timed out when
it is in progress for longer than it may. When the clock jumps over several runs at once, since Kaput was not running,
the first of them is told and not each.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

from msgspec.structs import replace

from kaput.digest.schedule import Schedule, schedule
from kaput.model import (
    MINUTE,
    CheckIn,
    Digested,
    Event,
    Grouping,
    LogEntry,
    Monitor,
    MonitorConfig,
    Run,
    RunStatus,
    Title,
    Watched,
)

EARLY = 10.0
"""Seconds that a run may come before its time: the clocks of two machines differ."""
VERSION = "monitor"
LOGGER = "kaput.monitor"


def begun(check_in: CheckIn) -> Monitor:
    """Makes the monitor of a job that was not known yet."""
    key = "\0".join((VERSION, str(check_in.project_id), check_in.slug, check_in.environment))
    return Monitor(
        check_in.project_id,
        check_in.slug,
        check_in.environment,
        hash=_digest(key),
        created=check_in.received,
    )


def judge(
    monitor: Monitor, runs: Iterable[Run], check_ins: Sequence[CheckIn], now: float
) -> tuple[Watched, list[Digested]]:
    """Takes what was heard of a job, in the order of time, and then what the clock says.

    Args:
        monitor: as it was.
        runs: those in progress, those that the check-ins are about, and the newest one.
        check_ins: of this monitor; without any, only the clock is asked.
        now: the time until which the clock is asked when there is no check-in.

    Returns:
        The monitor as it is, and the events to be told.
    """
    course = _Course(monitor, runs, now)
    for check_in in sorted(check_ins, key=lambda one: one.received):
        course.pass_time(check_in.received)
        course.take(check_in)
    if not check_ins:
        course.pass_time(now)
    return course.result()


class _Course:
    """One monitor on its way through check-ins and time."""

    def __init__(self, monitor: Monitor, runs: Iterable[Run], now: float) -> None:
        self._monitor = monitor
        self._now = now
        self._runs = {run.run_id: run for run in runs}
        self._changed: set[str] = set()
        self._told: list[Digested] = []
        self._recovered = False
        self._schedule: Schedule | None = None
        self._read_schedule()

    def take(self, check_in: CheckIn) -> None:
        """Takes one check-in."""
        if check_in.config is not None and check_in.config != self._monitor.config:
            self._monitor = replace(self._monitor, config=check_in.config)
            self._read_schedule()
        run = self._run_of(check_in)
        if run is None:
            self._begin(check_in)
        elif run.status is RunStatus.IN_PROGRESS:
            self._end(run, check_in)
        elif run.status is RunStatus.TIMEOUT and run.duration is None and check_in.status is not RunStatus.IN_PROGRESS:
            # It was told as too long; that it came to an end after all is worth knowing, and no more.
            self._keep(replace(run, ended=check_in.received, duration=_duration(run, check_in)))

    def pass_time(self, now: float) -> None:
        """Ends what lasts too long, and finds a run that did not come."""
        limit = self._monitor.config.max_runtime
        for run in [run for run in self._runs.values() if run.status is RunStatus.IN_PROGRESS]:
            if run.started + limit <= now:
                self._finish(replace(run, status=RunStatus.TIMEOUT, ended=run.started + limit))
        expected, margin = self._monitor.expected, self._monitor.config.margin
        if self._monitor.paused or self._schedule is None:
            return
        if expected is None:
            self._expect(now)
        elif expected + margin <= now:
            self._expect(max(expected, now - margin))
            run_id = _digest(f"{self._monitor.hash} {expected}")
            self._finish(Run(run_id, RunStatus.MISSED, expected, ended=expected + margin))

    def result(self) -> tuple[Watched, list[Digested]]:
        """Returns what came of it."""
        monitor = replace(self._monitor, due=self._due())
        runs = [self._runs[run_id] for run_id in self._runs if run_id in self._changed]
        return Watched(monitor, tuple(runs), self._recovered and not monitor.failing), self._told

    def _read_schedule(self) -> None:
        config = self._monitor.config
        try:
            self._schedule, problem = schedule(config), ""
        except ValueError as error:
            self._schedule, problem = None, str(error)
        words = self._schedule.words if self._schedule else config.value
        expected = self._monitor.expected if self._schedule else None
        self._monitor = replace(self._monitor, schedule=words, problem=problem, expected=expected)

    def _run_of(self, check_in: CheckIn) -> Run | None:
        if check_in.run_id:
            return self._runs.get(check_in.run_id)
        if check_in.status is RunStatus.IN_PROGRESS:
            return self._runs.get(check_in.new_id)
        newest = max(self._runs.values(), key=lambda run: run.started, default=None)
        if newest is not None and newest.status is RunStatus.TIMEOUT and newest.duration is None:
            return newest
        running = [run for run in self._runs.values() if run.status is RunStatus.IN_PROGRESS]
        return max(running, key=lambda run: run.started, default=None)

    def _begin(self, check_in: CheckIn) -> None:
        expected, received = self._monitor.expected, check_in.received
        early = expected is not None and received < expected <= received + EARLY
        self._expect(expected if early and expected is not None else received)
        self._monitor = replace(self._monitor, last_run=received)
        run_id = check_in.run_id or check_in.new_id
        run = Run(run_id, RunStatus.IN_PROGRESS, received, None, None, check_in.release, check_in.trace_id)
        if check_in.status is RunStatus.IN_PROGRESS:
            self._keep(run)
            return
        began = received - (check_in.duration or 0.0)
        self._finish(replace(run, status=check_in.status, started=began, ended=received, duration=check_in.duration))

    def _end(self, run: Run, check_in: CheckIn) -> None:
        if check_in.status is RunStatus.IN_PROGRESS:
            return
        duration = _duration(run, check_in)
        trace_id = check_in.trace_id or run.trace_id
        self._finish(
            replace(run, status=check_in.status, ended=check_in.received, duration=duration, trace_id=trace_id)
        )

    def _finish(self, run: Run) -> None:
        """Counts a run that is over, and decides whether it is told."""
        self._keep(run)
        self._monitor = replace(self._monitor, status=run.status, last_duration=run.duration)
        if self._monitor.paused:
            return
        if run.status is RunStatus.OK:
            self._succeed()
        else:
            self._fail(run)

    def _succeed(self) -> None:
        successes = self._monitor.successes + 1
        over = self._monitor.failing and successes >= self._monitor.config.recovery_threshold
        self._recovered = self._recovered or over
        failing = self._monitor.failing and not over
        self._monitor = replace(self._monitor, successes=successes, failures=0, failing=failing)

    def _fail(self, run: Run) -> None:
        failures = self._monitor.failures + 1
        failing = self._monitor.failing or failures >= self._monitor.config.failure_issue_threshold
        self._monitor = replace(self._monitor, successes=0, failures=failures, failing=failing)
        if failing:
            zone = self._schedule.zone if self._schedule else UTC
            self._told.append(_told(self._monitor, run, zone, self._now))

    def _keep(self, run: Run) -> None:
        self._runs[run.run_id] = run
        self._changed.add(run.run_id)

    def _expect(self, after: float) -> None:
        """Says when the next run is."""
        expected = None
        if self._schedule is not None:
            try:
                expected = self._schedule.after(after)
            except (ValueError, OverflowError) as error:
                self._schedule = None
                self._monitor = replace(self._monitor, problem=str(error))
        self._monitor = replace(self._monitor, expected=expected)

    def _due(self) -> float | None:
        config = self._monitor.config
        running = [run.started for run in self._runs.values() if run.status is RunStatus.IN_PROGRESS]
        deadlines = [started + config.max_runtime for started in running]
        if self._monitor.expected is not None and not self._monitor.paused:
            deadlines.append(self._monitor.expected + config.margin)
        return min(deadlines, default=None)


def _duration(run: Run, check_in: CheckIn) -> float:
    return max(0.0, check_in.received - run.started) if check_in.duration is None else check_in.duration


def _told(monitor: Monitor, run: Run, zone: tzinfo, now: float) -> Digested:
    """Makes the event of a failed run; the same run has the same event at every try."""
    words = _words(monitor, run, zone)
    contexts = {"monitor": _context(monitor, run, zone)}
    if run.trace_id:
        contexts["trace"] = {"trace_id": run.trace_id}
    event = Event(
        event_id=_digest(f"{monitor.hash} {run.run_id} {run.status}"),
        timestamp=min(run.ended or now, now),
        received=now,
        logger=LOGGER,
        release=run.release,
        environment=monitor.environment,
        logentry=LogEntry(formatted=words),
        tags={"monitor.slug": monitor.slug, "monitor.status": run.status.value},
        contexts=contexts,
    )
    grouping = Grouping(VERSION, (monitor.hash,), f"cron job: {monitor.slug} in {monitor.environment}")
    return Digested(monitor.project_id, event, grouping, Title("", words, monitor.environment))


def _words(monitor: Monitor, run: Run, zone: tzinfo) -> str:
    began = datetime.fromtimestamp(run.started, zone).strftime("%H:%M")
    if run.status is RunStatus.MISSED:
        return f"Cron job {monitor.slug} missed its run of {began}"
    if run.status is RunStatus.TIMEOUT:
        return f"Cron job {monitor.slug} did not end its run of {began} within {_time(monitor.config.max_runtime)}"
    return f"Cron job {monitor.slug} failed its run of {began}"


def _context(monitor: Monitor, run: Run, zone: tzinfo) -> dict[str, object]:
    config: MonitorConfig = monitor.config
    known: dict[str, object] = {
        "slug": monitor.slug,
        "status": run.status.value,
        "schedule": monitor.schedule,
        "timezone": str(zone),
        "run": datetime.fromtimestamp(run.started, zone).isoformat(timespec="seconds"),
        "duration": run.duration,
        "check_in_id": run.run_id,
        "checkin_margin": _time(config.margin),
        "max_runtime": _time(config.max_runtime),
        "failures_in_a_row": monitor.failures,
    }
    return {name: value for name, value in known.items() if value not in {None, ""}}


def _time(seconds: float) -> str:
    if seconds % MINUTE:
        return f"{seconds:g} seconds"
    minutes = int(seconds // MINUTE)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
