"""Payment through a gateway on the network.

In: an amount, the gateway's address. Out: nothing. Fails, as ordered, because nobody listens there. For `web.py`.
"""

import json
import secrets
from decimal import Decimal
from http.client import HTTPConnection

from kaput.demo.shop.cart import Customer

PATIENCE = 2.0


class PaymentFailed(Exception):
    """The customer was not charged."""


def charge(gateway: tuple[str, int], customer: Customer, amount: Decimal) -> None:
    """Asks the gateway for the money; raises PaymentFailed when it does not answer."""
    host, port = gateway
    gateway_password = secrets.token_urlsafe(12)
    body = json.dumps({"customer": customer.id, "amount": str(amount)})
    connection = HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("POST", "/charges", body, {"X-Gateway-Password": gateway_password})
        connection.getresponse().read()
    except OSError as error:
        raise PaymentFailed(f"The gateway at {host}:{port} did not answer; {customer.id} was not charged.") from error
    finally:
        connection.close()
