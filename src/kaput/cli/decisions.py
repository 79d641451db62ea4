"""What `kaput issue` may decide before it shows the issue: the options, and what they mean.

In: options. Out: decisions. For `cli/issues.py`.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from kaput.store.base import Accounts, Assign, Decision, Mute, Prioritise, Priority, Reopen, Resolution, Resolve

Function = TypeVar("Function", bound=Callable[..., Any])

NEXT, NOBODY = "next", "nobody"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LENGTH = re.compile(r"([1-9][0-9]{0,5})([smhdw])", re.ASCII)
_EVENTS = re.compile(r"([1-9][0-9]{0,6})(?:/([0-9]+[smhdw]))?", re.ASCII)
LARGEST_WINDOW = 10_000


class Length(click.ParamType[int]):
    """A length of time such as 30m or 7d, in seconds."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Reads it; fails with what would be one."""
        match = _LENGTH.fullmatch(str(value))
        if match is None:
            self.fail(f"{value!r} is no length of time; write 30m, 12h, 7d or 2w.", param, ctx)
        return int(match[1]) * _UNITS[match[2]]


class Events(click.ParamType[Mute]):
    """A number of events, or so many in a window: 100 or 100/1h."""

    name = "events"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Mute:
        """Reads it; fails with what would be one."""
        match = _EVENTS.fullmatch(str(value))
        if match is None or (match[2] and int(match[1]) > LARGEST_WINDOW):
            self.fail(f"{value!r} is no number of events; write 100, or 100/1h (at most {LARGEST_WINDOW}).", param, ctx)
        window = Length().convert(match[2], param, ctx) if match[2] else None
        return Mute(events=int(match[1]), window=window)


def decision_options(function: Function) -> Function:
    """Gives a command the options that decide about an issue."""
    users = click.IntRange(1, 1_000_000)
    options = (
        click.option("--resolve", is_flag=True, help="It is mended: the next event reopens it."),
        click.option("--resolve-in", metavar="RELEASE", help="Older ones do not reopen it; also `next`."),
        click.option("--mute", is_flag=True, help="For good: it counts, and tells nobody."),
        click.option("--mute-for", type=Length(), metavar="LENGTH", help="For 30m, 12h, 7d or 2w."),
        click.option("--mute-events", type=Events(), metavar="N[/LENGTH]", help="Until so many more: 100, or 100/1h."),
        click.option("--mute-users", type=users, metavar="N", help="Until so many more users."),
        click.option("--assign", metavar="EMAIL", help="Who takes care of it; `nobody` ends that."),
        click.option("--priority", type=click.Choice([one.name.lower() for one in Priority]), help="How urgent it is."),
        click.option("--reopen", is_flag=True, help="Neither mended nor muted."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def decision_of(options: dict[str, Any], accounts: Accounts, now: float) -> Decision | None:
    """Returns what the options decide; None when they decide nothing.

    Raises:
        click.UsageError: they say two things at once.
    """
    readers: dict[str, Callable[[Any], Decision]] = {
        "resolve": lambda _: Resolve(),
        "resolve_in": lambda name: Resolve(Resolution.NEXT) if name == NEXT else Resolve(Resolution.RELEASE, name),
        "mute": lambda _: Mute(),
        "mute_for": lambda seconds: Mute(until=now + seconds),
        "mute_events": lambda mute: mute,
        "mute_users": lambda users: Mute(users=users),
        "assign": lambda email: Assign(_account(accounts, email)),
        "priority": lambda name: Prioritise(Priority[name.upper()]),
        "reopen": lambda _: Reopen(),
    }
    made = [read(options[name]) for name, read in readers.items() if options[name]]
    if len(made) > 1:
        raise click.UsageError("One decision at a time: give one of the options that decide.")
    return made[0] if made else None


def _account(accounts: Accounts, email: str) -> int | None:
    if email == NOBODY:
        return None
    found = next((one.id for one in accounts.all() if one.email == email), None)
    if found is None:
        raise click.UsageError(f"There is no account {email!r}; `kaput user add` makes one.")
    return found
