"""The ASGI door of accept: receives a request, lets `door.py` answer it, and sends the answer.

In: ASGI messages of the paths for which `route.is_ingest` is true. Out: answers. The roots import it.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from kaput.accept import route
from kaput.accept.body import Body, Receive
from kaput.accept.door import Door
from kaput.accept.request import Answer, Request, named

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def create(door: Door) -> Application:
    """Makes the ASGI application of the ingest paths; it answers scopes of type `http` alone."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        request = _request(scope)
        body = door.body(receive, request)
        answer = await door.answer(request, body)
        if answer is not None:
            await _send(answer, request, body, send)

    return serve


def _request(scope: Scope) -> Request:
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=_path(scope["path"], scope.get("root_path", "")),
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=named(scope["headers"]),
        address=client[0] if client else "",
    )


def _path(path: str, prefix: str) -> str:
    """Takes the prefix off, unless a root did so already: the prefix may itself be `/api`."""
    if prefix and not route.is_ingest(path) and path.startswith(f"{prefix}/"):
        return path[len(prefix) :]
    return path


async def _send(answer: Answer, request: Request, body: Body, send: Send) -> None:
    """Sends the answer; when the body was not read to its end the connection ends with it.

    A client that is still sending would be cut off before it reads the answer, so the answer goes out whole, the rest
    of the body is thrown away, and only then is the answer ended.
    """
    headers = [(name.encode(), value.encode()) for name, value in answer.headers]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    early = not body.finished
    if early:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": early})
    if early:
        # A client that waits for `100 Continue` has sent nothing; to receive would ask it to go on.
        if body.started or "expect" not in request.headers:
            await body.drain()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
