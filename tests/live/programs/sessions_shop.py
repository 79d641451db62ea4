"""A client program: a Flask application whose requests are sessions, or a run that is one, by the SDK alone."""

import sys

import sentry_sdk
from flask import Flask

shop = Flask(__name__)


@shop.get("/")
def front() -> str:
    """Answers."""
    return "ok"


@shop.get("/handled")
def handled() -> str:
    """Reports an error and answers all the same."""
    sentry_sdk.capture_exception(TimeoutError("the bank"))
    return "ok"


@shop.get("/broken")
def broken() -> str:
    """Fails."""
    raise ZeroDivisionError("division by zero")


def main() -> None:
    """Makes the requests that are named, or one session that ends with an error, and waits until all is sent."""
    dsn, release, *paths = sys.argv[1:]
    sentry_sdk.init(dsn=dsn, release=release, environment="production")
    if paths:
        for path in paths:
            shop.test_client().get(path)
    else:
        scope = sentry_sdk.get_isolation_scope()
        scope.start_session()
        sentry_sdk.capture_exception(KeyError("sku-9"))
        scope.end_session()
    sentry_sdk.flush(30)


main()
