"""The broken shop as a real process, reporting through the real sentry-sdk to a receiver of ours."""

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from subprocess import PIPE, Popen
from typing import Any

import brotli
import pytest

PATIENCE = 60.0


@dataclass(frozen=True)
class Running:
    """A shop that runs, and what its SDK reported."""

    port: int
    events: "Queue[dict[str, Any]]"

    def post(self, path: str) -> tuple[int, str]:
        """Presses a button; returns status and page."""
        return self.ask("POST", path)

    def ask(self, method: str, path: str) -> tuple[int, str]:
        """Sends one request; returns status and page."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def events_of(envelope: bytes) -> Iterator[dict[str, Any]]:
    """Yields the events of an envelope as the SDK writes it: every item has its length."""
    _, _, rest = envelope.partition(b"\n")
    while rest:
        header, _, rest = rest.partition(b"\n")
        item = json.loads(header)
        payload, rest = rest[: item["length"]], rest[item["length"] + 1 :]
        if item["type"] == "event":
            yield json.loads(payload)


@pytest.fixture(scope="module")
def events() -> Iterator["tuple[int, Queue[dict[str, Any]]]"]:
    """A receiver: its port, and the events that clients sent it."""
    queue: Queue[dict[str, Any]] = Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for event in events_of(brotli.decompress(body)):
                queue.put(event)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object) -> None:
            """Stays quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], queue
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def shop(events: "tuple[int, Queue[dict[str, Any]]]", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The shop's process, reporting to the receiver."""
    port, queue = events
    orders = tmp_path_factory.mktemp("shop") / "orders.db"
    command = [
        sys.executable,
        "-m",
        "kaput.demo.shop",
        "--dsn",
        f"http://key@127.0.0.1:{port}/1",
        "--orders",
        str(orders),
    ]
    command += [
        "--kaput",
        "http://tracker.test",
        "--mailbox",
        "http://mails.test",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
    ]
    with Popen(command, stdout=PIPE, stderr=PIPE, text=True) as process:
        threading.Thread(target=process.stderr.read, daemon=True).start() if process.stderr else None
        assert process.stdout is not None
        yield Running(json.loads(process.stdout.readline())["page"], queue)
        process.terminate()


@pytest.mark.parametrize(
    ("button", "types", "function", "local"),
    [
        ("key", ["KeyError"], "price_cart", "line"),
        ("division", ["ZeroDivisionError"], "average_rating", "given"),
        ("lock", ["OperationalError"], "save_order", "row"),
        ("refused", ["ConnectionRefusedError", "PaymentFailed"], "charge", "gateway_password"),
        ("template", ["UndefinedError"], "top-level template code", None),
        ("recursion", ["RecursionError"], "way_to", "parents"),
    ],
)
def test_each_button_fails_for_real(
    shop: Running, button: str, types: list[str], function: str, local: str | None
) -> None:
    """A button answers 500 with the shop's own page, and the SDK reports the exception with its local variables."""
    status, page = shop.post(f"/try/{button}")
    event = shop.events.get(timeout=PATIENCE)
    chain = event["exception"]["values"]
    frame = [frame for frame in chain[-1]["stacktrace"]["frames"] if frame["in_app"]][-1]
    assert (status, "This went wrong, as ordered" in page) == (500, True)
    assert types == [exception["type"] for exception in chain]
    assert function == frame["function"]
    assert local is None or local in frame["vars"]
    assert event["user"]["email"].endswith("@example.org")
    assert shop.events.empty()


def test_lock_is_gone_after_the_failure(shop: Running) -> None:
    """The database is locked again at the next press, not still: each press fails in the order, not in the counting."""
    reported = []
    for _ in range(2):
        shop.post("/try/lock")
        frames = shop.events.get(timeout=PATIENCE)["exception"]["values"][-1]["stacktrace"]["frames"]
        reported.append(frames[-1]["function"])
    assert reported == ["save_order", "save_order"]


def test_pages_lead_to_the_tracker_and_the_mails(shop: Running) -> None:
    """The front page and the page of a failure link to where the failure can be seen."""
    front, wrong = shop.ask("GET", "/"), shop.post("/try/key")
    shop.events.get(timeout=PATIENCE)
    for status, page in (front, wrong):
        assert status in {200, 500}
        assert 'href="http://tracker.test"' in page
        assert 'href="http://mails.test"' in page


def test_unknown_button_is_not_found(shop: Running) -> None:
    """An address that no button has is a 404 and no event."""
    assert shop.post("/try/nothing")[0] == 404
    assert shop.events.empty()


def test_port_in_use_ends_the_process_with_a_message(shop: Running, tmp_path: Path) -> None:
    """A second shop at the same port ends with a line that names the port."""
    command = [sys.executable, "-m", "kaput.demo.shop", "--dsn", "http://key@127.0.0.1:9/1"]
    command += ["--orders", str(tmp_path / "orders.db"), "--kaput", "http://a.test", "--mailbox", "http://b.test"]
    with Popen(
        [*command, "--host", "127.0.0.1", "--port", str(shop.port)], stdout=PIPE, stderr=PIPE, text=True
    ) as second:
        output, errors = second.communicate(timeout=PATIENCE)
    assert (second.returncode, output) == (1, "")
    assert str(shop.port) in errors
