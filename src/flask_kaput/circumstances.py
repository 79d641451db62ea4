"""What an event says besides the error: request, user, release of Python, the log until then.

In: a passage. Out: fields of an event, each as far as it could be found out: a broken header or user costs only itself.
Nothing is read from the client here, since a failing request must not wait for the rest of its body.
"""

import logging
import platform
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from flask import Request, g, has_app_context
from werkzeug.datastructures import Headers

from flask_kaput.passage import Passage
from flask_kaput.request_id import trace_id
from flask_kaput.scrub import address_without_secrets, cookies_without_secrets, without_secrets
from flask_kaput.settings import Settings

LONGEST_BODY = 16 * 1024
"""Bytes of a request's body that are shown; of a longer one only the length is."""
_LEVELS = ((logging.CRITICAL, "fatal"), (logging.ERROR, "error"), (logging.WARNING, "warning"), (logging.INFO, "info"))
_PERSONAL_HEADERS = {"X-Forwarded-For", "X-Real-Ip", "Forwarded", "Cookie", "Authorization"}

Fields = Iterator[tuple[str, Any]]


def circumstances(passage: Passage, request: Request | None, settings: Settings) -> dict[str, Any]:
    """Returns fields of an event about a passage."""
    event: dict[str, Any] = {"contexts": {"runtime": _runtime()}}
    if passage.request_id:
        event["tags"] = {"request_id": passage.request_id}
    parts: tuple[Callable[[], Fields], ...] = (
        lambda: _crumbs(passage),
        lambda: _asked(passage, request, settings) if request is not None else iter(()),
        lambda: _user(request, settings),
    )
    for part in parts:
        try:
            for name, value in part():
                if name == "contexts":
                    event["contexts"].update(value)
                else:
                    event[name] = value
        except Exception as error:  # noqa: BLE001 - it is said on the event, and the rest is shown
            event.setdefault("extra", {})["kaput"] = f"Not all could be found out: {type(error).__name__}"
    return event


def level_of(record: logging.LogRecord) -> str:
    """Returns the level of a log record as an event has it."""
    return next((name for number, name in _LEVELS if record.levelno >= number), "debug")


def message_of(record: logging.LogRecord) -> str:
    """Returns the text of a record; its unformatted one when the arguments do not fit."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - the arguments' own code runs here
        return str(record.msg)


def _runtime() -> dict[str, str]:
    return {"name": platform.python_implementation(), "version": platform.python_version(), "build": sys.version}


def _crumbs(passage: Passage) -> Fields:
    if passage.records:
        yield "breadcrumbs", {"values": [_crumb(record) for record in list(passage.records)]}


def _crumb(record: logging.LogRecord) -> dict[str, Any]:
    return {
        "type": "log",
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        "category": record.name,
        "level": level_of(record),
        "message": message_of(record),
        "data": {"location": f"{record.pathname}:{record.lineno}", "function": record.funcName},
    }


def _asked(passage: Passage, request: Request, settings: Settings) -> Fields:
    rule = request.url_rule
    if rule is not None:
        yield "transaction", rule.endpoint
    yield "contexts", {"flask": _routing(request)}
    trace = trace_id(passage.environ or {})
    if trace:
        yield "contexts", {"trace": {"trace_id": trace, "span_id": trace[:16]}}
    yield "request", _request(request, settings)


def _routing(request: Request) -> dict[str, Any]:
    return {
        "endpoint": request.endpoint,
        "blueprint": request.blueprint,
        "rule": str(request.url_rule or ""),
        "view_args": {name: repr(value)[:200] for name, value in (request.view_args or {}).items()},
    }


def _request(request: Request, settings: Settings) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "method": request.method,
        "url": request.base_url,
        "query_string": without_secrets(request.query_string.decode("utf-8", "replace")),
        "headers": _headers(request.headers, personal=settings.personal),
        "env": {name: request.environ[name] for name in ("SERVER_NAME", "SERVER_PORT") if name in request.environ},
    }
    if settings.personal:
        shown["cookies"] = cookies_without_secrets(dict(request.cookies))
        shown["env"]["REMOTE_ADDR"] = request.remote_addr
    body = _body(request)
    if body is not None:
        shown["data"] = body
    return shown


def _headers(headers: Headers, *, personal: bool) -> dict[str, str]:
    left_out = {"Cookie"} if personal else _PERSONAL_HEADERS
    return {
        name: address_without_secrets(value) if name == "Referer" else value
        for name, value in headers.items()
        if name not in left_out
    }


def _body(request: Request) -> Any:
    """Returns what the application read of the body, fit to be shown; None when it read nothing.

    Werkzeug keeps what it parsed in the attributes of the request, and has no public way to ask whether it did.
    """
    read = vars(request)
    form, files, raw = read.get("form"), read.get("files"), read.get("_cached_data")
    if form or files:
        fields = {name: values if len(values) > 1 else values[0] for name, values in form.lists()} if form else {}
        names = {name: f"<file {file.filename!r}>" for name, file in (files or {}).items()}
        return {**fields, **names}
    if not raw:
        return None
    if len(raw) > LONGEST_BODY:
        return f"<{len(raw)} bytes>"
    if request.is_json:
        return request.get_json(silent=True)
    return raw.decode("utf-8", "replace") if request.mimetype.startswith("text/") else f"<{len(raw)} bytes>"


def _user(request: Request | None, settings: Settings) -> Fields:
    """Yields who it happened to: what the application says, else the login that Flask-Login loaded already."""
    if settings.user is not None:
        told = settings.user()
        if told:
            yield "user", dict(told)
        return
    if not settings.personal:
        return
    user: dict[str, Any] = {}
    if request is not None and request.remote_addr:
        user["ip_address"] = request.remote_addr
    login = g.get("_login_user") if has_app_context() else None
    if login is not None and getattr(login, "is_authenticated", False):
        user["id"] = str(login.get_id())
    if user:
        yield "user", user
