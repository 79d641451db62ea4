"""The front: who came, under which address, and which part answers."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from kaput.accept.door import Done
from kaput.accept.request import Caller, Request
from kaput.app.front import Front, Message, Receive, Scope, Send, create_front
from kaput.config import Settings

NETWORKS = ("10.0.0.0/8", "::1")
PROXY = ("10.0.0.1", 4711)
STRANGER = ("192.0.2.66", 4711)


class Part:
    """An application that notes what reaches it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Notes the scope."""
        del receive, send
        self.scopes.append(scope)


class Door:
    """A front between two parts, and what it answered itself."""

    def __init__(self, *, url: str = "", trusted: Sequence[str] = NETWORKS, missing: Sequence[str] = ()) -> None:
        settings = Settings(url=url, trusted_proxies=tuple(trusted))
        self.ingest, self.pages = Part("ingest"), Part("pages")
        self.front: Front = create_front(settings, self._take, self.ingest, self.pages, lambda: missing)
        self.sent: list[Message] = []
        self.taken: list[Request] = []

    def _take(self, caller: Caller, body: bytes, done: Done) -> bool:
        del body, done
        self.taken.append(caller.request)
        return True

    def ask(self, path: str, peer: tuple[str, int] | None = STRANGER, **fields: Any) -> Scope | None:
        """Sends a request, and returns the scope that a part was given."""
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "scheme": "http",
            "client": peer,
            "headers": [(b"host", b"kaput.test")],
        } | fields
        self.ingest.scopes.clear()
        self.pages.scopes.clear()
        self.sent.clear()
        asyncio.run(self.front(scope, _nothing, self._send))
        return next(iter(self.ingest.scopes + self.pages.scopes), None)

    def forwarded(self, *headers: tuple[str, str], peer: tuple[str, int] | None = PROXY) -> Scope:
        """Sends a request with headers of a proxy, and returns the scope that the page was given."""
        raw = [(b"host", b"inner:9110"), *((f"x-forwarded-{name}".encode(), text.encode()) for name, text in headers)]
        scope = self.ask("/issues", peer, headers=raw)
        assert scope is not None
        return scope

    async def _send(self, message: Message) -> None:
        self.sent.append(message)


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


@pytest.mark.parametrize(
    ("url", "path", "part", "seen"),
    [
        ("", "/api/1/envelope/", "ingest", "/api/1/envelope/"),
        ("", "/api/0/issues/", "pages", "/api/0/issues/"),
        ("", "/", "pages", "/"),
        ("https://x/kaput", "/kaput/api/1/store/", "ingest", "/api/1/store/"),
        ("https://x/kaput", "/api/1/store/", "ingest", "/api/1/store/"),
        ("https://x/kaput/", "/kaput", "pages", "/kaput"),
        ("https://x/kaput", "/kaput/issues", "pages", "/kaput/issues"),
        ("https://x/kaput", "/issues", "pages", "/kaput/issues"),
        ("https://x/kaput", "/kaputt", "pages", "/kaput/kaputt"),
        ("https://x/a/b", "/a/b/api/1/store/", "ingest", "/api/1/store/"),
        ("https://x/api", "/api/api/1/store/", "ingest", "/api/1/store/"),
        ("https://x/api", "/api/1/store/", "ingest", "/api/1/store/"),
        ("https://x/api", "/issues", "pages", "/api/issues"),
    ],
)
def test_a_prefix_is_taken_off_or_not(url: str, path: str, part: str, seen: str) -> None:
    """Whether the proxy took the prefix off or not, accept sees the bare path and the page the whole one."""
    door = Door(url=url)
    scope = door.ask(path)
    assert scope is not None
    assert scope["path"] == seen
    assert [bool(door.ingest.scopes), bool(door.pages.scopes)] == [part == "ingest", part == "pages"]
    assert scope["root_path"] == Settings(url=url).url.removeprefix("https://x").rstrip("/")


def test_strangers_forward_nothing() -> None:
    """Of a peer that is no trusted proxy no X-Forwarded-* header counts; nor of one without an address."""
    for peer in (STRANGER, None, ("not an address", 1)):
        door = Door()
        headers = (("for", "1.2.3.4"), ("proto", "https"), ("host", "evil.test"), ("prefix", "/evil"))
        scope = door.forwarded(*headers, peer=peer)
        assert (scope["client"], scope["scheme"], scope["root_path"]) == (peer, "http", "")
        assert [value for name, value in scope["headers"] if name == b"host"] == [b"inner:9110"]


def test_a_trusted_proxy_is_believed() -> None:
    """Address, scheme, host and prefix are what the proxy says; there is one host header."""
    scope = Door().forwarded(("for", "192.0.2.7"), ("proto", "HTTPS"), ("host", "errors.test"), ("prefix", "/kaput/"))
    assert (scope["client"], scope["scheme"], scope["root_path"]) == (("192.0.2.7", 0), "https", "/kaput")
    assert scope["path"] == "/kaput/issues"
    assert [value for name, value in scope["headers"] if name == b"host"] == [b"errors.test"]


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        (["192.0.2.7"], "192.0.2.7"),
        (["6.6.6.6, 192.0.2.7"], "192.0.2.7"),
        (["6.6.6.6", "192.0.2.7"], "192.0.2.7"),
        (["6.6.6.6, 192.0.2.7, 10.0.0.9"], "192.0.2.7"),
        (["192.0.2.7", "10.0.0.9"], "192.0.2.7"),
        (["10.0.0.8, 10.0.0.9"], "10.0.0.8"),
        ([" , 192.0.2.7 ,, "], "192.0.2.7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["192.0.2.7, ::1"], "192.0.2.7"),
        (["6.6.6.6, nonsense"], "10.0.0.1"),
        (["192.0.2.7:5000"], "10.0.0.1"),
        ([""], "10.0.0.1"),
    ],
)
def test_the_last_address_that_is_no_proxy_is_the_client(lines: list[str], client: str) -> None:
    """What a client writes into X-Forwarded-For itself stands before the truth and does not count."""
    assert Door().forwarded(*(("for", line) for line in lines))["client"][0] == client


@pytest.mark.parametrize("name", ["proto", "host", "prefix"])
def test_the_last_value_counts(name: str) -> None:
    """A value that the client sent and the proxy added to is not believed."""
    real = {"proto": "https", "host": "real.test", "prefix": "/real"}[name]
    for headers in ([(name, f"http, {real}")], [(name, "http"), (name, real)]):
        scope = Door().forwarded(*headers)
        host = next(value.decode() for key, value in scope["headers"] if key == b"host")
        assert {"proto": scope["scheme"], "host": host, "prefix": scope["root_path"]}[name] == real


@pytest.mark.parametrize("proto", ["", "gopher", "https://", "javascript"])
def test_a_strange_scheme_is_left_out(proto: str) -> None:
    """Only http and https are schemes."""
    assert Door().forwarded(("proto", proto))["scheme"] == "http"


@pytest.mark.parametrize("peer", ["::1", "::ffff:10.1.2.3", "10.255.255.255"])
def test_networks_of_both_families(peer: str) -> None:
    """A proxy is known by IPv6, and by IPv4 also when the socket shows it as IPv6."""
    assert Door().forwarded(("for", "192.0.2.7"), peer=(peer, 1))["client"][0] == "192.0.2.7"
    assert Door(trusted=()).forwarded(("for", "192.0.2.7"), peer=(peer, 1))["client"][0] == peer


def test_a_query_of_any_bytes() -> None:
    """Bytes that no query may hold are escaped; one that is right stays as it is."""
    door = Door()
    for given, seen in ((b"q=%C3%A4&b=1+2", b"q=%C3%A4&b=1+2"), ("q=ä%20&x=1".encode(), b"q=%C3%A4%20&x=1")):
        scope = door.ask("/issues", query_string=given)
        assert scope is not None
        assert scope["query_string"] == seen


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/kaput/health/ready"])
def test_health(path: str) -> None:
    """The doors answer GET, HEAD without a body, and nothing else; below the prefix and beside it."""
    door = Door(url="https://x/kaput")
    assert door.ask(path) is None
    body = door.sent[1]["body"]
    assert (door.sent[0]["status"], json.loads(body)) == (200, {"status": "ok"})
    headers = dict(door.sent[0]["headers"])
    assert headers[b"cache-control"] == b"no-store"
    assert door.ask(path, method="HEAD") is None
    assert (door.sent[0]["status"], door.sent[1]["body"]) == (200, b"")
    assert dict(door.sent[0]["headers"]) == headers
    assert door.ask(path, method="POST") is None
    assert (door.sent[0]["status"], dict(door.sent[0]["headers"])[b"allow"]) == (405, b"GET, HEAD")


def test_what_is_missing_is_told() -> None:
    """While something is missing, `ready` is 503 and says what; `live` stays 200."""
    door = Door(missing=["The database is locked."])
    door.ask("/health/ready")
    assert door.sent[0]["status"] == 503
    assert json.loads(door.sent[1]["body"])["problems"] == ["The database is locked."]
    door.ask("/health/live")
    assert door.sent[0]["status"] == 200


def test_other_protocols_are_left_alone() -> None:
    """A scope that is no request reaches nobody."""
    door = Door()
    assert door.ask("/issues", type="websocket") is None
    assert door.sent == []
