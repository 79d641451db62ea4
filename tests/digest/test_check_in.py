import json
from typing import Any

import pytest

from kaput.accept import check_in as accepted
from kaput.digest.record import read
from kaput.errors import Undigestible
from kaput.model import CHECK_IN, CheckIn, MonitorConfig, Record, RunStatus

ID, NEW_ID = "ab" * 16, "cd" * 16


def digested(body: bytes) -> CheckIn:
    """Digests a record of a check-in."""
    found = read(Record(7, NEW_ID, 5.5, body, kind=CHECK_IN))
    assert isinstance(found, CheckIn)
    return found


def said(**fields: Any) -> CheckIn:
    """Accepts and digests a check-in."""
    item = {"monitor_slug": "nightly-backup", "status": "ok", **fields}
    return digested(accepted.of_item(json.dumps(item).encode()))


def test_a_bare_check_in_has_the_defaults() -> None:
    """Without an environment it is production's, as it is with Sentry; the monitor is left as it is."""
    expected = CheckIn(7, "nightly-backup", "production", RunStatus.OK, "", NEW_ID, 5.5)
    assert said() == expected


def test_minutes_become_seconds() -> None:
    """What the configuration leaves out has Sentry's defaults: a minute of margin, 30 to run, one failure to tell."""
    schedule = {"type": "interval", "value": 5, "unit": "minute"}
    assert said(monitor_config={"schedule": schedule}).config == MonitorConfig("interval", "5", "minute", "UTC")
    config = {
        "schedule": {"type": "crontab", "value": " 0  2 * * * "},
        "timezone": "Europe/Berlin",
        "checkin_margin": 0,
        "max_runtime": 0.02,
        "failure_issue_threshold": 3,
        "recovery_threshold": "2",
    }
    expected = MonitorConfig("crontab", "0 2 * * *", "", "Europe/Berlin", 0.0, 1.2, 3, 2)
    assert said(monitor_config=config).config == expected


def test_secrets_are_filtered() -> None:
    """A secret in a text of the check-in does not get in."""
    assert "hunter2" not in said(release="password=hunter2-secret").release


@pytest.mark.parametrize("body", [b"{}", b'{"slug": "a"}', b'{"slug": "a", "status": "x"}', b"[]", b"{"])
def test_what_accept_did_not_write_is_undigestible(body: bytes) -> None:
    """A body from elsewhere ends as undigestible, and nowhere else."""
    with pytest.raises(Undigestible):
        digested(body)
