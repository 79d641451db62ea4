"""A client that posts events over a plain connection and remembers which of them were acknowledged."""

import http.client
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


def error_event(event_id: str, **values: Any) -> dict[str, Any]:
    """Returns an event with one exception and one frame."""
    frame = {"filename": "shop.py", "function": "price", "lineno": 8, "in_app": True, "context_line": "fail()"}
    exception = {"type": "KeyError", "value": "'sku-9'", "stacktrace": {"frames": [frame]}}
    return {"event_id": event_id, "platform": "python", "exception": {"values": [exception]}, **values}


def envelope(*events: dict[str, Any]) -> bytes:
    """Returns the bytes of an envelope."""
    lines = ["{}"]
    for event in events:
        lines += ['{"type":"event"}', json.dumps(event)]
    return "\n".join(lines).encode()


@dataclass
class Poster:
    """Posts from several threads until it is stopped; a failed connection is only another try for the next event."""

    dsn: str
    acknowledged: set[str] = field(default_factory=set)
    stopped: threading.Event = field(default_factory=threading.Event)

    def post(self, connection: http.client.HTTPConnection, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        """Posts one envelope and returns status and answer."""
        parts = urlsplit(self.dsn)
        auth = {"X-Sentry-Auth": f"Sentry sentry_key={parts.username}, sentry_version=7, sentry_client=test/1"}
        connection.request("POST", f"/api{parts.path}/envelope/", body, auth | headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")

    def connect(self) -> http.client.HTTPConnection:
        """Opens a connection."""
        parts = urlsplit(self.dsn)
        return http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=30)

    @contextmanager
    def posting(self, threads: int) -> Iterator[None]:
        """Posts for as long as the block lasts."""
        running = [threading.Thread(target=self._post_all) for _ in range(threads)]
        for thread in running:
            thread.start()
        try:
            yield
        finally:
            self.stopped.set()
            for thread in running:
                thread.join()

    def _post_all(self) -> None:
        while not self.stopped.is_set():
            with suppress(OSError, http.client.HTTPException):
                connection = self.connect()
                try:
                    while not self.stopped.is_set():
                        event_id = secrets.token_hex(16)
                        status, answer = self.post(connection, envelope(error_event(event_id)))
                        if status == 200:
                            assert answer["id"] == event_id
                            self.acknowledged.add(event_id)
                finally:
                    connection.close()
