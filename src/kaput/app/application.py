"""Puts the web application together.

In: an open installation and a writer of the buffer. Out: an ASGI application, and what its thread has to do.
`serve/web.py` runs it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from kaput.accept import asgi
from kaput.accept.auth import Keys
from kaput.accept.door import Door
from kaput.accept.limits import Limits
from kaput.app.front import Front, create_front
from kaput.app.gateway import Gateway
from kaput.app.keytable import KeyTable
from kaput.app.page import create_page
from kaput.app.pressure import Pressure
from kaput.app.standstill import Standstill
from kaput.buffer.base import Lanes
from kaput.errors import KaputError
from kaput.installation import Installation

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Application:
    """The web application of one process.

    Attributes:
        front: the ASGI application.
        beat: has to be called twice a second: keys follow the database, the overload answer the disk.
        load: loads the code of the page, which the first request for it would wait for otherwise.
        close: ends the threads of the page.
        keys: the keys of this moment.
        refuses: whether all clients are refused at this moment.
    """

    front: Front
    beat: Callable[[], None]
    load: Callable[[], object]
    close: Callable[[], object]
    keys: Callable[[], Keys]
    refuses: Callable[[], bool]


@dataclass
class _Beat:
    """What is done twice a second, and what kept it from being done the last time."""

    actions: tuple[Callable[[], None], ...]
    failures: list[str] = field(default_factory=lambda: ["Kaput is starting."])

    def __call__(self) -> None:
        failures = []
        for action in self.actions:
            try:
                action()
            except KaputError as error:
                failures.append(str(error))
            except Exception as error:  # noqa: BLE001 - if the beat stopped, keys and overload would stand still for good
                failures.append(f"{type(error).__name__}: {error}")
        if failures and failures != self.failures:
            _log.warning("%s", "; ".join(failures))
        self.failures = failures


def create_application(installation: Installation, lanes: Lanes, crowd: Callable[[], int]) -> Application:
    """Makes the web application of an installation, which appends to lanes of its buffer.

    Args:
        installation: an open one.
        lanes: of its buffer.
        crowd: answers how many clients are connected.
    """
    settings = installation.settings
    keys = KeyTable(installation.store.projects)
    pressure = Pressure(settings, installation.backlog, failure=lanes.failure)
    standstill = Standstill(installation.store.batches.positions, pressure.waiting)
    beat = _Beat((keys.refresh, pressure.measure, standstill.measure))
    limits = Limits(
        max_body=settings.max_body, max_unpacked=settings.max_unpacked, max_attachment=settings.max_attachment
    )
    door = Door(lanes, keys, limits, installation.clock, pressure, crowd=crowd)
    gateway = Gateway(
        lambda: create_page(installation, lambda: [*pressure.problems(), *standstill.problems()]),
    )
    # A full disk or a backlog is no reason to be taken out of service: the answer to clients says what to do.
    front = create_front(
        settings,
        door.take,
        asgi.create(door),
        gateway,
        lambda: beat.failures if not keys().public else [],
    )
    return Application(front, beat, gateway.load, gateway.close, keys, lambda: pressure() is not None)
