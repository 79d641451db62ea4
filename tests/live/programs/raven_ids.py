"""A client program: the old raven client with all that it can say of an error, and a message; prints the ids it got.

Runs in an environment of its own, where raven 6.10.0 is.
"""

import sys

from raven import Client
from raven.transport.http import HTTPTransport


def price(cart: dict[str, str]) -> int:
    """Fails on a key that is missing."""
    prices = {"sku-1": 150}
    return prices[cart["sku"]]


def main() -> None:
    """Reports both, one after the other."""
    client = Client(sys.argv[1], release="2.4.1", environment="production", transport=HTTPTransport)
    client.user_context({"id": "u12"})
    client.tags_context({"checkout": "express"})
    client.captureBreadcrumb(category="cart", message="added sku-9", level="info")
    try:
        price({"sku": "sku-9"})
    except KeyError:
        print(client.captureException())
    print(client.captureMessage("%s is sold out", params=("sku-9",), level="warning"))


main()
