"""A client program: a Flask shop with the unmodified sentry-sdk, of either major version; asks a failing route once.

Prints the id that the SDK gave the event, and the status of the answer.
"""

import sys
from typing import Any

import sentry_sdk
from flask import Flask


def price(cart: dict[str, str]) -> int:
    """Fails on a key that is missing."""
    prices = {"sku-1": 150}
    return prices[cart["sku"]]


def pay() -> str:
    """Tells the SDK who pays what, and fails."""
    sentry_sdk.set_user({"id": "u12", "email": "joe@example.org"})
    sentry_sdk.set_tag("checkout", "express")
    sentry_sdk.add_breadcrumb(category="cart", message="added sku-9", level="info")
    sentry_sdk.set_level("fatal")
    return str(price({"sku": "sku-9"}))


def main() -> None:
    """Asks the route; the second argument is the compression, where the SDK knows of it."""
    dsn, *compression = sys.argv[1:]
    options: dict[str, Any] = {"_experiments": {"transport_compression_algo": compression[0]}} if compression else {}
    sentry_sdk.init(dsn=dsn, release="shop@2.4.1", environment="production", **options)
    app = Flask(__name__)
    app.add_url_rule("/pay", view_func=pay)
    app.teardown_request(lambda _error: print(sentry_sdk.last_event_id()))
    print(app.test_client().get("/pay?basket=7").status_code)
    sentry_sdk.flush(30)


main()
