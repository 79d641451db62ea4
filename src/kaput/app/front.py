"""The front: who came, under which address, and which part answers.

In: ASGI messages, or an ordinary request to the ingest path that came whole. Out: the answer of the ingest path, of a
health door, or of the page. `app/application.py` makes it.

A path prefix is taken off whether the proxy did so already or not. X-Forwarded-* headers count from trusted proxies
only; of several addresses in X-Forwarded-For the last one that is no trusted proxy is the client. Of several values of
the others the last one counts: the proxy that spoke to Kaput wrote it, the first may be the client's own.
"""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import quote, urlsplit

from kaput.accept.door import Done
from kaput.accept.request import Caller, Request, named
from kaput.accept.route import is_ingest
from kaput.config import Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]
Peer = tuple[str, int]
Head = tuple[bytes, str | None, tuple[tuple[bytes, bytes], ...]]
Take = Callable[[Caller, bytes, Done], bool]
Network = IPv4Network | IPv6Network

HOST = re.compile(
    rb"(?:[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,99}\.?|\[[0-9a-f:.]{2,45}\])?(?::[0-9]{0,5})?", re.IGNORECASE
)
MOST_CALLERS, LONGEST_HEAD = 256, 2000  # heads, and bytes of one
LIVE = "/health/live"
READY = "/health/ready"


@dataclass(frozen=True, slots=True)
class Front:
    """One ASGI application made of three.

    Attributes:
        take: answers ordinary requests of SDKs; see `kaput.accept.door.Door.take`.
        ingest: answers all requests of SDKs.
        pages: answers everything else.
        ready: answers what keeps Kaput from taking events; nothing when it is ready.
        prefix: path that Kaput is mounted under, without a slash at the end; from KAPUT_URL.
        trusted: networks of proxies whose X-Forwarded-* headers count.
        callers: the heads that came lately; `kaput.accept.request.Caller`.
    """

    take: Take
    ingest: Application
    pages: Application
    ready: Callable[[], Sequence[str]]
    prefix: str
    trusted: tuple[Network, ...]
    callers: dict[Head, Caller] = field(default_factory=dict)

    def caller(self, target: bytes, headers: Headers, client: Peer | None) -> Caller | None:
        """Returns what is known of the head of a POST to the ingest path; None when it has to come as ASGI messages.

        Args:
            target: what stands in the request line.
            headers: names in lower case.
            client: address and port of the peer.
        """
        lines = tuple(header for header in headers if header[0] != b"content-length")
        head = (target, client and client[0], lines)
        caller = self.callers.get(head)
        if caller is None:
            request = self._request(target, lines, client)
            if request is None:
                return None
            caller = Caller(request)
            self._remember(head, caller)
        return caller

    def _request(self, target: bytes, headers: Headers, client: Peer | None) -> Request | None:
        """Returns the head of a request to the ingest path; nothing when it is another one, or not written plainly."""
        path, _, query = target.partition(b"?")
        if b"%" in path or not target.isascii():
            return None
        text = path.decode()
        if not is_ingest(text):
            text = text.removeprefix(self.prefix)
            if not is_ingest(text):
                return None
        address = client[0] if client else ""
        if self._trusts(client):
            address = self._behind(_forwarded(headers).get(b"x-forwarded-for", [])) or address
        return Request("POST", text, query.decode(), named(headers), b"", address)

    def _remember(self, head: Head, caller: Caller) -> None:
        """Keeps a head for the next time, within bounds."""
        if sum(len(name) + len(value) for name, value in head[2]) + len(head[0]) > LONGEST_HEAD:
            return
        if len(self.callers) >= MOST_CALLERS:
            self.callers.clear()
        self.callers[head] = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        scope = self._seen_by_client(scope)
        path = scope["path"].removeprefix(scope["root_path"]) or "/"
        if path in {LIVE, READY}:
            await self._report(path, scope["method"], send)
        elif is_ingest(path):
            await self.ingest({**scope, "path": path}, receive, send)
        elif not _is_host(scope["headers"]):
            # The page makes links of it; no SDK does.
            await _answer(send, scope["method"], 400, {"status": "The Host header names no host."})
        else:
            await self.pages(scope, receive, send)

    async def _report(self, path: str, method: str, send: Send) -> None:
        """Answers a health door."""
        if method not in {"GET", "HEAD"}:
            await _answer(send, method, 405, {"status": "This address takes GET and HEAD only."})
            return
        missing = list(self.ready()) if path == READY else []
        status = {"status": "unavailable", "problems": missing} if missing else {"status": "ok"}
        await _answer(send, method, 503 if missing else 200, status)

    def _seen_by_client(self, scope: Scope) -> Scope:
        """Returns the scope as the client meant it: its address, the scheme, host and prefix it used."""
        headers = scope["headers"]
        changed: dict[str, Any] = {"query_string": _ascii(scope["query_string"])}
        prefix = self.prefix
        if self._trusts(scope["client"]):
            given = _forwarded(headers)
            changed |= self._forwarded(given, scope)
            prefix = _prefix(given.get(b"x-forwarded-prefix", [prefix])[-1])
        path = scope["path"]
        # A prefix may itself be /api: then an ingest path had it taken off already.
        if is_ingest(path) or not (path == prefix or path.startswith(f"{prefix}/")):
            path = prefix + path
        return {**scope, **changed, "root_path": prefix, "path": path}

    def _behind(self, addresses: Sequence[str]) -> str:
        """Returns the client among the addresses of X-Forwarded-For, or an empty text."""
        chain = [address for address in addresses if address]
        client = next((a for a in reversed(chain) if not self._trusts((a, 0))), chain[0] if chain else "")
        return client if _address(client) is not None else ""

    def _forwarded(self, given: dict[bytes, list[str]], scope: Scope) -> dict[str, Any]:
        changed: dict[str, Any] = {}
        client = self._behind(given.get(b"x-forwarded-for", []))
        if client:
            changed["client"] = (client, 0)
        scheme = given.get(b"x-forwarded-proto", [""])[-1].lower()
        if scheme in {"http", "https"}:
            changed["scheme"] = scheme
        host = given.get(b"x-forwarded-host", [""])[-1]
        if host:
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            changed["headers"] = [*others, (b"host", host.encode("latin-1"))]
        return changed

    def _trusts(self, client: Sequence[Any] | None) -> bool:
        if not self.trusted:
            return False
        address = _address(client[0]) if client else None
        return address is not None and any(address in network for network in self.trusted)


def create_front(
    settings: Settings,
    take: Take,
    ingest: Application,
    pages: Application,
    ready: Callable[[], Sequence[str]],
) -> Front:
    """Makes the front as the settings say."""
    return Front(
        take=take,
        ingest=ingest,
        pages=pages,
        ready=ready,
        prefix=_prefix(urlsplit(settings.url).path),
        trusted=tuple(ip_network(network, strict=False) for network in settings.trusted_proxies),
    )


def _forwarded(headers: Headers) -> dict[bytes, list[str]]:
    """Returns the values of each X-Forwarded-* header, in the order in which they came."""
    given: dict[bytes, list[str]] = {}
    for name, value in headers:
        if name.startswith(b"x-forwarded-"):
            given.setdefault(name, []).extend(part.strip() for part in value.decode("latin-1").split(","))
    return given


def _address(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address)
    except ValueError:
        return None
    # A socket on all addresses sees IPv4 peers as ::ffff:192.0.2.1.
    return getattr(found, "ipv4_mapped", None) or found


def _is_host(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    return all(HOST.fullmatch(value) for name, value in headers if name == b"host")


def _prefix(path: str) -> str:
    stripped = path.strip("/")
    return f"/{stripped}" if stripped else ""


def _ascii(query: bytes) -> bytes:
    """Escapes what no query may hold, and what the page's gateway would stumble over."""
    return query if query.isascii() else quote(query, safe="%&=+;/?:@!$'()*,~-._").encode("ascii")


async def _answer(send: Send, method: str, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers.append((b"cache-control", b"no-store"))
    if status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
