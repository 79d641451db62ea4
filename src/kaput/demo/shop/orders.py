"""Orders in a database of their own.

In: a cart. Out: a row. Fails, as ordered, while the stock is being counted. For `web.py`.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from kaput.demo.shop.cart import Cart

SCHEMA = "CREATE TABLE IF NOT EXISTS orders (cart INTEGER, customer TEXT, lines INTEGER)"
PATIENCE = 0.2


def create_orders(database: Path) -> None:
    """Makes the table when it is not there."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(SCHEMA)


def save_order(database: Path, cart: Cart) -> None:
    """Writes an order; waits a fifth of a second for whoever else is writing."""
    row = (cart.number, cart.customer, len(cart.lines))
    with closing(sqlite3.connect(database, timeout=PATIENCE)) as connection, connection:
        connection.execute("INSERT INTO orders VALUES (?, ?, ?)", row)


def save_order_during_stocktaking(database: Path, cart: Cart) -> None:
    """Writes an order while another connection holds the whole database."""
    with closing(sqlite3.connect(database, isolation_level=None)) as stocktaking:
        stocktaking.execute("BEGIN EXCLUSIVE")
        save_order(database, cart)
