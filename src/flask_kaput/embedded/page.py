"""The page of a tracker inside an application, as in a server of its own.

In: a home. Out: a WSGI application. It loads all that the page needs, so `tracker.py` imports it when somebody looks.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask_kaput.embedded.home import Home
from kaput.app.front import HOST
from kaput.app.page import create_page
from kaput.installation import attach


@dataclass(frozen=True, slots=True)
class Page:
    """An open page.

    Attributes:
        answer: the WSGI application.
        close: ends its connections to the database.
    """

    answer: WSGIApplication
    close: Callable[[], None]


def open_page(home: Home, problems: Callable[[], list[str]]) -> Page:
    """Opens the directory, whose database has to be up to date, and makes the page."""
    installation = attach(home.settings)

    def enter(token: str, peer: str) -> bool:
        return home.lets_in(installation.secret, token, peer)

    page = create_page(installation, problems, enter, home.admins)

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not HOST.fullmatch(environ.get("HTTP_HOST", "").encode("latin-1")):  # the page makes links of it
            start_response("400 Bad Request", [("Content-Type", "text/plain")])
            return [b"The Host header names no host."]
        return page(environ, start_response)

    return Page(answer, installation.close)
