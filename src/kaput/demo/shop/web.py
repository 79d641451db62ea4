"""The shop as a Flask application, reported by sentry-sdk as anybody would set it up.

In: a DSN, a database file, the addresses of Kaput and of the mailbox. Out: a page with buttons; behind each, real
code that fails for a real reason. For `__main__.py` and for tests.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import sentry_sdk
from flask import Flask, abort, current_app, g, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import InternalServerError
from werkzeug.wrappers import Response

from kaput.demo.shop.cart import Cart, Customer, Line
from kaput.demo.shop.categories import way_to
from kaput.demo.shop.orders import create_orders, save_order_during_stocktaking
from kaput.demo.shop.payment import charge
from kaput.demo.shop.pricing import average_rating, price_cart

RELEASE = "shop@2.4.1"
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"

PRICES: Mapping[str, Decimal] = MappingProxyType(
    {"mug": Decimal("7.50"), "kettle": Decimal("31.00"), "lamp": Decimal("24.90")}
)
SHELVES: Mapping[str, str] = MappingProxyType({"lamps": "light", "light": "lamps", "kettles": "kitchen"})
RATINGS: Mapping[str, Sequence[int]] = MappingProxyType({"mug": (5, 4, 4), "kettle": (5,), "lamp": ()})
CUSTOMERS = (
    Customer("u7", "ada@example.org", "pro"),
    Customer("u12", "grace@example.org", "free"),
    Customer("u31", "linus@example.org", "free"),
)


@dataclass(frozen=True)
class Fault:
    """One button: what it is called, what the shop tries, what it does."""

    name: str
    button: str
    story: str
    run: Callable[[], str]


def _price_unknown() -> str:
    return f"{price_cart(_cart('mug', 'teapot'), PRICES)} to pay"


def _rate_unrated() -> str:
    return f"{average_rating('lamp', RATINGS)} stars"


def _order_while_locked() -> str:
    save_order_during_stocktaking(current_app.config["ORDERS"], _cart("kettle"))
    return "Ordered"


def _pay_nobody() -> str:
    charge(current_app.config["GATEWAY"], g.customer, price_cart(_cart("kettle", "lamp"), PRICES))
    return "Paid"


def _print_receipt() -> str:
    return render_template("receipt.html", cart=_cart("mug", "lamp"), receipt={"number": 1041})


def _find_shelf() -> str:
    return " > ".join(way_to("lamps", SHELVES))


FAULTS = (
    Fault("key", "Buy a teapot", "The price list has no teapot: a key that is missing.", _price_unknown),
    Fault("division", "Rate the lamp", "Nobody rated it yet: a division by zero.", _rate_unrated),
    Fault("lock", "Order a kettle", "The stock is being counted: a locked database.", _order_while_locked),
    Fault("refused", "Pay", "The payment gateway is away: a refused connection, and what came of it.", _pay_nobody),
    Fault(
        "template",
        "Print the receipt",
        "The receipt wants a total nobody gave it: a bug in a template.",
        _print_receipt,
    ),
    Fault("recursion", "Find the lamps", "Two shelves stand in each other: a helper that recurses.", _find_shelf),
)


def create_shop(dsn: str, *, orders: Path, gateway: tuple[str, int], kaput: str, mailbox: str) -> Flask:
    """Makes the shop.

    Args:
        dsn: where its errors go.
        orders: the SQLite file for its orders.
        gateway: host and port of the payment gateway.
        kaput: address of the tracker's page, for a link.
        mailbox: address of the page with the mails, for a link.
    """
    sentry_sdk.init(dsn=dsn, release=RELEASE, environment="demo", in_app_include=["kaput.demo.shop"])
    create_orders(orders)
    here = Path(__file__).parent.parent
    shop = Flask("kaput.demo.shop", root_path=str(here))
    shop.config.update(ORDERS=orders, GATEWAY=gateway)
    shop.logger.setLevel("INFO")
    shop.context_processor(lambda: {"kaput": kaput, "mailbox": mailbox})
    shop.before_request(_greet)
    shop.after_request(_protect)
    shop.register_error_handler(InternalServerError, _show_fault)
    shop.add_url_rule("/", view_func=front)
    shop.add_url_rule("/try/<name>", view_func=attempt, methods=["POST"])
    return shop


def front() -> str:
    """Shows the goods and the buttons."""
    return render_template("shop.html", faults=FAULTS, prices=PRICES)


def attempt(name: str) -> str:
    """Does what a button asks for; every one fails."""
    fault = next((fault for fault in FAULTS if fault.name == name), None)
    if fault is None:
        abort(404)
    current_app.logger.info("%s wants to: %s", g.customer.id, fault.button)
    return fault.run()


def _greet() -> None:
    g.customer = secrets.choice(CUSTOMERS)
    sentry_sdk.set_user({"id": g.customer.id, "email": g.customer.email, "plan": g.customer.plan})


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _show_fault(error: InternalServerError) -> ResponseReturnValue:
    cause = error.original_exception or error
    return render_template("wrong.html", kind=type(cause).__name__, text=str(cause)), 500


def _cart(*skus: str) -> Cart:
    return Cart(3, g.customer.id, tuple(Line(sku, quantity) for quantity, sku in enumerate(skus, start=1)))
