"""The whole web application over a real installation, asked without a socket."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from kaput.app.application import Application, create_application
from kaput.app.front import Message, Scope
from kaput.app.gateway import Gateway
from kaput.app.keytable import KeyTable
from kaput.buffer.lanes import segment_lanes
from kaput.config import Settings, Size
from kaput.errors import StoreUnavailable
from kaput.installation import Installation, open_installation
from kaput.store.database import open_store


@dataclass
class Site:
    """An open installation and its web application."""

    installation: Installation
    application: Application

    def ask(self, path: str, *, body: bytes = b"", method: str = "GET", **headers: str) -> tuple[int, bytes]:
        """Sends one request, and returns status and body."""
        raw = [(b"host", b"kaput.test"), (b"content-length", str(len(body)).encode())]
        raw = [*raw, *((name.replace("_", "-").encode(), text.encode("latin-1")) for name, text in headers.items())]
        raw = list(dict(raw).items())
        sent = asyncio.run(ask(self.application.front, path, method, raw, body))
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])

    def send(self, key: str) -> int:
        """Sends an event with a key, and returns the status."""
        return self.ask(f"/api/1/store/?sentry_key={key}", body=b'{"message": "x"}', method="POST")[0]


async def ask(front: object, path: str, method: str, headers: list[tuple[bytes, bytes]], body: bytes) -> list[Message]:
    sent: list[Message] = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await asyncio.Event().wait()  # the client is silent
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    plain, _, query = path.partition("?")
    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": plain,
        "raw_path": plain.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "scheme": "http",
        "client": ("192.0.2.7", 1),
        "server": ("127.0.0.1", 9110),
        "headers": headers,
    }
    await front(scope, receive, send)  # type: ignore[operator]
    return sent


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a data directory as the first start makes it; to be copied."""
    data = tmp_path_factory.mktemp("template") / "data"
    with open_installation(Settings(data=data)):
        return data


@pytest.fixture
def site(tmp_path: Path, template: Path) -> Iterator[Site]:
    settings = Settings(data=copytree(template, tmp_path / "data"), max_backlog=Size(2000), max_attachment=Size(3000))
    with open_installation(settings) as installation:
        writer = segment_lanes(settings.spool, settings.segment_size, installation.clock)
        site = Site(installation, create_application(installation, writer, lambda: 1))
        yield site
        site.application.close()
        writer.close()


def key_of(site: Site) -> str:
    return site.installation.store.projects.keys(1)[0].public


def test_keys_follow_the_database(site: Site) -> None:
    """A key counts from the next beat on when it was added, and no longer when it was disabled."""
    first = key_of(site)
    assert site.send(first) in {401, 403}
    site.application.beat()
    assert site.send(first) == 200
    added = site.installation.store.projects.add_key(1, "second")
    assert site.send(added.public) in {401, 403}
    site.application.beat()
    assert site.send(added.public) == 200
    site.installation.store.projects.set_key_disabled(added.id, disabled=True)
    site.application.beat()
    assert site.send(added.public) in {401, 403}
    assert site.send(first) == 200


def test_the_settings_bound_what_is_attached(site: Site) -> None:
    """A file above KAPUT_MAX_ATTACHMENT is refused at the door."""
    site.application.beat()
    for size, expected in ((3000, 200), (3001, 413)):
        head = f'{{"event_id":"{size:032x}"}}\n{{"type":"attachment","length":{size}}}\n'
        path = f"/api/1/envelope/?sentry_key={key_of(site)}"
        assert site.ask(path, body=head.encode() + b"x" * size, method="POST")[0] == expected


def test_keys_stay_while_the_database_is_away(site: Site) -> None:
    """When the keys cannot be read, the last ones stay."""
    keys = KeyTable(site.installation.store.projects)
    keys.refresh()
    known = keys()
    path = site.installation.settings.database
    path.with_name("kaput.db-wal").unlink(missing_ok=True)
    store = open_store(path.with_name("none") / "kaput.db", site.installation.clock)
    with pytest.raises(StoreUnavailable):
        KeyTable(store.projects).refresh()
    store.close()
    assert keys() is known
    assert list(known.public.values()) == [project.id for project in site.installation.store.projects.all()]
    assert known.projects == {project.id for project in site.installation.store.projects.all()}


def test_ready_when_keys_are_known(site: Site) -> None:
    """Kaput is ready from the first beat on, and stays so when the database is away later."""
    status, body = site.ask("/health/ready")
    assert (status, json.loads(body)["problems"]) == (503, ["Kaput is starting."])
    site.application.beat()
    key = key_of(site)
    assert site.ask("/health/ready")[0] == 200
    with closing(sqlite3.connect(site.installation.settings.database)) as connection, connection:
        connection.execute("ALTER TABLE project_key RENAME TO gone")
    site.application.beat()
    assert site.ask("/health/ready")[0] == 200
    assert site.send(key) == 200


def test_a_backlog_is_answered(site: Site) -> None:
    """When too much waits, clients are told to come back, `ready` stays, and it ends when less waits."""
    site.application.beat()
    key = key_of(site)
    while site.installation.backlog() <= 2000:
        assert site.send(key) == 200
    site.application.beat()
    assert site.send(key) == 429
    assert site.ask("/health/ready")[0] == 200
    for segment in site.installation.settings.spool.glob("*.seg"):
        segment.unlink()
    site.application.beat()
    assert site.send(key) == 200


@pytest.mark.parametrize("host", ["", "<script>", "a b", "ä.test", "x" * 300, "[::1", "kaput.test:99999", "a\x00b"])
def test_strange_hosts(site: Site, host: str) -> None:
    """Whatever a client calls the host, the page answers and does not break."""
    site.application.beat()
    status, body = site.ask("/login", host=host)
    assert status == (200 if host in {"", "kaput.test:99999"} else 400)
    assert b"<script>" not in body
    assert site.ask("/health/live", host=host)[0] == 200
    assert site.ask(f"/api/1/store/?sentry_key={key_of(site)}", body=b"{}", method="POST", host=host)[0] == 200


def test_strange_paths(site: Site) -> None:
    """Paths and queries of odd characters are answered by the page, never with 5xx."""
    site.application.load()
    for path in ("/%", "/ä/ö", "//evil.test", "/..//..", "/issues?q=\xff", "*", "/\x00"):
        for method in ("GET", "HEAD", "BREW"):
            assert site.ask(path, method=method)[0] < 500, (path, method)


def test_the_page_is_made_once() -> None:
    """However many ask first, the page is made once, in no thread of the event loop, and all are answered."""
    made: list[str] = []

    def create() -> WSGIApplication:
        made.append(threading.current_thread().name)

        def page(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
            environ["wsgi.errors"].write("noted\n")
            start("200 OK", [])
            return [b"page"]

        return page

    gateway = Gateway(create)

    async def many() -> list[list[Message]]:
        return await asyncio.gather(*(ask(gateway, "/", "GET", [], b"") for _ in range(5)))

    answers = asyncio.run(many())
    assert [b"".join(m.get("body", b"") for m in answer) for answer in answers] == [b"page"] * 5
    assert len(made) == 1
    assert made != [threading.main_thread().name]
    gateway.close()
