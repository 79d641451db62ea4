"""A home of a tracker for tests, and the requests that reach it."""

from pathlib import Path
from typing import Any

from flask_kaput.embedded.home import Home
from kaput.config import load


def home(data: Path, *, debug: bool = False, admins: tuple[str, ...] = (), **settings: Any) -> Home:
    """Makes the home of an application called shop, with its tracker at `/kaput`."""
    given = {f"KAPUT_{name.upper()}": str(value) for name, value in settings.items()}
    made = load({"KAPUT_DATA": str(data), "KAPUT_DIGEST_PROCESSES": "1", **given}, {}).settings
    return Home("shop", made, "/kaput", admins, lambda: debug)
