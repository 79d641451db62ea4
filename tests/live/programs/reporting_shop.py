"""A shop that fails on purpose and reports to the server of SHOP_DSN: `gunicorn reporting_shop:app`."""

import os

from flask import Flask

from flask_kaput import Kaput

app = Flask(__name__, instance_path=os.environ["SHOP_FOLDER"])
kaput = Kaput(app, dsn=os.environ["SHOP_DSN"])


@app.get("/")
def index() -> str:
    """Answers."""
    return "open"


@app.get("/pay/<int:order>")
def pay(order: int) -> str:
    """Fails."""
    basket = {"order": order, "card_number": "4111 1111 1111 1111"}
    app.logger.warning("paying %d", order)
    raise LookupError(f"no order {basket['order']}")
