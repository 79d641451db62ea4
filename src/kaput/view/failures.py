"""The pages for what went wrong.

In: an exception of a view. Out: a small page with the status, what happened and what to do. It reads no session and
no database, because these may be what is broken. `view/pages.py` registers it; views that
answer with such a page themselves import `failure`.
"""

from flask import Flask, current_app
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from kaput.errors import BufferUnwritable, Conflict, NotFound, QueryError, StoreUnavailable

TITLES = {
    400: "This request cannot be read",
    401: "Log in first",
    403: "This is not allowed",
    404: "There is nothing here",
    405: "Not in this way",
    409: "It is there already",
    410: "This is over",
    413: "This is too much at once",
    429: "Too many attempts",
    500: "Kaput broke",
    503: "This cannot be done now",
}
TEXTS = {
    400: "Part of the address or of the form is missing or malformed. Go back, reload the page and try again.",
    403: "This page is closed to your account. Ask an admin.",
    404: "The page does not exist, or it belongs to a project that you are no member of.",
    405: "This address takes forms only. Go back and use the page.",
    413: "The form is larger than Kaput takes. Send less.",
    500: "This page could not be made. Events are taken all the same. The reason stands in the server's log.",
    503: (
        "Another program holds the database, or the disk is full. What was accepted is kept and will show up. Reload "
        "in a moment; if it stays, run: kaput check"
    ),
}
CSRF_TEXT = "The form is from before you logged in, or from another page. Go back, reload the page and send it again."

Answer = tuple[str, int] | tuple[str, int, dict[str, str]]


def failure(status: int, text: str = "") -> Answer:
    """Makes the page for a status; `text` takes the place of the usual one."""
    title = TITLES.get(status, "That did not work")
    # Not by render_template: its context processors would load the account, from the database that may be gone.
    page = current_app.jinja_env.get_template("failure.html")
    return page.render(status=status, heading=title, text=text or TEXTS.get(status, "")), status


def register_failures(app: Flask) -> None:
    """Makes the application answer with these pages."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, lambda _error: failure(400, CSRF_TEXT))
    app.register_error_handler(NotFound, lambda _error: failure(404))
    app.register_error_handler(Conflict, lambda error: failure(409, str(error)))
    app.register_error_handler(QueryError, lambda error: failure(400, str(error)))
    app.register_error_handler(StoreUnavailable, _database)
    app.register_error_handler(BufferUnwritable, lambda error: _later(failure(503, str(error))))


def _http(error: HTTPException) -> Answer:
    status = error.code or 500
    own_text = error.description if "description" in vars(error) else None
    page, status, *_ = failure(status, own_text or "")
    kept = dict(error.get_headers())
    kept.pop("Content-Type", None)
    return page, status, kept


def _database(error: Exception) -> Answer:
    del error
    return _later(failure(503))


def _later(answer: Answer) -> Answer:
    page, status, *_ = answer
    return page, status, {"Retry-After": "5"}
