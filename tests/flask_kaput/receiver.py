"""A small real server of the Sentry protocol, which keeps what it gets and answers what it is told to."""

import gzip
import json
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import brotli

UNPACKERS = {"gzip": gzip.decompress, "br": brotli.decompress, "deflate": zlib.decompress, "": bytes}


@dataclass
class Receiver:
    """What came, and what is answered.

    Attributes:
        gate: nothing is answered while it is shut (`clear`).
    """

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0
    gate: threading.Event = field(default_factory=threading.Event)
    came: threading.Condition = field(default_factory=threading.Condition)

    @property
    def dsn(self) -> str:
        """The DSN of its only project."""
        return f"http://key@127.0.0.1:{self.port}/1"

    def wait(self, count: int, seconds: float = 60.0) -> list[dict[str, Any]]:
        """Returns the events once there are so many; raises AssertionError when they do not come in time."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.events) >= count, seconds), (
                f"{len(self.events)} events came, {count} were awaited"
            )
            return list(self.events)

    def wait_for_feedback(self, count: int, seconds: float = 60.0) -> list[dict[str, Any]]:
        """Returns what people said about events, once there is so much; raises AssertionError as `wait` does."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.feedback) >= count, seconds), f"only {self.feedback} came"
            return [item["contexts"]["feedback"] for item in self.feedback]

    def take(self, body: bytes) -> None:
        """Keeps the events of an envelope."""
        lines = body.split(b"\n")
        with self.came:
            self.requests += 1
            if self.status == 200:
                pairs = zip(lines[1::2], lines[2::2], strict=False)
                items = [(json.loads(head)["type"], json.loads(item)) for head, item in pairs]
                self.events += [item for kind, item in items if kind == "event"]
                self.feedback += [item for kind, item in items if kind == "feedback"]
                self.reports += [item for kind, item in items if kind == "client_report"]
            self.came.notify_all()


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """Runs a receiver, on a free port unless one is given."""
    receiver = Receiver()
    receiver.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Takes an envelope and answers."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.gate.wait()
            # Who waits for a request may change the answer to the next one as soon as this one is counted.
            status, headers = receiver.status, receiver.headers
            receiver.take(UNPACKERS[self.headers.get("Content-Encoding", "")](body))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()
