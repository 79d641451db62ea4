"""A shop with the tracker inside, for a server with many processes.

`gunicorn embedded_shop:app`, with its folder in SHOP_FOLDER and the port of the mail server in SHOP_MAIL.
"""

import os

from flask import Flask, render_template_string, request

from flask_kaput import Kaput

PAGE = """<!doctype html><html data-dsn="{{ dsn }}"><title>Shop</title><link rel="icon" href="data:,">
<button id="pay">Pay</button><button id="order">Order</button><button id="ask">Ask</button><output></output>
<script src="/assets/shop.min.js"></script></html>"""

app = Flask("shop", instance_path=os.environ["SHOP_FOLDER"], static_folder=os.environ["SHOP_FOLDER"] + "/assets")
app.static_url_path = "/assets"
app.config.update(ADMINS=["ops@example.org"], MAIL_DEFAULT_SENDER="shop@example.org")
if "SHOP_MAIL" in os.environ:
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=int(os.environ["SHOP_MAIL"]))
Kaput(app)


@app.get("/")
def index() -> str:
    """Answers that all is well, by this process."""
    return str(os.getpid())


@app.get("/pay/<number>")
def pay(number: str) -> str:
    """Fails, each time with another number in the message."""
    raise ValueError(f"no price for order {number}")


@app.get("/shop")
def shop() -> str:
    """A page whose script reports with the DSN of the query."""
    return render_template_string(PAGE, dsn=request.args["dsn"])
