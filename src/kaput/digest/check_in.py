"""A check-in, made fit to be kept: scrubbed, with the defaults of what its client left out.

In: a record of a check-in, the object that `accept/check_in.py` wrote. Out: `model.CheckIn`. Pure; only `record.py`
imports it. The defaults are Sentry's.
"""

from typing import Any

from kaput.digest.decode import decode
from kaput.digest.fields import Notes, text
from kaput.digest.scrub import scrub
from kaput.errors import Undigestible
from kaput.model import MINUTE, CheckIn, MonitorConfig, Record, RunStatus

ENVIRONMENT = "production"
"""Of a check-in that names none."""

_SLUG = 50
_ENVIRONMENT = 64
_RELEASE = 200
_VALUE = 100
_WORD = 20
_ID = 32


def check_in(record: Record) -> CheckIn:
    """Reads a check-in; raises Undigestible when the body is not what accept wrote."""
    raw = decode(record.body)
    scrub(raw)
    notes = Notes()
    slug, status = text(raw, "slug", _SLUG, notes), text(raw, "status", _WORD, notes)
    if not slug or status not in set(RunStatus):
        raise Undigestible(f"The check-in has the slug {slug!r} and the status {status!r}.")
    config = raw.get("config")
    return CheckIn(
        project_id=record.project_id,
        slug=slug,
        environment=text(raw, "environment", _ENVIRONMENT, notes) or ENVIRONMENT,
        status=RunStatus(status),
        run_id=text(raw, "run_id", _ID, notes),
        new_id=record.event_id,
        received=record.received,
        duration=_number(raw, "duration", None),
        release=text(raw, "release", _RELEASE, notes),
        trace_id=text(raw, "trace_id", _ID, notes),
        config=_config(config, notes) if isinstance(config, dict) else None,
    )


def _config(raw: dict[str, Any], notes: Notes) -> MonitorConfig:
    default = MonitorConfig()
    return MonitorConfig(
        type=text(raw, "type", _WORD, notes),
        value=" ".join(text(raw, "value", _VALUE, notes).split()),
        unit=text(raw, "unit", _WORD, notes),
        timezone=text(raw, "timezone", _ENVIRONMENT, notes) or default.timezone,
        margin=MINUTE * _number(raw, "checkin_margin", default.margin / MINUTE),
        max_runtime=MINUTE * (_number(raw, "max_runtime", 0.0) or default.max_runtime / MINUTE),
        failure_issue_threshold=int(_number(raw, "failure_issue_threshold", 1.0)),
        recovery_threshold=int(_number(raw, "recovery_threshold", 1.0)),
    )


def _number(raw: dict[str, Any], name: str, default: Any) -> Any:
    value = raw.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default
