"""A shop in which each of the seven things can go wrong that Flask's page "Application Errors" begins with.

Out: an application that answers each as one would wish; `test_situations.py` breaks it, with real faults.
"""

import errno
import os
import sqlite3
import textwrap
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from flask import Flask, request
from werkzeug.exceptions import BadGateway, GatewayTimeout, HTTPException, ServiceUnavailable

import flask_kaput


class InsufficientStorage(HTTPException):
    """RFC 4918, section 11.5: the disk is full."""

    code = 507
    description = "There is no room for this now. Please try again later."


def add_shop(app: Flask, database: Path, backend: str) -> None:
    """Adds the shop to an application that has Kaput.

    Args:
        app: the application.
        database: file of its orders.
        backend: address of another service.
    """
    _add_views(app, database, backend)

    @app.errorhandler(sqlite3.OperationalError)
    def busy(_: Exception) -> Any:
        return flask_kaput.answer(ServiceUnavailable(retry_after=5))

    @app.errorhandler(OSError)
    def storage(error: OSError) -> Any:
        if error.errno == errno.ENOSPC:
            return flask_kaput.answer(InsufficientStorage())
        raise error

    @app.errorhandler(ConnectionError)
    def unreachable(_: Exception) -> Any:
        return flask_kaput.answer(GatewayTimeout())


def _add_views(app: Flask, database: Path, backend: str) -> None:
    @app.post("/photo")
    def photo() -> str:
        return f"{len(request.get_data())} bytes"

    @app.get("/order")
    def order() -> str:
        connection = sqlite3.connect(database, timeout=0)
        try:
            connection.execute("INSERT INTO orders VALUES (1)")
        finally:
            connection.close()
        return "ordered"

    @app.get("/export")
    def export() -> str:
        with Path("/dev/full").open("w") as disk:  # the kernel answers ENOSPC to each write
            disk.write("orders")
        return "written"

    @app.get("/archive")
    def archive() -> str:
        memory = os.open("/proc/self/mem", os.O_RDONLY)  # the kernel answers EIO where nothing is
        try:
            return os.read(memory, 1).hex()
        finally:
            os.close(memory)

    @app.get("/price")
    def price() -> str:
        try:
            with urllib.request.urlopen(f"{backend}/price", timeout=5) as answer:
                return str(answer.read())
        except urllib.error.HTTPError as error:
            error.close()
            raise BadGateway from error

    @app.get("/invoice")
    def invoice() -> str:
        return "\n".join(textwrap.wrap(None))  # type: ignore[arg-type]  # the library fails within

    @app.get("/courier")
    def courier() -> str:
        try:
            with urllib.request.urlopen("http://127.0.0.1:1/", timeout=5) as answer:
                return str(answer.read())
        except urllib.error.URLError as error:
            raise error.reason from None  # type: ignore[misc]  # a connection that was refused
