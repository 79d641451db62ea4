"""The line between the supervisor and a child: settings come over it, and its end is the supervisor's end.

In: the child's standard input. Out: `Orders`, then a call when the supervisor is gone. Who gives orders
imports `encode`, who takes them the rest.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from kaput.config import Settings, Share, Size

GRACE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Orders:
    """What a child is told.

    Attributes:
        socket: descriptor of the listening socket, for the web process.
        address: `http://host:port` as it listens.
        announce: print where it listens and how to begin; at the first start only.
    """

    settings: Settings
    socket: int
    address: str
    announce: bool


def encode(orders: Orders) -> str:
    """Returns the orders as one line."""
    given = asdict(orders)
    given["settings"] = {name: _written(value) for name, value in given["settings"].items()}
    return json.dumps(given) + "\n"


def receive() -> Orders | None:
    """Waits for the orders; None when the supervisor ended before it gave any."""
    line = sys.stdin.buffer.readline()
    return decode(json.loads(line)) if line else None


def decode(given: Mapping[str, Any]) -> Orders:
    """Returns the orders of a line."""
    values = dict(given["settings"])
    for item in fields(Settings):
        if item.name == "data":
            values["data"] = Path(values["data"])
        elif isinstance(item.default, Size | Share):
            values[item.name] = _size(values[item.name])
        elif isinstance(item.default, tuple):
            values[item.name] = tuple(values[item.name])
    return Orders(Settings(**values), given["socket"], given["address"], given["announce"])


def _written(value: Any) -> Any:
    """Returns what JSON has for a value; a part is told from a number of bytes by its sign."""
    if isinstance(value, Share):
        return f"{value:d}%"
    return str(value) if isinstance(value, Path) else value


def _size(given: int | str) -> Size | Share:
    return Share(given.removesuffix("%")) if isinstance(given, str) else Size(given)


def end_with_supervisor() -> None:
    """Watches the line from a thread: at its end this process gets SIGTERM, and some seconds later ends anyway."""
    threading.Thread(target=_watch, name="kaput-lifeline", daemon=True).start()


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE_SECONDS)
    os._exit(1)
