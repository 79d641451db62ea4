"""Jobs that run by the clock: what their check-ins say, and what is known of each of them.

In: nothing. Out: frozen structs. Imported through `kaput.model`. Names are those of the protocol
(https://develop.sentry.dev/sdk/telemetry/check-ins/); its minutes are seconds here.
"""

from enum import StrEnum

from msgspec import Struct

MINUTE = 60


class RunStatus(StrEnum):
    """What became of one run of a job; clients say the first three, the clock says the others."""

    IN_PROGRESS = "in_progress"
    OK = "ok"
    ERROR = "error"
    MISSED = "missed"
    TIMEOUT = "timeout"


class MonitorConfig(Struct, frozen=True, omit_defaults=True):
    """When a job shall run, as its client says.

    Attributes:
        type: `crontab`, `interval`, or empty when the job has no schedule.
        value: the crontab's five fields, or how many units.
        unit: of an interval: minute, hour, day, week, month or year.
        timezone: name in the tz database, in which the crontab and days count.
        margin: seconds after the expected time before a run is missed.
        max_runtime: seconds that a run may take.
        failure_issue_threshold: how many runs in a row must fail before it is told.
        recovery_threshold: how many runs in a row must be good before it is over.
    """

    type: str = ""
    value: str = ""
    unit: str = ""
    timezone: str = "UTC"
    margin: float = MINUTE
    max_runtime: float = 30 * MINUTE
    failure_issue_threshold: int = 1
    recovery_threshold: int = 1


class CheckIn(Struct, frozen=True):
    """What one check-in says.

    Attributes:
        run_id: 32 hexadecimal digits of the run that it is about; empty for the newest run that is in progress.
        new_id: the run's id if it is a new one that came without; the same at every digest of the same record.
        received: when it was accepted, which is the time it counts for.
        config: None when the client leaves the monitor as it is.
    """

    project_id: int
    slug: str
    environment: str
    status: RunStatus
    run_id: str
    new_id: str
    received: float
    duration: float | None = None
    release: str = ""
    trace_id: str = ""
    config: MonitorConfig | None = None


class Run(Struct, frozen=True):
    """One run of a job.

    Attributes:
        started: when it began; for a missed one when it should have.
        ended: None while it is in progress.
        duration: seconds, if they are known.
    """

    run_id: str
    status: RunStatus
    started: float
    ended: float | None = None
    duration: float | None = None
    release: str = ""
    trace_id: str = ""


class Monitor(Struct, frozen=True):
    """A job in one environment, and how it is doing.

    Attributes:
        id: 0 while it is not stored.
        schedule: when it runs, in words.
        problem: why its schedule cannot be followed; empty when it can.
        paused: nothing is told of it.
        status: of the newest run that ended; None before the first one did.
        failing: an issue tells of it, and it did not recover yet.
        failures: runs in a row that were not good; `successes` likewise.
        last_run: when the newest run began, missed ones aside.
        expected: when the next run is; None when nobody can say.
        due: when somebody must look at it; None when nothing can happen without a check-in.
        hash: of its issue, 32 hexadecimal digits.
    """

    project_id: int
    slug: str
    environment: str
    hash: str
    created: float
    id: int = 0
    config: MonitorConfig = MonitorConfig()
    schedule: str = ""
    problem: str = ""
    paused: bool = False
    status: RunStatus | None = None
    failing: bool = False
    failures: int = 0
    successes: int = 0
    last_run: float | None = None
    last_duration: float | None = None
    expected: float | None = None
    due: float | None = None


class Watched(Struct, frozen=True):
    """A monitor after some check-ins or a deadline, to be stored.

    Attributes:
        monitor: as it is now.
        runs: those that are new or changed.
        recovered: its issue is over.
    """

    monitor: Monitor
    runs: tuple[Run, ...] = ()
    recovered: bool = False
