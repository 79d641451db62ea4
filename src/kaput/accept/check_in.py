"""What a job says about one of its runs, in each of the forms in which clients send it.

In: the payload of an item `check_in`, or the address and the body of the form for shell scripts. Out: the JSON text of
one object with bounded fields. Pure; `intake.py` imports it.
Sources: https://develop.sentry.dev/sdk/telemetry/check-ins/,
https://docs.sentry.io/product/crons/getting-started/http/.

A schedule is only bounded here, not read: one that nobody understands must not cost the news that a run failed.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from kaput.accept.syntax import NIL, normal_id, read_object
from kaput.errors import Refused

LARGEST = 64 * 1024
"""Bytes of one check-in; real ones have some hundred."""
MAX_FIELDS = 20
LONGEST_SLUG = 50
LONGEST_MINUTES = 28 * 24 * 60
MOST_RUNS = 720
STATUSES = ("in_progress", "ok", "error")

_NO_SLUG = re.compile(r"[^a-z0-9_-]+")
_ENVIRONMENT = 64
_RELEASE = 200
_VALUE = 100
_WORD = 20
_LONGEST_RUN = 366 * 24 * 3600


def of_item(payload: bytes) -> bytes:
    """Reads an item.

    Raises:
        Refused: 400, it is no JSON object, or names no job or no status; 413.
    """
    _check_size(payload)
    return _written(read_object(payload, "the check-in"))


def of_script(slug: str, query: Mapping[str, str], body: bytes) -> bytes:
    """Reads the form for shell scripts: `POST /api/1/cron/nightly-backup/<key>/?status=ok`.

    Args:
        slug: as the address names the job.
        query: the fields in the address.
        body: the same fields as a JSON object or as a form, or nothing; those in the address count first.

    Raises:
        Refused: as `of_item`.
    """
    _check_size(body)
    return _written({**_fields(body.strip()), **query, "monitor_slug": slug})


def _fields(body: bytes) -> dict[str, Any]:
    if body[:1] == b"{":
        return read_object(body, "the check-in")
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=MAX_FIELDS))
    except ValueError:
        raise _malformed(f"The form has more than {MAX_FIELDS} fields; send fewer.") from None


def _check_size(data: bytes) -> None:
    if len(data) > LARGEST:
        raise Refused(413, "too_large", f"The check-in is larger than {LARGEST} bytes; send less.")


def _written(found: Mapping[str, Any]) -> bytes:
    status = found.get("status")
    if status not in STATUSES:
        raise _malformed(f"The check-in's status is {_shown(status)}; send one of {', '.join(STATUSES)}.")
    config = found.get("monitor_config")
    contexts = found.get("contexts")
    trace = contexts.get("trace") if isinstance(contexts, dict) else None
    written: dict[str, Any] = {
        "slug": _slug(found.get("monitor_slug")),
        "status": status,
        "run_id": _run_id(found.get("check_in_id")),
        "duration": number(found.get("duration"), 0, _LONGEST_RUN),
        "release": _text(found.get("release"), _RELEASE),
        "environment": _text(found.get("environment"), _ENVIRONMENT),
        "trace_id": normal_id(trace.get("trace_id")) if isinstance(trace, dict) else "",
        "config": _config(config) if isinstance(config, dict) else None,
    }
    return json.dumps(written).encode()


def _config(given: Mapping[str, Any]) -> dict[str, Any]:
    schedule = given.get("schedule")
    fields: Mapping[str, Any] = schedule if isinstance(schedule, dict) else {}
    value = fields.get("value")
    return {
        "type": _text(fields.get("type"), _WORD),
        "value": str(value)[:_VALUE] if type(value) is int else _text(value, _VALUE),
        "unit": _text(fields.get("unit"), _WORD),
        "timezone": _text(given.get("timezone"), _ENVIRONMENT),
        "checkin_margin": number(given.get("checkin_margin"), 0, LONGEST_MINUTES),
        "max_runtime": number(given.get("max_runtime"), 0, LONGEST_MINUTES),
        "failure_issue_threshold": number(given.get("failure_issue_threshold"), 1, MOST_RUNS),
        "recovery_threshold": number(given.get("recovery_threshold"), 1, MOST_RUNS),
    }


def number(given: object, least: float, most: float) -> float | None:
    """Reads a number, as text too; None when it is none or not within its bounds."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    if isinstance(given, str) and len(given) > _WORD:
        return None
    try:
        found = float(given)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and least <= found <= most else None


def _slug(given: object) -> str:
    """Names the job as Sentry does: lower case, dashes for what is no letter, digit, dash or underscore."""
    name = given[: 4 * LONGEST_SLUG].lower() if isinstance(given, str) else ""
    slug = _NO_SLUG.sub("-", name).strip("-")[:LONGEST_SLUG].strip("-")
    if not slug:
        raise _malformed(f"The check-in names the job {_shown(given)}; send a monitor_slug of letters and digits.")
    return slug


def _run_id(given: object) -> str:
    """Returns the run's id; empty when it is left to the server, for which clients also send zeros."""
    found = normal_id(given)
    if found or given is None or (isinstance(given, str) and given[:64].strip().replace("-", "") in {"", NIL}):
        return found
    raise _malformed(f"The check-in's id is {_shown(given)}; send 32 hexadecimal digits.")


def _text(given: object, most: int) -> str:
    return given.strip()[:most] if isinstance(given, str) else ""


def _shown(given: object) -> str:
    return repr(given[:40]) if isinstance(given, str) else "missing" if given is None else "no text"


def _malformed(text: str) -> Refused:
    return Refused(400, "malformed", text)
