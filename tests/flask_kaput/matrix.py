"""Every way in which Flask may come to an answer to an error: errors, sets of handlers, modes.

Out: applications, and what one of them did with a request, fit to be compared. The applications are the same but for
what `prepare` does to them before their handlers are registered.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from flask import Blueprint, Flask, abort, got_request_exception, jsonify, make_response, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    NotFound,
    ServiceUnavailable,
    Unauthorized,
)

OWN = "own: "
"""What each answer of a handler begins with."""
OF_THE_BODY = {"Content-Type", "Content-Length", "Vary", "Content-Security-Policy", "X-Content-Type-Options"}
"""Headers that belong to the page and not to the error."""


class Missing(NotFound):
    """An application's own kind of 404."""


class Full(HTTPException):
    """A status that Werkzeug has no class for."""

    code = 507
    description = "The shelf is full."


def _raising(make: Callable[[], Exception]) -> Callable[[], str]:
    def view() -> str:
        raise make()

    return view


def _form() -> str:
    return request.form["quantity"]


def _refused() -> str:
    raise ConnectionRefusedError("the warehouse")


def _key() -> str:
    return {"apple": "1"}["pear"]


def _chained() -> str:
    try:
        return _key()
    except KeyError as error:
        raise NotFound("no pears") from error


VIEWS: dict[str, Callable[[], Any]] = {
    "abort-404": lambda: abort(404, description="no such article"),
    "abort-500": lambda: abort(500),
    "abort-503": _raising(lambda: ServiceUnavailable(retry_after=7)),
    "abort-401": _raising(lambda: Unauthorized(www_authenticate=WWWAuthenticate("basic", {"realm": "shop"}))),
    "abort-answer": lambda: abort(make_response("ready", 418)),
    "missing": _raising(Missing),
    "full": _raising(Full),
    "bare": _raising(HTTPException),
    "server": _raising(lambda: InternalServerError(original_exception=OSError("deep"))),
    "form": _form,
    "refused": _refused,
    "key": _key,
    "chained": _chained,
    "slash/": lambda: "slash",
    "fine": lambda: "fine",
}
PATHS = (*VIEWS, "slash", "nowhere")
METHODS = {"form": "POST", "fine": "DELETE"}
MODES: dict[str, dict[str, Any]] = {
    "production": {},
    "debug": {"DEBUG": True},
    "testing": {"TESTING": True},
    "propagating": {"PROPAGATE_EXCEPTIONS": True},
    "never-propagating": {"DEBUG": True, "TESTING": True, "PROPAGATE_EXCEPTIONS": False},
    "trapping": {"TRAP_HTTP_EXCEPTIONS": True},
    "trapping-propagating": {"TRAP_HTTP_EXCEPTIONS": True, "PROPAGATE_EXCEPTIONS": True},
    "trapping-bad-requests": {"TRAP_BAD_REQUEST_ERRORS": True},
    "debug-trapping-nothing": {"DEBUG": True, "TRAP_BAD_REQUEST_ERRORS": False, "PROPAGATE_EXCEPTIONS": False},
}


def _answer(word: str) -> Callable[[Exception], Any]:
    return lambda error: (f"{OWN}{word} {type(error).__name__}", 422)


def _origin(error: Any) -> Any:
    return f"{OWN}{getattr(error, 'original_exception', None)!r}", 500


def _raise(error: Exception) -> Any:
    raise error


def _fail(error: Exception) -> Any:
    raise ArithmeticError("the handler is broken") from error


async def _later(error: Exception) -> Any:
    return f"{OWN}later {type(error).__name__}", 422


Registration = tuple[str, Any, Callable[[Any], Any]]
"""Where (app or blueprint), for what, and which handler."""

HANDLERS: dict[str, tuple[Registration, ...]] = {
    "none": (),
    "404": (("app", 404, _answer("404")),),
    "404-of-blueprint": (("blueprint", 404, _answer("404")),),
    "code-before-class": (("app", 404, _answer("app")), ("blueprint", HTTPException, _answer("blueprint"))),
    "code-of-blueprint": (("app", Missing, _answer("app")), ("blueprint", 404, _answer("blueprint"))),
    "subclass": (("app", Missing, _answer("subclass")), ("app", 404, _answer("404"))),
    "500": (("app", 500, _origin),),
    "500-of-blueprint": (("blueprint", InternalServerError, _origin), ("app", Exception, _answer("app"))),
    "http": (("app", HTTPException, _answer("http")),),
    "http-of-blueprint": (("blueprint", HTTPException, _answer("http")),),
    "all": (("app", Exception, _answer("all")),),
    "all-of-blueprint": (("blueprint", Exception, _answer("all")), ("app", 500, _origin)),
    "all-and-500": (("app", Exception, _answer("all")), ("app", 500, _origin)),
    "all-and-http": (("app", Exception, _answer("all")), ("app", HTTPException, _answer("http"))),
    "key": (("app", KeyError, _answer("key")),),
    "bad-request": (("app", BadRequest, _answer("bad")), ("app", LookupError, _answer("lookup"))),
    "nearest": (("app", ConnectionError, _answer("connection")), ("app", ConnectionRefusedError, _answer("refused"))),
    "blueprint-first": (("blueprint", OSError, _answer("blueprint")), ("app", ConnectionRefusedError, _answer("app"))),
    "own-status": (("app", Full, _answer("full")), ("app", 503, _answer("503"))),
    "passing-on": (("app", Exception, _raise), ("app", 404, lambda error: error)),
    "failing": (("app", KeyError, _fail), ("app", 404, _fail)),
    "failing-500": (("app", 500, _fail),),
    "async": (("app", Exception, _later), ("app", 404, _later)),
    "text": (("app", 404, lambda _: f"{OWN}text"), ("app", KeyError, lambda _: {"own": 1})),
    "answer": (("app", HTTPException, lambda e: e.get_response()), ("app", KeyError, lambda _: jsonify(own=1))),
}


class Answer(NamedTuple):
    """What came of a request: an answer, or an error that left the application."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    error: str
    trace: tuple[str, ...]


class Outcome(NamedTuple):
    """An answer, how often the application told of an error, and what its functions for the end were told."""

    answer: Answer
    signals: int
    records: int
    ended: str


def application(handlers: str, mode: str, prepare: Callable[[Flask], None]) -> Flask:
    """Makes an application; the blueprint has each view too, below `/inside/`."""
    app = Flask("matrix")
    app.config.update(MODES[mode])
    inside = Blueprint("inside", __name__, url_prefix="/inside")
    for path, view in VIEWS.items():
        for target in (app, inside):
            methods = [METHODS.get(path, "GET")] if path == "form" else ["GET"]
            target.add_url_rule(f"/{path}", path.strip("/"), view, methods=methods)
    prepare(app)
    for where, what, handler in HANDLERS[handlers]:
        (app if where == "app" else inside).register_error_handler(what, handler)
    app.register_blueprint(inside)
    return app


def outcomes(app: Flask, handlers: str) -> Iterator[tuple[str, Outcome]]:
    """Yields what comes of each path, and inside the blueprint when it has a handler."""
    inside = not HANDLERS[handlers] or any(where == "blueprint" for where, *_ in HANDLERS[handlers])
    with _recorded(app) as (signals, records, ended):
        for path in PATHS:
            for place in ("", "inside/") if inside else ("",):
                for kept in (signals, records, ended):
                    kept.clear()
                answer = _asked(app, f"/{place}{path}", METHODS.get(path, "GET"))
                yield f"{place}{path}", Outcome(answer, len(signals), len(records), ",".join(ended))


def _asked(app: Flask, path: str, method: str) -> Answer:
    try:
        answer = app.test_client().open(path, method=method)
    except Exception as error:  # noqa: BLE001 - whatever leaves the application is an outcome
        return Answer(0, (), "", repr(error), _trace(error))
    headers = tuple(sorted(pair for pair in answer.headers if pair[0] not in OF_THE_BODY))
    return Answer(answer.status_code, headers, answer.text, "", ())


def _trace(error: BaseException | None) -> tuple[str, ...]:
    """Returns where an error was, but for frames that a debugger hides, and Flask's own that asked a handler."""
    names, step = [], error.__traceback__ if error else None
    while step:
        name = step.tb_frame.f_code.co_name
        if "__traceback_hide__" not in step.tb_frame.f_locals and name != "handle_user_exception":
            names.append(name)
        step = step.tb_next
    return tuple(names)


@contextmanager
def _recorded(app: Flask) -> Iterator[tuple[list[Any], list[Any], list[str]]]:
    signals: list[Any] = []
    records: list[Any] = []
    ended: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.ERROR:
                records.append(record)

    logger = app.logger
    before, logger.handlers = logger.handlers, [Keeping()]

    def sent(_sender: Flask, **_more: Any) -> None:
        signals.append(1)

    got_request_exception.connect(sent, app)
    app.teardown_request_funcs.setdefault(None, []).append(lambda error: ended.append(repr(error)))
    try:
        yield signals, records, ended
    finally:
        logger.handlers = before
