"""One event goes to the server. In: its JSON. Out: what the server said, as an `Outcome`.

The protocol: https://develop.sentry.dev/sdk/foundations/transport/envelopes/ and .../rate-limiting/. Only `sender.py`'s
thread calls it; no request waits for it.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlsplit

import certifi
import urllib3
from urllib3.exceptions import HTTPError

from flask_kaput.settings import Settings
from flask_kaput.transport import kind_of

CONNECT_SECONDS, READ_SECONDS = 2.0, 8.0
LONGEST_PAUSE = 3600.0
"""Seconds; what a server asks for beyond it is cut."""
DEFAULT_PAUSE = 60.0
"""Seconds after a 429 that names none."""
CLIENT = "kaput.flask"
_LEVEL = 3
_CATEGORIES = {"", "error", "default"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an event.

    Attributes:
        kept: True when the server has it; False when it must be tried again.
        refused: the server will never take it.
        pause: seconds in which the server wants nothing; 0: go on.
        away: why the server could not be reached or could not work; "" when it answered as it should.
    """

    kept: bool = False
    refused: bool = False
    pause: float = 0.0
    away: str = ""


class Delivery:
    """The server of one DSN, over connections that stay open."""

    def __init__(self, settings: Settings, version: str) -> None:
        parts = urlsplit(settings.dsn)
        self._url = endpoint(parts)
        self._headers = {
            "Content-Type": "application/x-sentry-envelope",
            "Content-Encoding": "gzip",
            "User-Agent": f"{CLIENT}/{version}",
            "X-Sentry-Auth": (
                f"Sentry sentry_key={parts.username}, sentry_version=7, sentry_client={CLIENT}/{version}"
            ),
        }
        self._pool = _pool(settings)

    def post(self, event_id: str, payload: bytes, lost: Mapping[str, int]) -> Outcome:
        """Sends an event, and by reason what was lost before it; never raises."""
        body = envelope(event_id, payload, lost, datetime.now(UTC))
        try:
            response = self._pool.request("POST", self._url, body=body, headers=self._headers)
        except (HTTPError, OSError, ValueError) as error:
            return Outcome(away=f"{type(error).__name__}: {error}")
        return outcome(response.status, {name.lower(): value for name, value in response.headers.items()})

    def knock(self) -> str:
        """Asks whether the server takes this key, with an envelope that holds nothing; returns why not, or ""."""
        headers = {name: value for name, value in self._headers.items() if name != "Content-Encoding"}
        try:
            status = self._pool.request("POST", self._url, body=b"{}\n", headers=headers).status
        except (HTTPError, OSError, ValueError) as error:
            return f"it cannot be reached: {error}. Compare KAPUT_DSN with where the server listens."
        if status in {401, 403}:
            return f"it refuses the key ({status}). Compare KAPUT_DSN with what `kaput dsn` prints."
        return f"it answered {status}. Look at its log." if status >= 400 else ""

    def close(self) -> None:
        """Closes the connections."""
        self._pool.clear()


def endpoint(dsn: SplitResult) -> str:
    """Returns the address for envelopes of a DSN; a path before the project stays."""
    prefix, _, project = dsn.path.rpartition("/")
    host = f"[{dsn.hostname}]" if ":" in (dsn.hostname or "") else dsn.hostname
    port = f":{dsn.port}" if dsn.port else ""
    return f"{dsn.scheme}://{host}{port}{prefix}/api/{project}/envelope/"


def envelope(event_id: str, payload: bytes, lost: Mapping[str, int], now: datetime) -> bytes:
    """Returns the body of a request, compressed with gzip."""
    sent = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    parts = [
        json.dumps({"event_id": event_id, "sent_at": sent}).encode(),
        json.dumps({"type": kind_of(payload), "content_type": "application/json", "length": len(payload)}).encode(),
        payload,
    ]
    if lost:
        discarded = [{"reason": why, "category": "error", "quantity": number} for why, number in lost.items()]
        report = json.dumps({"timestamp": sent, "discarded_events": discarded}).encode()
        parts += [json.dumps({"type": "client_report", "length": len(report)}).encode(), report]
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(b"\n".join(parts) + b"\n") + packer.flush()


def outcome(status: int, headers: Mapping[str, str]) -> Outcome:
    """Returns what an answer means; names of headers are in lower case."""
    pause = pause_of(status, headers)
    if 200 <= status < 300:
        return Outcome(kept=True, pause=pause)
    if status == 429:
        return Outcome(pause=pause)
    if status in {400, 413, 415, 422}:
        return Outcome(refused=True, pause=pause)
    return Outcome(pause=pause, away=f"it answered {status}")


def pause_of(status: int, headers: Mapping[str, str]) -> float:
    """Returns the seconds in which the server wants no errors, from its limits, else from Retry-After."""
    limits = headers.get("x-sentry-rate-limits", "")
    pauses = [_seconds(limit) for limit in limits.split(",") if _concerns_errors(limit)]
    if pauses:
        return max(pauses)
    if "retry-after" in headers and status >= 400 and not limits:
        return _seconds(headers["retry-after"]) or DEFAULT_PAUSE
    return DEFAULT_PAUSE if status == 429 and not limits else 0.0


def _concerns_errors(limit: str) -> bool:
    fields = limit.strip().split(":")
    return len(fields) > 1 and not _CATEGORIES.isdisjoint(fields[1].split(";"))


def _seconds(text: str) -> float:
    try:
        seconds = float(text.strip().split(":")[0])
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), LONGEST_PAUSE)


def _pool(settings: Settings) -> urllib3.PoolManager:
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    authorities = str(settings.ca) if settings.ca else certifi.where()
    if settings.proxy:
        return urllib3.ProxyManager(settings.proxy, timeout=timeout, retries=False, ca_certs=authorities)
    return urllib3.PoolManager(timeout=timeout, retries=False, ca_certs=authorities)
