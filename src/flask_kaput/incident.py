"""The error that is being answered, for the application's own handlers and templates.

In: the error whose handler is at work. Out: its reference number, the form for what the person says, or the whole page.
Applications call these functions; no part imports them.
"""

from flask import current_app, request
from markupsafe import Markup
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from flask_kaput.reference import reference_of
from flask_kaput.state import state_of


def reference() -> str:
    """Returns the reference number of the error that this handler answers; empty when it is none to report."""
    event_id = state_of(current_app).handlers.event_id()
    return reference_of(event_id) if event_id else ""


def feedback_form() -> Markup:
    """Returns the form to tell what happened at the error that this handler answers; empty when it is not reported."""
    state = state_of(current_app)
    event_id = state.handlers.event_id()
    if event_id is None or state.feedback is None:
        return Markup("")
    return state.feedback.form(event_id, request.script_root)


def answer(error: HTTPException) -> HTTPException | Response:
    """Returns Kaput's page, or problem details, for another error than the one that this handler answers.

    The page has the status, the headers and the words of `error`, and the reference of what really happened:
    `return answer(ServiceUnavailable(retry_after=5))`. With the pages switched off it is the error itself.
    """
    state = state_of(current_app)
    return state.pages.answer(error, state.handlers.event_id()) if state.pages else error
