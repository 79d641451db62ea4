"""Reports that browsers send of themselves: each becomes the JSON text of one event.

In: the decompressed bytes of a body, or of an item of an envelope. Out: bodies of events, and how many reports were
left out. Pure; `intake.py` imports it. What a report is, is told by its JSON and not by the content type, in which
browsers differ.
Sources: https://www.w3.org/TR/CSP3/#deprecated-serialize-violation, https://www.w3.org/TR/reporting-1/,
RFC 9163 (Expect-CT), RFC 7469 (HPKP), https://github.com/httpwg/http-extensions (Expect-Staple);
of items: https://develop.sentry.dev/sdk/data-model/envelope-items/.

Reports are grouped by what was violated and by the host that was blocked: whole addresses differ at every visit.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from kaput.accept.syntax import read_json
from kaput.errors import Refused

ITEMS = frozenset({"raw_security", "security"})
"""The types of items that hold a report: as the browser sent it, or as a proxy made an event of it."""

MAX_REPORTS = 100
MAX_WORD = 100
MAX_AGE = 10**12
"""Milliseconds; what is older is none the less taken, as that old."""

_CSP = "csp"
_VIOLATION = "csp-violation"
_WRAPPED = {"csp-report": _CSP, "expect-ct-report": "expect-ct", "expect-staple-report": "expect-staple"}
_PINS = "known-pins"
_READ = {"csp": _CSP, "expectct": "expect-ct", "expectstaple": "expect-staple", "hpkp": "hpkp"}
"""Where an event holds the report that a proxy read already; its names have underscores."""
_TYPE = re.compile(r"[a-z][a-z-]{0,63}")
_WEB_SCHEMES = frozenset({"http", "https", "ws", "wss"})
_MILD = frozenset({"deprecation", "intervention"})
_CSP_NAMES = {
    "documentURL": "document-uri",
    "blockedURL": "blocked-uri",
    "effectiveDirective": "effective-directive",
    "originalPolicy": "original-policy",
    "sourceFile": "source-file",
    "statusCode": "status-code",
    "lineNumber": "line-number",
    "columnNumber": "column-number",
    "sample": "script-sample",
}
"""The names of the Reporting API, and those of `application/csp-report` for the same."""
_SUBJECTS = ("id", "policyId", "featureId", "type", "reason", "failure-mode", "hostname")
"""Where a report says in a word what it is about; the first that is there counts."""


class Reports(Struct, frozen=True):
    """What a body held.

    Attributes:
        events: the JSON text of one event for each report, without an id.
        malformed: reports of a list that are none.
        beyond: reports of a list that are more than `MAX_REPORTS`.
    """

    events: list[bytes]
    malformed: int = 0
    beyond: int = 0


class _Report(Struct, frozen=True):
    """One report; `kind` is `csp`, or as the report calls itself."""

    kind: str
    body: dict[str, Any]
    url: str
    agent: str
    received: float


def read(data: bytes, received: float, agent: str, source: Mapping[str, str]) -> Reports:
    """Makes an event of each report.

    Args:
        data: one report, or a list of those of the Reporting API.
        received: when the body was complete; a report says how long ago it was made.
        agent: the browser as the request names it.
        source: `release` and `environment`, as far as they are known.

    Raises:
        Refused: 400, it is no JSON, or holds something else and not one report.
    """
    found = read_json(data, "a report")
    given = found if isinstance(found, list) else [found]
    events: list[bytes] = []
    for item in given[:MAX_REPORTS]:
        report = _report(item, received, agent)
        if report is not None:
            events.append(_text(_event(report) | dict(source)))
    malformed = min(len(given), MAX_REPORTS) - len(events)
    if malformed and not events:
        raise Refused(400, "malformed", "The JSON is no report of a browser that Kaput knows; send it as it was made.")
    return Reports(events, malformed, max(0, len(given) - MAX_REPORTS))


def _report(item: object, received: float, agent: str) -> _Report | None:
    """Reads what kind of report it is; None when it is none."""
    if not isinstance(item, dict):
        return None
    for name, known in _WRAPPED.items():
        if isinstance(item.get(name), dict):
            return _checked(_Report(known, item[name], "", agent, received))
    if isinstance(item.get(_PINS), list):
        return _Report("hpkp", item, "", agent, received)
    for name, known in _READ.items():
        if isinstance(item.get(name), dict):
            dashed = {key.replace("_", "-"): value for key, value in item[name].items()}
            return _checked(_Report(known, dashed, "", agent, received))
    kind, body = item.get("type"), item.get("body")
    if not isinstance(kind, str) or not isinstance(body, dict) or not _TYPE.fullmatch(kind):
        return None
    if kind == _VIOLATION:
        kind, body = _CSP, {_CSP_NAMES.get(name, name): value for name, value in body.items()}
    made = received - _seconds(item.get("age"))
    return _checked(_Report(kind, body, _word(item, "url", 2000), _word(item, "user_agent", 1000) or agent, made))


def _seconds(age: object) -> float:
    """Reads for how many milliseconds the browser kept a report."""
    return min(max(age, 0), MAX_AGE) / 1000 if isinstance(age, int | float) else 0.0


def _checked(report: _Report) -> _Report | None:
    """A report of the policy has to say what it forbids."""
    return report if report.kind != _CSP or _directive(report.body) else None


def _event(report: _Report) -> dict[str, Any]:
    body = report.body
    url = report.url or _word(body, "document-uri", 2000) or _word(body, "hostname", 2000)
    message, level, tags, fingerprint = _violation(report, url) if report.kind == _CSP else _other(report, url)
    headers = {"Referer": _word(body, "referrer", 2000), "User-Agent": report.agent}
    return {
        "logger": report.kind,
        "platform": "javascript",
        "level": level,
        "timestamp": report.received,
        "message": message,
        "transaction": url.partition("?")[0].partition("#")[0],
        "fingerprint": fingerprint,
        "tags": tags,
        "request": {"url": url, "headers": {name: value for name, value in headers.items() if value}},
        "user": {"ip_address": "{{auto}}"},
        "contexts": {report.kind: body},
    }


_Told = tuple[str, str, dict[str, str], list[str]]
"""Message, level, tags and fingerprint."""


def _violation(report: _Report, url: str) -> _Told:
    body = report.body
    directive = _directive(body)
    blocked = _blocked(_word(body, "blocked-uri", 2000), url)
    enforced = _word(body, "disposition") != "report"
    tags = {"effective-directive": directive, "blocked": blocked, "disposition": "enforce" if enforced else "report"}
    message = f"{'Blocked' if enforced else 'Would block'} {blocked} by {directive}"
    return message, "error" if enforced else "warning", tags, [_CSP, directive, blocked]


def _other(report: _Report, url: str) -> _Told:
    body = report.body
    subject = next(filter(None, (_word(body, name) for name in _SUBJECTS)), "")
    blocked = _word(body, "blockedURL", 2000) or _word(body, "blocked-uri", 2000)
    where = _blocked(blocked, url) if blocked else _host(url)
    said = _word(body, "message", 1000) or ", ".join(dict.fromkeys(filter(None, (subject, where))))
    level = "warning" if report.kind in _MILD or _word(body, "disposition") == "report" else "error"
    message = f"{report.kind}: {said}" if said else report.kind
    # A subject of its own is the same on every page; without one the host tells the reports apart.
    return message, level, {"report": report.kind}, [report.kind, subject, where if blocked or not subject else ""]


def _directive(body: Mapping[str, Any]) -> str:
    """Returns what forbids it: `script-src-elem`; old browsers write the whole rule."""
    given = _word(body, "effective-directive", 500) or _word(body, "violated-directive", 500)
    words = given.split(maxsplit=1)
    return words[0][:MAX_WORD].lower() if words else ""


def _blocked(blocked: str, document: str) -> str:
    """Returns the host of what was blocked, `self` for the page's own, or a word such as `inline` or `data:`."""
    scheme, colon, _ = blocked.partition(":")
    if not colon:
        return blocked[:MAX_WORD] or "inline"
    if scheme.lower() not in _WEB_SCHEMES:
        return f"{scheme[:MAX_WORD].lower()}:"
    host = _host(blocked)
    return "self" if host and host == _host(document) else host or "unknown host"


def _host(url: str) -> str:
    """Returns the host in an address; a text without a scheme is a host."""
    try:
        host = urlsplit(url if "://" in url else f"//{url}").hostname
    except ValueError:
        return ""
    return (host or "")[:253]


def _word(source: Mapping[str, Any], name: str, most: int = MAX_WORD) -> str:
    """Returns a text of at most `most` characters, or nothing when it is none."""
    value = source.get(name)
    return value[:most] if isinstance(value, str) else ""


def _text(event: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(event).encode()
    except (RecursionError, ValueError) as error:
        raise Refused(400, "malformed", f"A report cannot be written as an event: {error}.") from None
