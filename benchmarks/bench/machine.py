"""What a figure was measured on and with."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

PARTS = ("kaput", "uvicorn", "uvloop", "flask", "sqlalchemy", "msgspec", "zstandard", "google-re2", "sentry-sdk")


def machine() -> str:
    """Names processor, system and versions in two lines."""
    model = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "")
    parts = ", ".join(f"{name} {version(name)}" for name in PARTS)
    return (
        f"{os.cpu_count()} x {model.partition(':')[2].strip() or platform.machine()}, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}\n{parts}"
    )
