"""What the extension keeps for one application: `app.extensions["kaput"]`.

In: settings and the parts, from `extension.py`, which makes it. Out: the same, to whoever has the application. Parts
get what they need handed to their `attach` and read no state; the application's own code may.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, current_app, has_app_context

from flask_kaput import threads
from flask_kaput.error_pages import ErrorPages
from flask_kaput.feedback import Feedback
from flask_kaput.handlers import Handlers
from flask_kaput.loggers import Loggers
from flask_kaput.mails import Mails
from flask_kaput.passage import Passages
from flask_kaput.report import Reporter
from flask_kaput.request_log import RequestLog
from flask_kaput.sender import Sender
from flask_kaput.settings import Settings

if TYPE_CHECKING:
    from flask_kaput.embedded.tracker import Tracker

KEY = "kaput"


@dataclass(frozen=True, slots=True)
class State:
    """One application's set-up; two applications share nothing of it."""

    name: str
    settings: Settings
    unknown: tuple[str, ...]
    """Variables of the environment that look like settings and are none."""
    passages: Passages
    reporter: Reporter | None
    """None while there is nowhere to report to."""
    handlers: Handlers
    pages: ErrorPages | None
    """None when they are switched off."""
    feedback: Feedback | None
    """None while there is nowhere to send it to, or it is switched off."""
    log: Loggers
    sender: Sender | None
    """None without a DSN."""
    request_log: RequestLog
    tracker: "Tracker | None" = None
    """The tracker inside the application; None with a DSN."""
    mails: Mails | None = None
    """What mails while the server is away; None without a server, ADMINS or a mail server."""

    def close(self) -> None:
        """Ends the threads of the parts and takes back what reaches beyond the application. It still answers."""
        self.request_log.release()
        if self.reporter is not None:
            threads.detach(self.reporter)
        if self.mails is not None:
            self.mails.close()
        if self.sender is not None:
            self.sender.close()
        self.log.close()
        if self.tracker is not None:
            self.tracker.close()


def state_of(app: Flask) -> State:
    """Returns the state of an application; raises LookupError when `init_app` never saw it."""
    state = app.extensions.get(KEY)
    if not isinstance(state, State):  # another extension may use the name
        raise LookupError(  # noqa: TRY004 - it is not there, whatever else is
            f"The application {app.name!r} has no Kaput. Call Kaput(app), or kaput.init_app(app)."
        )
    return state


def request_id() -> str:
    """Returns the id of the request that is going on, of the application that it came to; "" outside of all of them."""
    if not has_app_context():
        return ""
    state = current_app.extensions.get(KEY)
    passage = state.passages.current() if isinstance(state, State) else None
    return passage.request_id if passage else ""
