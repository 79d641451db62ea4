import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.accept import sessions
from kaput.model import HOUR
from tests.accept.door import NOW

THEN = datetime.fromtimestamp(NOW - 60, UTC).isoformat().replace("+00:00", "Z")
THIS_HOUR = str(int((NOW - 60) // HOUR))
SID = "7c7b6585-f901-4351-bf8d-02711b721929"
LEFT_OUT = {"left_out": {"sessions_malformed": 1}}
ATTRIBUTES = {"release": "shop@2.4.1", "environment": "production"}


def told(kind: str, **fields: Any) -> Any:
    """Reads an item with these fields, and returns the object that is written and what was left out."""
    value = {"started": THEN, "attrs": ATTRIBUTES, **fields}
    written, left_out = sessions.of_item(kind, json.dumps(value).encode(), NOW)
    return (json.loads(written) if written else {}) | ({"left_out": dict(left_out)} if left_out else {})


def counted(kind: str = "sessions", **fields: Any) -> Any:
    """Returns the counts of the only hour that an item tells of."""
    found = told(kind, **fields)
    assert list(found["hours"]) == [THIS_HOUR]
    return found["hours"][THIS_HOUR]


def aggregated(*aggregates: Any) -> Any:
    """Reads aggregates."""
    return told("sessions", aggregates=list(aggregates))


def test_aggregates_are_added_up_by_hour() -> None:
    """The minutes of a client become one line, with what it says of its source."""
    later = {"started": NOW - 1, "exited": 1, "unhandled": "4", "did": "u1"}
    found = aggregated({"started": THEN, "exited": 120, "errored": 3, "crashed": 2, "abnormal": 1}, later)
    assert found == {
        "release": "shop@2.4.1",
        "environment": "production",
        "hours": {THIS_HOUR: [131, 3, 4, 1, 2]},
    }


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"init": True, "sid": SID}, [1, 0, 0, 0, 0]),
        ({"init": True, "sid": SID, "status": "exited", "seq": 7}, [1, 0, 0, 0, 0]),
        ({"seq": 0, "sid": SID, "status": "ok"}, [1, 0, 0, 0, 0]),
        ({"status": "exited"}, [1, 0, 0, 0, 0]),
        ({"status": "crashed"}, [1, 0, 0, 0, 1]),
        ({"status": "exited", "errors": 2}, [1, 1, 0, 0, 0]),
    ],
)
def test_a_session_that_needs_no_memory_is_a_number(fields: dict[str, Any], counts: list[int]) -> None:
    """A healthy one is counted at its first update; one without an id at its only one."""
    assert counted("session", **fields) == counts


@pytest.mark.parametrize("status", ["ok", "exited", None])
def test_a_later_update_that_changes_nothing_is_not_kept(status: str | None) -> None:
    """A session that was started before and is well makes no record."""
    assert told("session", sid=SID, init=False, status=status) == {}
    assert told("session", sid=SID, seq=3, status=status) == {}


@pytest.mark.parametrize(
    ("fields", "begun", "health"),
    [
        ({"status": "crashed"}, False, 4),
        ({"status": "crashed", "init": True}, True, 4),
        ({"status": "abnormal"}, False, 3),
        ({"status": "unhandled", "errors": 1}, False, 2),
        ({"status": "errored"}, False, 1),
        ({"status": "exited", "errors": 1}, False, 1),
        ({"errors": 4, "seq": 0}, True, 1),
        ({"status": "a state of tomorrow"}, False, 1),
        ({"status": ["crashed"]}, False, 1),
    ],
)
def test_a_session_that_is_not_well_keeps_its_id(fields: dict[str, Any], begun: bool, health: int) -> None:
    """More can be said of it, so that the store must know which it was."""
    found = told("session", sid=SID, **fields)
    assert "hours" not in found
    assert found["updates"] == [[SID.replace("-", ""), int(THIS_HOUR), begun, health]]


def test_an_id_of_another_form_tells_sessions_apart() -> None:
    """What is no UUID becomes an id of the same size, the same each time."""
    first, again, other = (told("session", sid=sid, status="crashed")["updates"][0][0] for sid in ("a", "a", "b"))
    assert first == again != other
    assert len(bytes.fromhex(first)) == len(bytes.fromhex(other)) == 16


@pytest.mark.parametrize(
    ("started", "hour"),
    [
        (NOW, int(NOW // HOUR)),
        (NOW + 7 * HOUR, int(NOW // HOUR)),
        (NOW - 3 * HOUR, int(NOW // HOUR) - 3),
        ("2026-11-18T11:00:00.250+02:00", 498_609),
        ("2026-11-18T09:00:00", 498_609),
    ],
)
def test_the_hour_is_that_of_the_start(started: object, hour: int) -> None:
    """ISO 8601 and seconds are read; a clock that is ahead does not make the future."""
    assert list(aggregated({"started": started, "exited": 1})["hours"]) == [str(hour)]


def test_what_cannot_be_counted_does_not_cost_the_rest() -> None:
    """An aggregate of no time, or older than five days, is left out and counted."""
    old = {"started": NOW - 6 * 24 * HOUR, "exited": 9, "crashed": 1}
    found = aggregated({"exited": 1}, 7, old, {"started": THEN, "exited": 2}, {"started": THEN})
    assert found["hours"] == {THIS_HOUR: [2, 0, 0, 0, 0]}
    assert found["left_out"] == {"sessions_malformed": 2, "sessions_too_old": 10}
    assert told("session", started=0)["left_out"] == {"sessions_too_old": 1}


def test_numbers_and_lists_are_bounded() -> None:
    """One number stands for ten million sessions at most, one item has a thousand aggregates."""
    one = {"started": THEN, "exited": 1}
    found = aggregated(*[one] * 1003)
    assert found["hours"][THIS_HOUR][0] == 1000
    assert found["left_out"] == {"sessions_beyond_limit": 3}
    assert counted(aggregates=[{"started": THEN, "exited": 10**30, "crashed": -5, "errored": 1.5}])[0] == 10**7
    huge = {"aggregates": [{"started": THEN, "exited": 1}], "more": "x" * 2**20}
    assert told("sessions", **huge) == LEFT_OUT


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("session", {"attrs": None}),
        ("session", {"attrs": {}}),
        ("session", {"attrs": {"release": " "}}),
        ("sessions", {"attrs": {"release": 5}}),
        ("sessions", {}),
        ("sessions", {"aggregates": {}}),
    ],
)
def test_what_is_no_session_is_left_out(kind: str, fields: dict[str, Any]) -> None:
    """Without a release or a list of aggregates nothing can be counted but that it came."""
    assert told(kind, **fields) == LEFT_OUT


@pytest.mark.parametrize("started", [None, "", "yesterday", True, -1, 1e13, [], "9" * 100])
def test_a_session_of_no_time_is_left_out(started: object) -> None:
    """What is no time is none at which a session can have started."""
    assert told("session", sid=SID, started=started) == LEFT_OUT


@given(st.sampled_from(sorted(sessions.ITEMS)), st.binary(max_size=60))
def test_arbitrary_bytes_do_no_harm(kind: str, payload: bytes) -> None:
    """Whatever is sent, it is written as JSON or counted."""
    written, left_out = sessions.of_item(kind, payload, NOW)
    assert isinstance(json.loads(written), dict) if written else left_out


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)
AGGREGATE = st.dictionaries(st.sampled_from(["started", "did", "exited", "errored", "crashed"]), ANYTHING)
FIELDS = st.dictionaries(
    st.sampled_from(["sid", "init", "seq", "status", "errors", "started", "duration", "aggregates"]),
    ANYTHING | st.lists(AGGREGATE | ANYTHING, max_size=3),
)


@given(st.sampled_from(sorted(sessions.ITEMS)), FIELDS, st.text(min_size=1))
def test_any_field_may_have_any_value(kind: str, fields: dict[str, Any], release: str) -> None:
    """A field of a wrong type is passed over or counted."""
    value = {"started": NOW, **fields, "attrs": {"release": release}}
    written, _ = sessions.of_item(kind, json.dumps(value).encode(), NOW)
    assert not written or json.loads(written)["release"] == release
