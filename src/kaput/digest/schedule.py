"""When a job runs next, and how its schedule is said in words.

In: what a client says of the schedule, and a time. Out: the time of the next run, words. Pure; only `monitor.py`
imports it. Crontabs are read by cronsim, which follows Debian's cron over changes of daylight-saving time too: a run in
the hour that is left out comes right after it, and one in the hour that comes twice comes once, unless it runs every
hour.
"""

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from kaput.model import MonitorConfig

MOST_YEARS = 10
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
SHORT = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
"""Units that are the same at any time of the year."""
LONG = {"day": timedelta(days=1), "week": timedelta(weeks=1)}
MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule that was understood.

    Attributes:
        words: `At 02:00 every day`, `every 5 minutes`.
        after: answers the first run after a time, both in seconds since the epoch.
        zone: in which a time is told to people.
    """

    words: str
    after: Callable[[float], float]
    zone: tzinfo


@lru_cache(maxsize=256)
def schedule(config: MonitorConfig) -> Schedule | None:
    """Reads a schedule; None when the job has none.

    Raises:
        ValueError: with what is wrong, fit to be shown.
    """
    if not (config.type or config.value):
        return None
    zone = _zone(config.timezone)
    if config.type == "crontab":
        return _crontab(NICKNAMES.get(config.value, config.value), zone)
    if config.type == "interval":
        return _interval(config.value, config.unit, zone)
    raise ValueError(f"{config.type!r} is no type of schedule; it is crontab or interval.")


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"There is no time zone {name!r}; give a name such as Europe/Berlin.") from None


def _crontab(text: str, zone: tzinfo) -> Schedule:
    from cronsim import CronSim, CronSimError

    def after(seconds: float) -> float:
        try:
            return next(CronSim(text, datetime.fromtimestamp(seconds, zone))).timestamp()
        except StopIteration:
            raise ValueError(f"The crontab {text!r} has no run in the next 50 years.") from None

    if len(text.split()) != 5:
        raise ValueError(f"The crontab {text!r} has not five fields; write it as 0 2 * * *.")
    try:
        words = CronSim(text, datetime(2000, 1, 1, tzinfo=zone)).explain()
    except CronSimError as error:
        raise ValueError(f"The crontab {text!r} cannot be read: {error}.") from None
    after(0.0)
    return Schedule(words, after, zone)


def _interval(value: str, unit: str, zone: tzinfo) -> Schedule:
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 9 else 0
    unit = unit.removesuffix("s")
    if unit not in {*SHORT, *LONG, *MONTHS}:
        raise ValueError(f"{unit!r} is no unit of an interval; it is minute, hour, day, week, month or year.")
    step = _step(number, unit, zone)
    if not number or step(0.0) > MOST_YEARS * 366 * 86_400:
        raise ValueError(f"An interval of {value!r} {unit}s cannot be kept; send 1 minute to {MOST_YEARS} years.")
    return Schedule(f"every {unit}" if number == 1 else f"every {number} {unit}s", step, zone)


def _step(number: int, unit: str, zone: tzinfo) -> Callable[[float], float]:
    """Makes the function that adds an interval: hours as they pass, days and more as the clock on the wall shows."""
    if unit in SHORT:
        seconds = number * SHORT[unit].total_seconds()
        return lambda start: start + seconds
    if number > 400 * MOST_YEARS:  # longer than any interval that is kept; the calendar has an end
        return lambda _: float("inf")

    def on_the_wall(start: float) -> float:
        local = datetime.fromtimestamp(start, zone)
        moved = local + number * LONG[unit] if unit in LONG else _months_later(local, number * MONTHS[unit])
        # Arithmetic keeps the wall's time; by way of UTC a time that is left out becomes one that there is.
        return moved.astimezone(UTC).timestamp()

    return on_the_wall


def _months_later(local: datetime, months: int) -> datetime:
    years, month = divmod(local.month - 1 + months, 12)
    year = local.year + years
    return local.replace(year=year, month=month + 1, day=min(local.day, calendar.monthrange(year, month + 1)[1]))
