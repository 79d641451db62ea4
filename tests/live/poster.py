"""A client that posts events over a plain connection."""

import http.client
import json
from dataclasses import dataclass
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
    """Posts one envelope at a time."""

    dsn: str

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
