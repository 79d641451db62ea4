"""What the page for an error says, by its status.

In: an HTTP error. Out: a title and a sentence or two for the person who sees it. Pure; `error_pages.py` imports it.
What the application wrote for a person itself, as in `abort(404, description=...)`, takes the place of our text; the
message of an exception never does.
"""

from dataclasses import dataclass

from werkzeug.exceptions import HTTPException, default_exceptions

TOLD = "The people who run this site have been told."
LATER = "Please try again in a moment."


@dataclass(frozen=True, slots=True)
class Wording:
    """What is said of an error."""

    status: int
    name: str
    title: str
    text: str


_TITLES = {
    400: ("This cannot be read", "Part of the address or of what was sent is missing or malformed."),
    401: ("Log in first", "This is for people who are logged in."),
    403: ("This is not allowed", "You may not see or do this. If you should, ask the people who run this site."),
    404: ("There is nothing here", "The address may be misspelt, or what was here was moved or taken away."),
    405: ("Not in this way", "This address does not take this kind of request."),
    406: ("Not in this form", "What is here cannot be had in the form that was asked for."),
    408: ("This took too long", "The request did not arrive in time. Please send it again."),
    409: ("Somebody was faster", "What you wanted to change was changed meanwhile. Reload it and try again."),
    410: ("This is gone", "What was here was taken away for good."),
    412: ("Somebody was faster", "What you wanted to change was changed meanwhile. Reload it and try again."),
    413: ("This is too large", "More was sent than is taken here. Send less, or a smaller file."),
    414: ("This address is too long", "The address has more characters than are taken here."),
    415: ("Not this kind of file", "What was sent is of a kind that is not taken here."),
    416: ("There is no such part", "The file does not have the part that was asked for."),
    422: ("This cannot be used", "What was sent can be read, but something in it does not fit."),
    423: ("This is locked", "Somebody else is working on it. Please try again later."),
    429: ("Too many requests", "Wait a moment, then try again."),
    431: ("This request is too long", "The browser sent too much with it. Deleting this site's cookies may help."),
    451: ("This may not be shown", "It is withheld for legal reasons."),
    500: ("Something broke here", ""),
    501: ("This cannot be done here", "The server does not know this kind of request."),
    502: ("Another server failed", "A server that this site needs gave no good answer. " + LATER),
    503: ("Not available now", "This site is busy or being worked on. " + LATER),
    504: ("Another server is too slow", "A server that this site needs did not answer in time. " + LATER),
}


def wording(error: HTTPException, *, told: bool) -> Wording:
    """Returns what is said of an error that has a status.

    Args:
        error: as Flask would have shown it.
        told: whether it was reported.
    """
    status = error.code or 500
    title, text = _TITLES.get(status, ("This did not work", ""))
    own = str(error.description or "")  # somebody may have given another thing than a text
    usual = default_exceptions.get(status)
    if own and (usual is None or own != usual.description):
        return Wording(status, error.name, title, own)
    if status < 500:
        return Wording(status, error.name, title, text)
    return Wording(status, error.name, title, " ".join(part for part in (text, TOLD if told else "") if part) or LATER)
