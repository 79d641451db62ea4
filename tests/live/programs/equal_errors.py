"""A client program: the same exception N times, through the unmodified sentry-sdk; prints when the first was raised."""

import sys
import time

import sentry_sdk


def price(cart: dict[str, str], password: str) -> int:
    """Fails on a key that is missing, with a secret among its locals."""
    prices = {"sku-1": 150}
    account = {"name": "joe", "password": password}
    return prices[cart["sku"]] + len(account)


def main() -> None:
    """Reports the failures and waits until they are sent."""
    dsn, count = sys.argv[1], int(sys.argv[2])
    sentry_sdk.init(dsn=dsn, release="2.4.1", environment="production", default_integrations=False)
    sentry_sdk.set_user({"id": "u12"})
    print(time.time())
    for _ in range(count):
        try:
            price({"sku": "sku-9"}, "hunter2-secret")
        except KeyError:
            sentry_sdk.capture_exception()
    sentry_sdk.flush(30)


main()
