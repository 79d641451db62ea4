"""The caught mails in the browser.

In: `Mails`. Out: a Flask application with the list, one mail, its HTML in a sandbox, its source, and the list as JSON.
For `__main__.py` and for tests.
"""

from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, abort, jsonify, render_template
from werkzeug.wrappers import Response

from kaput.demo.mailbox.catcher import Mail, Mails

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
# A mail may show its own style; it may not run, load or send anything. Its links open beside the mailbox. It is of the
# same origin so that the mailbox can see how long it is.
SANDBOX = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; "
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
)


def create_mailbox(mails: Mails) -> Flask:
    """Makes the application."""
    mailbox = Flask("kaput.demo.mailbox", root_path=str(Path(__file__).parent.parent))
    mailbox.add_template_filter(_moment, "moment")

    def wanted(number: int) -> Mail:
        return mails.get(number) or abort(404)

    @mailbox.get("/")
    def listing() -> str:
        return render_template("mails.html", mails=mails.newest_first())

    @mailbox.get("/mails.json")
    def listing_json() -> Response:
        return jsonify([_summary(mail) for mail in mails.newest_first()])

    @mailbox.get("/mails/<int:number>")
    def one(number: int) -> str:
        return render_template("mail.html", mail=wanted(number))

    @mailbox.get("/mails/<int:number>/html")
    def html(number: int) -> Response:
        page = wanted(number).html.replace("<head>", '<head><base target="_blank">', 1)
        return Response(page, mimetype="text/html", headers={"Content-Security-Policy": SANDBOX})

    @mailbox.get("/mails/<int:number>/source")
    def source(number: int) -> Response:
        return Response(wanted(number).raw, mimetype="text/plain")

    @mailbox.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return mailbox


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="seconds")


def _summary(mail: Mail) -> dict[str, object]:
    return {
        "number": mail.number,
        "received": mail.received,
        "sender": mail.sender,
        "recipients": mail.recipients,
        "subject": mail.subject,
        "text": mail.text,
    }
