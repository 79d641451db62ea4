"""What the person to whom an error happened says about it.

In: the form that stands on an error page. Out: feedback, handed on as events are. `extension.py` attaches it;
`error_pages.py` is handed `form`.

The form is answered by a door of its own around `app.wsgi_app`: the application's hooks, its login and its database may
be what is broken. It works without JavaScript and needs no session: a signed token names the event, and only who was
shown the error has it. Source of what is sent:
https://develop.sentry.dev/application-architecture/feedback-architecture/.
"""

import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import msgspec
from flask import Flask
from itsdangerous import BadSignature, URLSafeSerializer
from jinja2 import Environment
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from flask_kaput.page import POLICY, STYLE
from flask_kaput.transport import FEEDBACK, Deliver
from kaput.errors import KaputError

Key = Callable[[], str | bytes]
Clock = Callable[[], float]
Inner = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

PATH = "/_kaput/feedback"
LONGEST_MESSAGE, LONGEST_EMAIL = 4000, 200
MOST_BYTES = 64 * 1024
GOOD_FOR = 24 * 3600.0
"""Seconds for which a form is taken."""
MOST_PER_EVENT, MOST, WINDOW = 3, 30, 60.0
"""How much one process takes: about one event and in all, in a window of seconds."""

OLD = "This form is too old, or not from this site. What you wrote was not sent."
BUSY = "Too much was sent in the last minute. Please wait a moment, then send it again."
EMPTY = "Nothing was written yet."
TOO_LONG = "This is more than can be taken. Please write less."
THANKS = "What you wrote has been sent to the people who run this site."


@dataclass(frozen=True, slots=True)
class Said:
    """What a person wrote."""

    event_id: str
    message: str
    email: str


class Rate:
    """How much was taken lately; safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._taken: deque[tuple[float, str]] = deque(maxlen=MOST)

    def allows(self, event_id: str) -> bool:
        """Answers whether something about this event may be taken now, and counts it if so."""
        now = self._clock()
        with self._lock:
            lately = [about for when, about in self._taken if 0 <= now - when < WINDOW]
            if len(lately) >= MOST or lately.count(event_id) >= MOST_PER_EVENT:
                return False
            self._taken.append((now, event_id))
            return True


class Feedback:
    """The form of one application, and the door to which it is sent."""

    def __init__(self, app: Flask, environment: Environment, deliver: Deliver, fallback_key: Key, clock: Clock) -> None:
        self._app = app
        self._environment = environment
        self._deliver = deliver
        self._fallback_key = fallback_key
        self._clock = clock
        self._rate = Rate(clock)
        self._inner: Inner = app.wsgi_app

    def form(self, event_id: str, prefix: str) -> Markup:
        """Returns the form for an event; empty when nothing can sign it.

        Args:
            event_id: 32 hexadecimal digits.
            prefix: path below which the application is mounted.
        """
        try:
            token = self._signer().dumps([event_id, int(self._clock())])
        except KaputError:
            return Markup("")
        return self._form(prefix, token)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers a form that was sent, and hands everything else to the application (PEP 3333)."""
        __traceback_hide__ = True
        if not environ.get("PATH_INFO", "").endswith(PATH):
            return self._inner(environ, start_response)
        request = _Sent(environ)
        try:
            response = self._answer(request)
        except HTTPException:
            response = self._page(request, 413, "Too long", TOO_LONG)
        except Exception:
            logging.getLogger(self._app.name).warning("Kaput could not take what a person said.", exc_info=True)
            response = self._page(request, 500, "This did not work", "What you wrote could not be sent.")
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.method in {"GET", "HEAD"} and "sent" in request.args:
            return self._page(request, 200, "Thank you", THANKS)
        if request.method != "POST":
            return self._page(request, 405, "Not in this way", "This address takes a form only.", {"Allow": "POST"})
        token = request.form.get("token", "")
        said = Said(
            self._event_of(token) if request.headers.get("Sec-Fetch-Site") != "cross-site" else "",
            request.form.get("message", "").strip()[:LONGEST_MESSAGE],
            request.form.get("email", "").strip()[:LONGEST_EMAIL],
        )
        if not said.event_id:
            return self._page(request, 400, "This could not be sent", OLD, kept=said.message)
        if not said.message:
            return self._page(request, 400, "Tell us what happened", EMPTY, form=self._again(request, token, said))
        if not self._rate.allows(said.event_id):
            form = self._again(request, token, said)
            return self._page(request, 429, "Please wait", BUSY, {"Retry-After": str(int(WINDOW))}, form=form)
        if not self._app.testing:
            feedback_id = uuid.uuid4().hex
            self._deliver(feedback_id, payload(said, feedback_id, self._clock()))
        return Response(status=303, headers={"Location": f"{request.root_path}{request.path}?sent"})

    def _again(self, request: Request, token: str, said: Said) -> Markup:
        return self._form(request.root_path, token, said)

    def _form(self, prefix: str, token: str, said: Said | None = None) -> Markup:
        template = self._environment.get_template("kaput/form.html")
        return Markup(  # noqa: S704 - the template escapes
            template.render(
                action=f"{prefix}{PATH}",
                token=token,
                message=said.message if said else "",
                email=said.email if said else "",
                open=said is not None,
                longest=LONGEST_MESSAGE,
            )
        )

    def _page(
        self,
        request: Request,
        status: int,
        title: str,
        text: str,
        headers: dict[str, str] | None = None,
        form: str = "",
        kept: str = "",
    ) -> Response:
        values = {"title": title, "text": text, "feedback": form, "kept": kept, "home": f"{request.root_path}/"}
        style = Markup(STYLE)  # noqa: S704 - a file of ours
        page = self._environment.get_template("kaput/feedback.html").render(style=style, **values)
        response = Response(page, status, headers, content_type="text/html; charset=utf-8")
        response.headers.update({"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"})
        response.headers["Cache-Control"] = "no-store"
        return response

    def _event_of(self, token: str) -> str:
        """Returns the event of a token; empty when it is none of ours, or too old."""
        try:
            event_id, made = self._signer().loads(token)
            fresh = 0 <= self._clock() - made < GOOD_FOR
        except (BadSignature, ValueError, TypeError):
            return ""
        return str(event_id) if fresh else ""

    def _signer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._app.secret_key or self._fallback_key(), salt="kaput-feedback")


class _Sent(Request):
    """A form that somebody sends, bounded."""

    max_content_length = MOST_BYTES
    max_form_memory_size = MOST_BYTES
    max_form_parts = 20


def payload(said: Said, feedback_id: str, now: float) -> bytes:
    """Returns what is handed on: an event whose type is `feedback`, which stands first, so that it is known by it."""
    told = {"message": said.message, "contact_email": said.email, "associated_event_id": said.event_id}
    found = {"type": FEEDBACK, "event_id": feedback_id, "timestamp": now, "contexts": {"feedback": told}}
    return msgspec.json.encode(found)


def attach(
    app: Flask, environment: Environment, deliver: Deliver, fallback_key: Key, clock: Clock = time.time
) -> Feedback:
    """Puts the door of the form around an application.

    Args:
        app: the application; its secret key signs the form.
        environment: has the templates.
        deliver: takes an id and what was said, as JSON.
        fallback_key: returns what signs while the application has no secret key: the same in all its processes.
        clock: seconds since the epoch.
    """
    feedback = Feedback(app, environment, deliver, fallback_key, clock)
    app.wsgi_app = feedback  # type: ignore[method-assign]  # as Flask documents it
    return feedback
