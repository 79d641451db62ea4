"""The request and the user of an event, from any of the shapes in which clients send them.

In: the decoded `request` and `user`. Out: structs of `model.py`, bounded. Only `normalise.py` imports it.
"""

from typing import Any
from urllib.parse import quote_plus

from kaput.digest.fields import Notes, bounded, mapping, pairs, prose, shown, text
from kaput.digest.trim import bound, bound_object, cut
from kaput.model import Request, User

_URL, _QUERY, _METHOD = 2048, 8192, 32
_BODY, _DEPTH = 8192, 7
_NAME = 256
_HEADER = 4096
_AUTO = "{{auto}}"
_OWN_FIELDS = frozenset({"id", "email", "username", "name", "ip_address", "data"})


def request(raw: Any, notes: Notes) -> Request | None:
    """Reads the HTTP request; None when there is none."""
    raw = mapping({"request": raw}, "request", notes)
    if not raw:
        return None
    return Request(
        url=text(raw, "url", _URL, notes, "request."),
        method=text(raw, "method", _METHOD, notes, "request."),
        query_string=_query(raw.get("query_string"), notes),
        data=_body(raw.get("data"), notes),
        headers=_named(raw.get("headers"), ", ", notes, "request.headers"),
        cookies=_cookies(raw.get("cookies"), notes),
        env=bounded(raw, "env", _BODY, _DEPTH, notes, "request."),
    )


def _query(raw: Any, notes: Notes) -> str:
    if isinstance(raw, dict | list):
        named = pairs(raw, notes, "request.query_string")
        raw = "&".join(f"{quote_plus(name[:_NAME])}={_quoted(value)}" for name, value in named)
    return prose(raw, _QUERY, notes, "request.query_string").removeprefix("?")


def _quoted(value: Any) -> str:
    """A value in a query; the mark of a filtered one stays readable."""
    return quote_plus(shown(value, _QUERY), safe="[]")


def _body(raw: Any, notes: Notes) -> Any:
    body, trimmed = bound_object(raw, _BODY, _DEPTH) if isinstance(raw, dict) else bound(raw, _BODY, _DEPTH)
    if trimmed:
        notes.trimmed("request.data")
    return body


def _named(raw: Any, joint: str, notes: Notes, path: str) -> dict[str, str]:
    """Reads names with texts; a name that comes several times has its texts joined. About 8,000 characters in all."""
    found: dict[str, str] = {}
    left = _BODY
    for name, value in pairs(raw, notes, path):
        if left <= 0:
            notes.trimmed(path)
            break
        shorter = value[0] if isinstance(value, list) and len(value) == 1 else value
        given = prose(shorter, min(_HEADER, left), notes, f"{path}.{name[:_NAME]}")
        key = cut(name, _NAME)
        found[key] = cut(f"{found[key]}{joint}{given}", _HEADER) if key in found else given
        left -= len(key) + len(given)
    return found


def _cookies(raw: Any, notes: Notes) -> dict[str, str]:
    if isinstance(raw, str):
        parts = (part.partition("=") for part in raw[:_BODY].split(";"))
        raw = {name.strip(): value.strip() for name, _, value in parts if name.strip()}
    return _named(raw, "; ", notes, "request.cookies")


def user(raw: Any, address: str, notes: Notes, *, inferred: bool = False) -> User | None:
    """Reads whom it happened to.

    `{{auto}}` stands for the address that the event came from, and if `inferred` so does no address.
    """
    raw = mapping({"user": raw}, "user", notes)
    if inferred and raw.get("ip_address") is None:
        raw = {**raw, "ip_address": _AUTO}
    if not raw:
        return None
    given = text(raw, "ip_address", _NAME, notes, "user.")
    nested = raw.get("data")
    rest = {key: value for key, value in raw.items() if key not in _OWN_FIELDS and value is not None}
    if isinstance(nested, dict):
        rest = nested | rest
    elif nested:
        rest["data"] = nested
    return User(
        id=text(raw, "id", _NAME, notes, "user."),
        email=text(raw, "email", _NAME, notes, "user."),
        username=text(raw, "username", _NAME, notes, "user."),
        name=text(raw, "name", _NAME, notes, "user."),
        ip_address=address if given == _AUTO else given,
        data=bounded({"data": rest}, "data", _BODY, _DEPTH, notes, "user."),
    )
