"""The development server with the debugger that was chosen. In: an application, its settings. Out: a running server.

Debuggers interfere with each other, and with the reloader, which runs the application in a second process. And a
debugger runs what it is told: outside of debug mode, or where others can reach it, none is started. `extension.py`
hands the settings in.
"""

import sys
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from flask import Flask

from flask_kaput.documents import EXTERNAL_DEBUGGER
from flask_kaput.errors import ConfigurationError
from flask_kaput.settings import Settings

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is started beside the application.

    Attributes:
        use_debugger: Werkzeug's debugger.
        use_reloader: a second process that starts the application again when a file changes.
        listens: debugpy, to which an editor attaches.
        refused: why less is started than was asked for; empty when nothing was refused.
    """

    use_debugger: bool = False
    use_reloader: bool = False
    listens: bool = False
    refused: str = ""


def plan(debugger: str, host: str, *, debug: bool) -> Plan:
    """Decides what is started.

    Args:
        debugger: `werkzeug`, `debugpy`, or `none` for one that starts the process itself, as editors do.
        host: where the server will listen.
        debug: whether the application is in debug mode; without it there is never a debugger.
    """
    if not debug:
        asked = debugger == "debugpy"
        return Plan(refused="debugpy is not started: the application is not in debug mode" if asked else "")
    if debugger == "debugpy":
        return Plan(listens=True)
    if debugger == "none":
        return Plan()
    if is_loopback(host):
        return Plan(use_debugger=True, use_reloader=True)
    return Plan(use_reloader=True, refused=f"Werkzeug's debugger is not started: others can reach {host}")


def is_loopback(host: str) -> bool:
    """Answers whether only this machine reaches a host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def start(app: Flask, settings: Settings, host: str, port: int, options: dict[str, Any]) -> None:
    """Runs the development server until it is stopped.

    Raises:
        ConfigurationError: debugpy is asked for and not installed.
    """
    is_external = settings.debugger == "werkzeug" and app.config.get(EXTERNAL_DEBUGGER) is True
    chosen = plan("none" if is_external else settings.debugger, host, debug=app.debug)
    if chosen.refused:
        sys.stderr.write(f" * {chosen.refused}.\n")
    if chosen.listens:
        sys.stderr.write(f" * debugpy listens on {LOOPBACK}:{_listen(settings.debugger_port)}; attach to it.\n")
    app.run(
        host,
        port,
        debug=app.debug,
        use_debugger=chosen.use_debugger,
        use_reloader=chosen.use_reloader,
        **options,
    )


def _listen(port: int) -> int:
    """Has debugpy listen on this machine alone, since who attaches runs code; returns the port."""
    try:
        import debugpy  # it is there only where it is used
    except ImportError:
        problem = "KAPUT_DEBUGGER is debugpy, which is not installed. Install it: pip install kaput[debugpy]"
        raise ConfigurationError([problem]) from None
    _, bound = debugpy.listen((LOOPBACK, port))
    return int(bound)
