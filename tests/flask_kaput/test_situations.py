"""Seven situations in which an application fails, each with a real fault: its page, its status and its report."""

import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from flask import Flask

from tests.flask_kaput.applications import application
from tests.flask_kaput.receiver import Receiver, receiving
from tests.flask_kaput.situations import add_shop
from tests.flask_kaput.test_error_page_browser import serving

PAGE = {"Accept": "text/html"}


@contextmanager
def overloaded() -> Iterator[str]:
    """Runs a service that answers 503, and gives its address."""

    class Busy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answers."""
            self.send_error(503)

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Busy)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def shop(receiver: Receiver, folder: Path, **config: bool) -> Iterator[Flask]:
    """Gives the shop, with a database that another program holds and a service that is overloaded."""
    database = folder / "orders.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as other, overloaded() as backend:
        other.execute("CREATE TABLE orders (id)")
        other.execute("BEGIN EXCLUSIVE")
        with application(dsn=receiver.dsn, report_aborts=True, config=config) as app:
            add_shop(app, database, backend)
            yield app


@pytest.mark.parametrize(
    ("path", "status", "title", "kind", "handled"),
    [
        ("/order", 503, "Not available now", "OperationalError", True),
        ("/export", 507, "This did not work", "OSError", True),
        ("/archive", 500, "Something broke here", "OSError", False),
        ("/price", 502, "Another server failed", "BadGateway", True),
        ("/invoice", 500, "Something broke here", "AttributeError", False),
        ("/courier", 504, "Another server is too slow", "ConnectionRefusedError", True),
    ],
    ids=["database", "disk-full", "disk-broken", "backend", "library", "network"],
)
def test_a_situation_has_its_page_and_its_report(
    path: str,
    status: int,
    title: str,
    kind: str,
    handled: bool,
    tmp_path: Path,
) -> None:
    """The person sees what happened and a number, and the event with that number tells why."""
    with receiving() as receiver, shop(receiver, tmp_path) as app:
        answer = app.test_client().get(path, headers=PAGE)
        [event] = receiver.wait(1)
    value = event["exception"]["values"][-1]
    assert (answer.status_code, value["type"], value["mechanism"]["handled"]) == (status, kind, handled)
    assert f"<h1>{title}</h1>" in answer.text
    event_id = event["event_id"]
    assert f"{event_id[:4]}-{event_id[4:8]}-{event_id[8:12]}" in answer.text
    assert answer.headers.get("Retry-After") == ("5" if status == 503 else None)


@pytest.mark.parametrize("config", [{}, {"TRAP_BAD_REQUEST_ERRORS": True}])
def test_a_client_that_went_away_is_no_error(config: dict[str, bool], tmp_path: Path) -> None:
    """Who closes the connection while the application reads is not reported, however bad requests are treated."""
    with receiving() as receiver, shop(receiver, tmp_path, **config) as app, serving(app) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"POST /photo HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000\r\n\r\nbeginning")
            client.shutdown(socket.SHUT_WR)
            answer = client.makefile("rb").readline()
        app.test_client().get("/invoice")
        [event] = receiver.wait(1)
    assert answer.split()[1] == (b"500" if config else b"400")
    assert event["exception"]["values"][-1]["type"] == "AttributeError"
