"""The gateway reads a whole request before it takes a thread for it."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from kaput.app import gateway
from kaput.app.gateway import LARGEST_BODY, THREADS, Gateway


def page(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("content-length", str(len(body)))])
    return [body]


@pytest.fixture
def page_gateway() -> Iterator[Gateway]:
    made = Gateway(lambda: page)
    yield made
    made.close()


def scope() -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/login",
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }


async def ask(asked: Gateway, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """Sends messages, then nothing more, and returns the answer."""
    waiting, answer = list(messages), []

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop(0)
        return await asyncio.Future[dict[str, Any]]()

    async def send(message: Any) -> None:
        answer.append(message)

    await asked(scope(), receive, send)
    return answer


def part(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_in_parts_arrives_whole(page_gateway: Gateway) -> None:
    """The page reads what came in pieces."""
    answer = asyncio.run(ask(page_gateway, part(b"ab", more=True), part(b"cd", more=False)))
    assert (answer[0]["status"], b"".join(m.get("body", b"") for m in answer[1:])) == (200, b"abcd")


def test_all_bodies_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """While bodies that strangers send take all that may be held, another one is a 503; then it is taken."""
    monkeypatch.setattr(gateway, "MOST_HELD", 8)
    asked = Gateway(lambda: page)
    asked.load()

    async def crowd() -> list[int]:
        stalled = asyncio.create_task(ask(asked, part(b"abcdef", more=True)))
        await asyncio.sleep(0)
        refused = await ask(asked, part(b"abc", more=False))
        stalled.cancel()
        await asyncio.wait([stalled])
        return [refused[0]["status"], (await ask(asked, part(b"abc", more=False)))[0]["status"]]

    assert asyncio.run(crowd()) == [503, 200]
    asked.close()


def test_clients_that_stall_hold_no_thread(page_gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """More stalled bodies than threads: another request is answered at once, and they get a 408."""
    monkeypatch.setattr(gateway, "BODY_SECONDS", 3.0)

    async def all_together() -> tuple[float, list[int]]:
        stalled = [asyncio.create_task(ask(page_gateway, part(b"a", more=True))) for _ in range(2 * THREADS)]
        await asyncio.sleep(0)
        began = asyncio.get_running_loop().time()
        await ask(page_gateway, part(b"", more=False))
        seconds = asyncio.get_running_loop().time() - began
        return seconds, [answer[0]["status"] for answer in await asyncio.gather(*stalled)]

    seconds, statuses = asyncio.run(all_together())
    assert seconds < 3.0
    assert set(statuses) == {408}


def test_a_body_that_is_too_large_is_refused(page_gateway: Gateway) -> None:
    """413, however the length was announced."""
    answer = asyncio.run(ask(page_gateway, part(bytes(LARGEST_BODY + 1), more=True)))
    assert answer[0]["status"] == 413


def test_a_client_that_goes_is_not_answered(page_gateway: Gateway) -> None:
    """The page never hears of half a request."""
    assert asyncio.run(ask(page_gateway, part(b"a", more=True), {"type": "http.disconnect"})) == []
