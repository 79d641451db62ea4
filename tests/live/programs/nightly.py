"""A client program: one run of a cron job under sentry-sdk's own decorator, good, failing, or killed in the middle."""

import os
import sys
from contextlib import suppress

import sentry_sdk
from sentry_sdk.crons import monitor

CONFIG = {
    "schedule": {"type": "crontab", "value": "0 2 * * *"},
    "timezone": "Europe/Berlin",
    "checkin_margin": 5,
    "max_runtime": 0.02,  # minutes
}


def main() -> None:
    """Runs the job once."""
    dsn, way = sys.argv[1:]
    sentry_sdk.init(dsn=dsn, default_integrations=False, auto_session_tracking=False, release="2.4.1")

    @monitor("Nightly Report", CONFIG)  # type: ignore[arg-type]  # the SDK types minutes as whole ones
    def report() -> None:
        if way == "killed":
            sentry_sdk.flush(30)
            os._exit(0)
        if way == "failing":
            raise RuntimeError("no paper")

    with suppress(RuntimeError):
        report()
    sentry_sdk.flush(30)


main()
