"""The front: who came, under which address, and which part answers.

In: ASGI messages. Out: the answer of the ingest path, of a health door, or of the page. `app/application.py` makes it.

A path prefix is taken off whether the proxy did so already or not. X-Forwarded-* headers count from trusted proxies
only; of several addresses in X-Forwarded-For the last one that is no trusted proxy is the client.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import quote, urlsplit

from kaput.accept.route import is_ingest
from kaput.config import Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Network = IPv4Network | IPv6Network

LIVE = "/health/live"
READY = "/health/ready"


@dataclass(frozen=True, slots=True)
class Front:
    """One ASGI application made of three.

    Attributes:
        ingest: answers the SDKs.
        pages: answers everything else.
        ready: answers what keeps Kaput from taking events; nothing when it is ready.
        prefix: path that Kaput is mounted under, without a slash at the end; from KAPUT_URL.
        trusted: networks of proxies whose X-Forwarded-* headers count.
    """

    ingest: Application
    pages: Application
    ready: Callable[[], Sequence[str]]
    prefix: str
    trusted: tuple[Network, ...]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        scope = self._seen_by_client(scope)
        path = scope["path"].removeprefix(scope["root_path"]) or "/"
        if path == LIVE:
            await _answer(send, 200, {"status": "ok"})
        elif path == READY:
            missing = list(self.ready())
            status = {"status": "unavailable", "problems": missing} if missing else {"status": "ok"}
            await _answer(send, 503 if missing else 200, status)
        elif is_ingest(path):
            await self.ingest({**scope, "path": path}, receive, send)
        else:
            await self.pages(scope, receive, send)

    def _seen_by_client(self, scope: Scope) -> Scope:
        """Returns the scope as the client meant it: its address, the scheme, host and prefix it used."""
        headers = scope["headers"]
        changed: dict[str, Any] = {"query_string": _ascii(scope["query_string"])}
        prefix = self.prefix
        if self._trusts(scope["client"]):
            given = {name: value.decode("latin-1") for name, value in headers if name.startswith(b"x-forwarded-")}
            changed |= self._forwarded(given, scope)
            prefix = _prefix(given.get(b"x-forwarded-prefix", prefix))
        path = scope["path"]
        if not (prefix and (path == prefix or path.startswith(f"{prefix}/"))):
            path = prefix + path
        return {**scope, **changed, "root_path": prefix, "path": path}

    def _forwarded(self, given: dict[bytes, str], scope: Scope) -> dict[str, Any]:
        changed: dict[str, Any] = {}
        chain = [address.strip() for address in given.get(b"x-forwarded-for", "").split(",") if address.strip()]
        client = next((a for a in reversed(chain) if not self._trusts((a, 0))), chain[0] if chain else "")
        if _network_of(client) is not None:
            changed["client"] = (client, 0)
        scheme = given.get(b"x-forwarded-proto", "").split(",")[0].strip().lower()
        if scheme in {"http", "https"}:
            changed["scheme"] = scheme
        host = given.get(b"x-forwarded-host", "").split(",")[0].strip()
        if host:
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            changed["headers"] = [*others, (b"host", host.encode("latin-1"))]
        return changed

    def _trusts(self, client: Sequence[Any] | None) -> bool:
        address = _network_of(client[0]) if client else None
        return address is not None and any(address in network for network in self.trusted)


def create_front(
    settings: Settings, ingest: Application, pages: Application, ready: Callable[[], Sequence[str]]
) -> Front:
    """Makes the front as the settings say."""
    return Front(
        ingest=ingest,
        pages=pages,
        ready=ready,
        prefix=_prefix(urlsplit(settings.url).path),
        trusted=tuple(ip_network(network, strict=False) for network in settings.trusted_proxies),
    )


def _network_of(address: str) -> Any:
    try:
        return ip_address(address)
    except ValueError:
        return None


def _prefix(path: str) -> str:
    stripped = path.strip("/")
    return f"/{stripped}" if stripped else ""


def _ascii(query: bytes) -> bytes:
    """Escapes what no query may hold, and what the page's gateway would stumble over."""
    return query if query.isascii() else quote(query, safe="%&=+;/?:@!$'()*,~-._").encode("ascii")


async def _answer(send: Send, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers.append((b"cache-control", b"no-store"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
