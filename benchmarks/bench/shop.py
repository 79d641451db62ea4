"""A Flask application to be measured: `gunicorn "benchmarks.bench.shop:create('kaput', DSN, FOLDER)"`."""

import logging
import time
from collections.abc import Mapping

import sentry_sdk
from flask import Flask

from flask_kaput import Kaput

RECORDS = 100


def create(reporter: str, dsn: str, folder: str) -> Flask:
    """Returns the application with one reporter: nobody, sentry or kaput."""
    if reporter == "sentry":
        sentry_sdk.init(dsn=dsn, include_local_variables=True)
    app = Flask("shop", instance_path=folder)
    log = logging.getLogger("shop")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    log.setLevel(logging.INFO)
    if reporter == "kaput":
        Kaput(app, dsn=dsn)
    _add_views(app)
    return app


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
