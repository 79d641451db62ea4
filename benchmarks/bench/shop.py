"""A Flask application to be measured: `gunicorn "benchmarks.bench.shop:create('kaput', DSN, FOLDER)"`."""

import logging
import time
from collections.abc import Mapping

import sentry_sdk
from flask import Flask
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.scrubber import EventScrubber

from flask_kaput import Kaput

RECORDS = 100
EQUAL = (
    "both: local variables, source lines, request with personal data, installed packages, a filter of names at any",
    "depth, 200 log records from INFO on, errors and records of level ERROR; neither: sessions, client reports",
)
"""What the options below come to, and what the extension does without any."""


def create(reporter: str, dsn: str, folder: str) -> Flask:
    """Returns the application with one reporter: nobody, sentry or kaput."""
    if reporter == "sentry":
        _init(dsn)
    app = Flask("shop", instance_path=folder)
    log = logging.getLogger("shop")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    log.setLevel(logging.INFO)
    if reporter == "kaput":
        Kaput(app, dsn=dsn)
    _add_views(app)
    return app


def _init(dsn: str) -> None:
    """Begins sentry_sdk with the usual integrations and Flask's, and otherwise with what the extension does."""
    sentry_sdk.init(
        dsn=dsn,
        auto_enabling_integrations=False,
        integrations=[FlaskIntegration(), LoggingIntegration(level=logging.INFO, event_level=logging.ERROR)],
        include_local_variables=True,
        include_source_context=True,
        send_default_pii=True,
        event_scrubber=EventScrubber(recursive=True, send_default_pii=True),
        max_breadcrumbs=200,
        environment="production",
        auto_session_tracking=False,
        send_client_reports=False,
        enable_backpressure_handling=False,
    )


def _add_views(app: Flask) -> None:
    @app.get("/empty")
    def empty() -> str:
        return ""

    @app.get("/5ms")
    def busy() -> str:
        time.sleep(0.005)
        return ""

    @app.get("/talk")
    def talk() -> str:
        for number in range(RECORDS):
            app.logger.info("step %d", number)
        return ""

    @app.get("/fail")
    def fail() -> str:
        return _deeper({"number": 7, "lines": ["apples", "pears"], "owner": {"name": "Ann"}}, 10)


def _deeper(basket: Mapping[str, object], depth: int) -> str:
    if depth:
        return _deeper({**basket, "depth": depth}, depth - 1)
    raise LookupError(f"no price for {basket}")
