import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.accept import check_in
from kaput.accept.limits import Limits
from kaput.errors import Refused
from kaput.model import CHECK_IN, EVENT, Drop
from tests.accept.door import KEY, NOW, MemoryAppender, ask, door, envelope, outcome, pieces, scope

ID = "ab" * 16
BARE = {"monitor_slug": "nightly-backup", "status": "ok"}
CONFIG = {"schedule": {"type": "crontab", "value": "0 2 * * *"}, "timezone": "Europe/Berlin", "checkin_margin": 5}


def of_item(value: Any) -> Any:
    """Reads an item and returns the object that is written."""
    return json.loads(check_in.of_item(json.dumps(value).encode()))


def test_all_fields_are_read() -> None:
    """What the protocol names is kept; what it does not is left out."""
    said = {
        **BARE,
        "check_in_id": ID.upper(),
        "duration": 10.5,
        "release": "2.4.1",
        "environment": "staging",
        "contexts": {"trace": {"trace_id": "cd" * 16, "span_id": "x"}},
        "monitor_config": {**CONFIG, "max_runtime": 30, "failure_issue_threshold": 2, "owner": "user:joe"},
        "more": [1],
    }
    assert of_item(said) == {
        "slug": "nightly-backup",
        "status": "ok",
        "run_id": ID,
        "duration": 10.5,
        "release": "2.4.1",
        "environment": "staging",
        "trace_id": "cd" * 16,
        "config": {
            "type": "crontab",
            "value": "0 2 * * *",
            "unit": "",
            "timezone": "Europe/Berlin",
            "checkin_margin": 5.0,
            "max_runtime": 30.0,
            "failure_issue_threshold": 2.0,
            "recovery_threshold": None,
        },
    }


@pytest.mark.parametrize(
    ("given_slug", "slug"),
    [
        ("nightly-backup", "nightly-backup"),
        ("Nightly  Backup!", "nightly-backup"),
        ("a_b-c", "a_b-c"),
        ("App::Jobs::Daily", "app-jobs-daily"),
        ("x" * 9999, "x" * 50),
    ],
)
def test_a_slug_is_brought_into_form(given_slug: str, slug: str) -> None:
    """A slug is at most 50 lower-case letters, digits, dashes and underscores, as Sentry makes it."""
    assert of_item({**BARE, "monitor_slug": given_slug})["slug"] == slug


@pytest.mark.parametrize(
    "value",
    [
        *({}, [], 7, {"status": "ok"}, {"monitor_slug": "a"}, {**BARE, "monitor_slug": "!!"}),
        *({**BARE, "monitor_slug": 7}, {**BARE, "status": "missed"}, {**BARE, "status": ["ok"]}),
        *({**BARE, "check_in_id": "no id"}, {**BARE, "check_in_id": 7}),
    ],
)
def test_what_names_no_run_is_refused(value: Any) -> None:
    """A check-in without a job or a status that clients may send, or with an id that is none, is malformed."""
    with pytest.raises(Refused) as caught:
        of_item(value)
    assert (caught.value.status, caught.value.reason) == (400, "malformed")


@pytest.mark.parametrize("run_id", [None, "", "0" * 32, "00000000-0000-0000-0000-000000000000"])
def test_an_id_of_zeros_is_left_to_the_server(run_id: Any) -> None:
    """Without an id, or with zeros, the check-in is about the newest run."""
    assert of_item({**BARE, "check_in_id": run_id})["run_id"] == ""


@pytest.mark.parametrize(
    "config",
    [
        *({}, {"schedule": 7}, {"schedule": {"type": [], "value": {}}}, {"timezone": 1, "checkin_margin": "x"}),
        *({"max_runtime": -1}, {"max_runtime": 1e99}, {"failure_issue_threshold": 0, "recovery_threshold": True}),
    ],
)
def test_a_config_of_any_shape_costs_nothing(config: Any) -> None:
    """What is wrong in the configuration is left out, and the check-in is kept."""
    found = of_item({**BARE, "monitor_config": config})
    assert found["slug"] == "nightly-backup"
    assert set(found["config"].values()) <= {"", None}


def test_a_large_check_in_is_refused() -> None:
    """A check-in is small; a larger one is not even read."""
    with pytest.raises(Refused) as caught:
        of_item({**BARE, "release": "x" * check_in.LARGEST})
    assert caught.value.status == 413


@given(st.binary(max_size=80), st.text(max_size=20), st.dictionaries(st.text(max_size=9), st.text(max_size=9)))
def test_arbitrary_bytes_are_read_or_refused(payload: bytes, slug: str, query: dict[str, str]) -> None:
    """Whatever is sent, the only error is a refusal."""
    for found in (
        outcome(lambda: check_in.of_item(payload)),
        outcome(lambda: check_in.of_script(slug, query, payload)),
    ):
        assert isinstance(found, Refused) or json.loads(found)["slug"]


def test_a_malformed_item_harms_no_other() -> None:
    """Beside an event a check-in that cannot be read is counted; alone it is a 400."""
    appender = MemoryAppender()
    items = (("check_in", b"{}"), ("event", b"{}"), ("check_in", json.dumps(BARE).encode()))
    assert ask(door(appender), scope(), pieces(envelope(*items))).status == 200
    assert [record.kind for record in appender.records] == [EVENT, CHECK_IN]
    assert appender.drops == [Drop("malformed", 1, NOW, 7)]
    assert ask(door(MemoryAppender()), scope(), pieces(envelope(("check_in", b"{}")))).status == 400


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", f"/api/7/cron/Nightly Backup/{KEY}/", "status=ok&duration=2.5", b""),
        ("POST", f"/api/7/cron/nightly-backup/{KEY}", "status=ok&duration=2.5", b""),
        ("POST", f"/api/7/cron/nightly-backup/{KEY}/", "status=ok", b'{"status": "error", "duration": 2.5}'),
        ("POST", f"/api/0/cron/nightly-backup/{KEY}/", "", b"status=ok&duration=2.5"),
        ("POST", "/api/7/cron/nightly-backup/", f"status=ok&duration=2.5&sentry_key={KEY}", b""),
    ],
)
def test_a_script_checks_in(method: str, path: str, query: str, body: bytes) -> None:
    """A shell script names the job and the key in the address, and the rest there or in the body."""
    appender = MemoryAppender()
    client = ask(door(appender), scope(path, method, query, x_sentry_auth=""), pieces(body))
    assert (client.status, client.body) == (202, b"")
    (record,) = appender.records
    said = json.loads(record.body)
    assert (record.kind, record.project_id) == (CHECK_IN, 7)
    assert (said["slug"], said["status"], said["duration"], said["run_id"]) == ("nightly-backup", "ok", 2.5, "")


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (f"/api/7/cron/nightly-backup/{KEY}/", "", 400),
        (f"/api/7/cron/nightly-backup/{KEY}/", "status=done", 400),
        ("/api/7/cron/nightly-backup/", "status=ok", 401),
        (f"/api/7/cron/nightly-backup/{'0' * 32}/", "status=ok", 403),
        (f"/api/8/cron/nightly-backup/{KEY}/", "status=ok", 403),
        (f"/api/7/cron/nightly-backup/{KEY}/", "status=ok&sentry_key=" + "0" * 32, 400),
        (f"/api/7/cron/nightly-backup/{KEY}/more/", "status=ok", 404),
    ],
)
def test_a_script_is_told_what_is_wrong(path: str, query: str, status: int) -> None:
    """Without a status, a key of the project, or with too much in the address, a script is refused, and it counts."""
    appender = MemoryAppender()
    client = ask(door(appender), scope(path, "GET", query, x_sentry_auth=""), pieces(b""))
    assert (client.status, appender.records, sum(appender.dropped.values())) == (status, [], 1)
    assert client.json["detail"]


def test_a_body_beyond_its_limit_is_refused() -> None:
    """The limits of bodies hold for scripts too."""
    path = f"/api/7/cron/nightly-backup/{KEY}/"
    client = ask(door(MemoryAppender(), Limits(max_body=10)), scope(path, query="status=ok"), pieces(b"x" * 11))
    assert client.status == 413
