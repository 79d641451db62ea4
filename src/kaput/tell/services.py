"""The way out to any service that Apprise knows: Slack, Discord, Teams, Telegram, PagerDuty, Opsgenie, ntfy and others.

In: short texts of `tell/brief.py`. Out: what each service makes of them; every failure as `DeliveryFailed` with its
words. Imported by `tell/routes.py`, `tell/courier.py` and the roots.

Each message goes by a process of its own, `tell/courier.py`: Apprise's memory is taken for the second that it is used,
and a service that hangs is ended.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import msgspec
from msgspec import Struct

from kaput.errors import DeliveryFailed

LONGEST = 40.0
"""Seconds that one message may take; within it the service has its own limits for connecting and answering."""

COURIER = "kaput.tell.courier"

MessageKind = Literal["failure", "warning", "info"]


class Brief(Struct, frozen=True):
    """One message; services show `kind` by colour or urgency."""

    title: str
    body: str
    kind: MessageKind


class Errand(Struct, frozen=True):
    """What the courier is asked. Without a body the address is only read.

    Attributes:
        networks: private networks that may be reached.
    """

    url: str
    title: str
    body: str
    kind: MessageKind
    networks: list[str]


class Outcome(Struct, frozen=True):
    """What came of it.

    Attributes:
        service: how Apprise calls the service: `Slack`.
        words: why not, without secrets.
        about_this: the service refused this message, and may take others.
    """

    done: bool
    service: str = ""
    words: str = ""
    about_this: bool = False


class ServiceChannel:
    """One address in Apprise's form: https://github.com/caronc/apprise/wiki."""

    def __init__(self, url: str, networks: Sequence[str], longest: float = LONGEST) -> None:
        self._url = url
        self._networks = list(networks)
        self._longest = longest

    @contextmanager
    def connect(self) -> Iterator[Callable[[Brief], None]]:
        """Gives what sends one message after the other."""
        yield self._send

    def _send(self, brief: Brief) -> None:
        """Sends one message.

        Raises:
            DeliveryFailed: see `outbox.Channel`.
        """
        outcome = _run(Errand(self._url, brief.title, brief.body, brief.kind, self._networks), self._longest)
        if not outcome.done:
            raise DeliveryFailed(outcome.words, away=not outcome.about_this)


def service_of(url: str) -> str:
    """Returns how the service of an address is called.

    Raises:
        ValueError: no service has an address like this; fit to be shown.
    """
    given = url.strip()
    if "://" not in given or not given.isprintable():
        raise ValueError("The address of a service looks like slack://... or ntfys://...; Apprise's wiki lists them.")
    outcome = _run(Errand(given, "", "", "info", []), LONGEST)
    if not outcome.done:
        raise ValueError(outcome.words)
    return outcome.service


def _run(errand: Errand, longest: float) -> Outcome:
    """Starts the courier and waits for it; raises DeliveryFailed when it does not answer."""
    command = [sys.executable, "-m", COURIER]
    try:
        done = subprocess.run(
            command, input=msgspec.json.encode(errand), capture_output=True, timeout=longest, check=False
        )
        return msgspec.json.decode(done.stdout, type=Outcome)
    except subprocess.TimeoutExpired:
        raise DeliveryFailed(f"The service did not answer within {longest:g} s.", away=True) from None
    except (OSError, msgspec.DecodeError) as error:
        raise DeliveryFailed(f"Apprise failed: {type(error).__name__}. Run: kaput check", away=True) from None
