"""The answer to an error for which the application has no handler: a page for people, problem details for programs.

In: an HTTP error as Flask would have sent it, and the id of its event. Out: the same response, with the same status and
headers, and a body that helps. `extension.py` attaches it, `handlers.py` asks it.

Nothing of an exception is shown but what was written for the person: see `statuses.py`. The built-in page needs no
script, no other resource and nothing of the application, which may be what is broken. The application's own templates
take its place: `errors/404.html`, `errors/error.html`, in a folder of the blueprint's name first.
"""

from collections.abc import Callable, Iterator

from flask import Blueprint, Flask, render_template, request
from jinja2 import Environment, Template, TemplatesNotFound
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from flask_kaput.negotiation import VARYING, wants_page
from flask_kaput.page import POLICY, STYLE
from flask_kaput.problem import CONTENT_TYPE, problem
from flask_kaput.reference import reference_of
from flask_kaput.report import Reporter
from flask_kaput.statuses import Wording, wording

Form = Callable[[str, str], Markup]
"""Makes the form for an event, given the path below which the application is mounted."""

_OWN = ("get_response", "get_body", "get_description")
"""Methods of HTTPException that make its page; a class that has others brings a page of its own."""


class ErrorPages:
    """The error pages of one application."""

    def __init__(self, app: Flask, environment: Environment, reporter: Reporter | None, form: Form | None) -> None:
        self._app = app
        self._environment = environment
        self._reporter = reporter
        self._form = form

    def answer(self, error: HTTPException, event_id: str | None) -> HTTPException | Response:
        """Returns the answer to an error; the error itself when it brings its own, or when no page can be made."""
        if error.response is not None or (error.code or 0) < 400 or _has_own_page(error):
            return error
        try:
            return self._answer(error, event_id)
        except Exception:
            self._app.logger.warning("Kaput could not make the page of an error; Flask's is sent.", exc_info=True)
            return error

    def _answer(self, error: HTTPException, event_id: str | None) -> Response:
        response = error.get_response(request)
        said = wording(error, told=event_id is not None)
        if wants_page(request.accept_mimetypes, request.headers.get("Sec-Fetch-Dest", "")):
            response.set_data(self._page(error, said, event_id, response))
            response.content_type = "text/html; charset=utf-8"
        else:
            response.set_data(problem(said.status, said.name, said.text, event_id))
            response.content_type = CONTENT_TYPE
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.vary.update(VARYING)
        return response

    def _page(self, error: HTTPException, said: Wording, event_id: str | None, response: Response) -> str:
        values = {
            "error": error,
            "status": said.status,
            "name": said.name,
            "title": said.title,
            "text": said.text,
            "reference": reference_of(event_id) if event_id else "",
            "home": f"{request.script_root}/",
            "style": Markup(STYLE),  # noqa: S704 - a file of ours
            "feedback": self._form(event_id, request.script_root) if event_id and self._form else "",
        }
        own = self._own_template(said.status)
        if own is not None:
            try:
                return render_template(own, **values)
            except Exception as failure:
                self._app.logger.exception("The error page %s cannot be rendered; Kaput's is sent.", own.name)
                if self._reporter is not None:
                    self._reporter.report(failure, handled=True, mechanism="flask.template")
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return self._environment.get_template("kaput/error.html").render(values)

    def _own_template(self, status: int) -> Template | None:
        try:
            return self._app.jinja_env.select_template(list(_template_names(request.blueprints, status)))
        except TemplatesNotFound:
            return None


def attach(app: Flask, environment: Environment, reporter: Reporter | None, form: Form | None) -> ErrorPages:
    """Returns the error pages of an application, and lets its own templates extend `kaput/error.html`.

    Args:
        app: the application.
        environment: has our templates.
        reporter: is told of templates that fail; None: nothing is told.
        form: makes the form for feedback; None: there is none.
    """
    app.register_blueprint(Blueprint("flask_kaput", "flask_kaput", template_folder="templates"))
    return ErrorPages(app, environment, reporter, form)


def _template_names(blueprints: list[str], status: int) -> Iterator[str]:
    """Yields templates in the order of Flask's handlers: code before class, blueprint before application."""
    folders = [f"{name.replace('.', '/')}/errors" for name in blueprints] + ["errors"]
    for file in (f"{status}.html", "error.html"):
        yield from (f"{folder}/{file}" for folder in folders)


def _has_own_page(error: HTTPException) -> bool:
    return any(getattr(type(error), name) is not getattr(HTTPException, name) for name in _OWN)
