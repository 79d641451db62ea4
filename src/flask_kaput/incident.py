"""The error that is being answered, for the application's own handlers and templates.

In: the error whose handler is at work. Out: its reference number, and the form for what the person says. Applications
call these functions; no part imports them.
"""

from flask import current_app, request
from markupsafe import Markup

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
