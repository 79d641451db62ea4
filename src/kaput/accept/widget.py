"""The crash-report widget: a form that a web page shows to the person to whom an error happened.

In: the query of the address under which the page's SDK loads it. Out: a program for the browser. `intake.py` imports
it. Source: https://docs.sentry.io/platforms/javascript/user-feedback/configuration/ (`showReportDialog`).

The texts come from a query that anybody can write: they reach the page as data, and the program shows them as text.
"""

import json
from collections.abc import Mapping
from pathlib import Path

MAX_TEXT = 500

_PROGRAM = (Path(__file__).parent / "widget.js").read_text(encoding="utf-8")
_PLACE = "/* the texts */ null"

_TEXTS = {
    "title": "It looks like we have a problem.",
    "subtitle": "The people who run this site have been told.",
    "subtitle2": "If you would like to help, say what happened.",
    "labelName": "Name",
    "labelEmail": "Email",
    "labelComments": "What happened?",
    "labelClose": "Close",
    "labelSubmit": "Send",
    "errorGeneric": "It could not be sent. Please try again.",
    "successMessage": "Your words have been sent. Thank you.",
    "name": "",
    "email": "",
}
"""What a page may change, by the names of the SDK's options, and what stands there otherwise."""


def script(query: Mapping[str, str]) -> bytes:
    """Returns the program with the texts of this query."""
    texts = {name: query.get(name, text)[:MAX_TEXT] for name, text in _TEXTS.items()}
    return _PROGRAM.replace(_PLACE, json.dumps(texts).replace("<", "\\u003c")).encode()
