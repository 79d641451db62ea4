"""A decoded event of any shape becomes an Event."""

from typing import Any

import pytest

from kaput.digest.normalise import normalise, select
from kaput.model import (
    Breadcrumb,
    Breadcrumbs,
    Event,
    ExceptionChain,
    ExceptionValue,
    FieldError,
    Frame,
    LogEntry,
    Record,
    Sdk,
    Stacktrace,
    User,
)

NOW = 1795359306.0
RECORD = Record(
    project_id=1, event_id="a" * 32, received=NOW, body=b"", client="raven-python/6.10.0", address="10.0.0.7"
)


def event(**raw: Any) -> Event:
    return normalise(select(raw), RECORD)


def test_an_empty_event_has_its_defaults() -> None:
    """Id and times come from the record, the client's name from its key's header."""
    expected = Event(event_id="a" * 32, timestamp=NOW, received=NOW, sdk=Sdk("raven-python", "6.10.0"))
    assert event() == expected


@pytest.mark.parametrize(
    ("value", "expected", "errors"),
    [
        ("2026-11-22T14:55:00Z", NOW - 6, []),
        (NOW - 29 * 86400, NOW - 29 * 86400, []),
        (NOW + 60, NOW + 60, []),
        (NOW + 61, NOW, [FieldError("clock_drift", "timestamp", "1795359367.0")]),
        ("2026-10-01T00:00:00", NOW, [FieldError("clock_drift", "timestamp", "2026-10-01T00:00:00")]),
        ("yesterday", NOW, [FieldError("invalid_data", "timestamp", "yesterday")]),
    ],
)
def test_a_wrong_clock_is_clamped(value: Any, expected: float, errors: list[FieldError]) -> None:
    """More than 30 days old or 60 s ahead: the time of receipt counts, and the original is remembered."""
    result = event(timestamp=value)
    assert (result.timestamp, result.errors) == (expected, errors)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("warning", "warning"),
        ("WARN", "warning"),
        ("critical", "fatal"),
        ("log", "info"),
        (10, "debug"),
        (20, "info"),
        (30, "warning"),
        (40, "error"),
        (50, "fatal"),
        (45, "error"),
        ("40", "error"),
        (0, "error"),
        (True, "error"),
        (["error"], "error"),
        ("loud", "error"),
    ],
)
def test_levels_have_five_names(value: Any, expected: str) -> None:
    """Names of other libraries and Python's numbers are translated; everything unknown is an error."""
    assert event(level=value).level == expected


def test_old_names_of_fields_are_known() -> None:
    """`sentry.interfaces.*` and `culprit` mean what they mean today, and the new name wins."""
    raw: dict[str, Any] = {
        "sentry.interfaces.Exception": {"type": "KeyError"},
        "sentry.interfaces.Message": {"message": "a %s", "params": ["b"]},
        "sentry.interfaces.Stacktrace": {"frames": [{"function": "f"}]},
        "sentry.interfaces.Http": {"url": "http://x/"},
        "sentry.interfaces.User": {"id": 7},
        "sentry.interfaces.Breadcrumbs": [{"message": "m"}],
        "culprit": "old",
        "transaction": "new",
    }
    result = event(**raw)
    assert result.exception == ExceptionChain([ExceptionValue(type="KeyError")])
    assert result.logentry == LogEntry("a %s", ["b"], "a b")
    assert result.stacktrace is not None
    assert result.request is not None
    assert result.user is not None
    assert result.breadcrumbs == Breadcrumbs([Breadcrumb(message="m")])
    assert result.transaction == "new"
    assert event(culprit="old").transaction == "old"


def test_a_message_that_repeats_the_exception_is_left_out() -> None:
    """Raven sends the title as message; a message of its own stays."""
    raw = {"exception": {"type": "KeyError", "value": "'x'"}}
    assert event(message="KeyError: 'x'", **raw).logentry is None
    assert event(message="while pricing", **raw).logentry == LogEntry(formatted="while pricing")


def test_a_message_in_the_dress_of_an_exception_is_a_message() -> None:
    """SDKs for JavaScript send a message with its stack as a synthetic exception of no type; real ones stay."""
    stack = {"frames": [{"function": "ask"}]}
    dressed = {"value": "sold out", "mechanism": {"synthetic": True}, "stacktrace": stack}
    result = event(exception={"values": [dressed]}, message="sold out")
    assert (result.exception, result.logentry) == (None, LogEntry(formatted="sold out"))
    assert result.stacktrace == Stacktrace([Frame(function="ask", in_app=False)])
    template = {"message": "%s out", "params": ["sold"]}
    assert event(exception={"values": [dressed]}, logentry=template).logentry == LogEntry(
        "%s out", ["sold"], "sold out"
    )
    assert event(exception={"values": [{**dressed, "type": "Error"}]}).exception is not None
    assert event(exception={"values": [{**dressed, "mechanism": {}}]}).exception is not None


def test_a_client_may_leave_the_address_to_the_server() -> None:
    """The settings of the SDK say so; without them no address is noted that nobody asked for."""
    assert event(sdk={"settings": {"infer_ip": "auto"}}).user == User(ip_address="10.0.0.7")
    assert event(sdk={"settings": {"infer_ip": "never"}}).user is None
    assert event(sdk={"settings": ["infer_ip"]}).user is None


def test_tags_are_texts_of_bounded_size() -> None:
    """Objects and pairs; empty values are left out, long ones cut."""
    assert event(tags={"plan": "free", "age": 3, "none": None, "empty": ""}).tags == {"plan": "free", "age": "3"}
    assert event(tags=[["plan", "free"], ["on", True]]).tags == {"plan": "free", "on": "true"}
    long = event(tags={f"{index:03}" + "k" * 300: "v" * 300 for index in range(500)}).tags
    assert len(long) == 200
    assert {(len(key), len(value)) for key, value in long.items()} == {(200, 200)}


def test_breadcrumbs_keep_the_newest() -> None:
    """Two hundred of them, oldest first; odd ones are read as far as they go."""
    crumbs = [{"message": str(index), "timestamp": index, "data": {"a": 1}} for index in range(350)]
    result = event(breadcrumbs={"values": [*crumbs, "text", 5]})
    assert result.breadcrumbs is not None
    expected = Breadcrumb(message="152", timestamp=152.0, data={"a": 1})
    assert (len(result.breadcrumbs.values), result.breadcrumbs.values[0]) == (199, expected)
    assert result.breadcrumbs.values[-1] == Breadcrumb(message="text")
    assert [error.type for error in result.errors] == ["trimmed", "invalid_data"]


def test_contexts_extra_and_modules_are_bounded() -> None:
    """8,192 characters for contexts and modules, 16,384 for each extra and 262,144 for all."""
    huge = {f"name-{index}": "x" * 50_000 for index in range(100)}
    result = event(contexts={"app": huge}, extra=huge, modules=huge)
    assert len(str(result.contexts)) < 10_000
    assert 250_000 < len(str(result.extra)) < 300_000
    assert max(len(value) for value in result.extra.values()) <= 16_384
    assert sum(map(len, result.modules.values())) < 8_192
    assert {error.type for error in result.errors} == {"trimmed"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"fingerprint": ["{{ default }}", "a", 5]}, ["{{ default }}", "a", "5"]),
        ({"fingerprint": "a"}, ["a"]),
        ({"fingerprint": None, "checksum": "c"}, ["c"]),
        ({"fingerprint": {"a": 1}}, []),
        ({"fingerprint": []}, []),
    ],
)
def test_fingerprints_are_lists_of_texts(raw: dict[str, Any], expected: list[str]) -> None:
    """One text is a list of one; raven's checksum is a fingerprint."""
    assert event(**raw).fingerprint == expected


def test_what_was_filtered_is_counted() -> None:
    """The page can say that something is missing, not what."""
    assert normalise({}, RECORD, filtered=3).errors == [FieldError("filtered", "event", "3")]


def test_unknown_fields_are_left_out() -> None:
    """Only fields that an event has go on to the scrub."""
    assert select({"_meta": {"a": 1}, "debug_meta": {}, "level": "error", "release": None}) == {"level": "error"}
