"""No event holds the worker for long, and what is kept of a huge one is the newest and whole."""

import json
import time
from typing import Any

import pytest

from kaput.digest.ration import RATION, VALUE, is_large, ration
from kaput.digest.record import digest
from kaput.digest.scrub import scrub
from kaput.model import Record


def huge(**fields: Any) -> bytes:
    return json.dumps({"platform": "python", **fields}).encode()


def digested(body: bytes) -> Any:
    return digest(Record(1, "ab" * 16, 1_800_000_000.0, body)).event


def test_an_ordinary_event_is_left_alone() -> None:
    """Below the limit nothing is copied."""
    event = {"extra": {"a": "b" * 1000}}
    assert not is_large(json.dumps(event).encode())


def test_small_fields_of_a_huge_event_stay_whole() -> None:
    """A flood in one field costs nothing of the others, and is noted."""
    exception = {"values": [{"type": "KeyError", "value": "'sku-9'"}]}
    event = digested(huge(exception=exception, extra={str(n): "x" * 100 for n in range(100_000)}))
    assert event.exception is not None
    assert event.exception.values[0].value == "'sku-9'"
    assert "extra" in [error.name for error in event.errors]


def test_the_newest_of_a_list_is_kept() -> None:
    """Of too many frames those that failed are there."""
    frames = [{"function": f"f{n}", "vars": {"x": "y" * 2000}} for n in range(5000)]
    event = digested(huge(exception={"values": [{"type": "E", "stacktrace": {"frames": frames}}]}))
    assert event.exception is not None
    assert event.exception.values[0].stacktrace.frames[-1].function == "f4999"


def frame(number: int, *, own: bool = False, **more: Any) -> dict[str, Any]:
    return {**more, "function": f"f{number}", "module": "m", "context_line": f"call_{number}()", "in_app": own}


def chain(*stacks: list[dict[str, Any]]) -> dict[str, Any]:
    values = [{"stacktrace": {"frames": one}, "type": f"E{n}", "value": "v"} for n, one in enumerate(stacks)]
    return {"exception": {"values": values}}


LARGE = {"x": "y" * 9000, "l": list(range(40))}
ONE = {str(number): "z" * 5000 for number in range(400)}


@pytest.mark.parametrize(
    ("large", "small"),
    [
        pytest.param(
            chain([frame(n, own=n == 7, vars=LARGE) for n in range(240)]),
            chain([frame(n, own=n == 7) for n in range(240)]),
            id="many frames with large variables",
        ),
        pytest.param(
            chain([frame(1, own=True), frame(2, vars=ONE)]),
            chain([frame(1, own=True), frame(2)]),
            id="one variable larger than all",
        ),
        pytest.param(
            chain(*[[frame(n, own=n == 3, vars=LARGE) for n in range(60)]] * 6),
            chain(*[[frame(n, own=n == 3) for n in range(60)]] * 6),
            id="a chain of exceptions",
        ),
        pytest.param(
            chain([frame(n, own=n == 10) for n in range(3000)]),
            chain([frame(n, own=n == 10) for n in range(200)]),
            id="the oldest of very many frames",
        ),
        pytest.param(
            {"logentry": {"params": ["x" * 60_000] * 30, "message": "hello %s"}},
            {"logentry": {"params": ["x"], "message": "hello %s"}},
            id="the parameters of a message",
        ),
    ],
)
def test_what_is_left_out_changes_no_group(large: dict[str, Any], small: dict[str, Any]) -> None:
    """An event belongs to the same issue with and without what makes it huge."""
    groups = [digest(Record(1, "ab" * 16, 1_800_000_000.0, huge(**fields))).grouping for fields in (large, small)]
    assert is_large(huge(**large))
    assert groups[0].hashes == groups[1].hashes


def test_no_secret_stays_without_the_name_before_it() -> None:
    """Where the room ends within a pair, the name is what is left of it."""
    fill = {str(number): "x" * 60_000 for number in range(RATION // 61_000)}
    pairs = {"a": ["password", "hunter2-x"], "b": {"value": "hunter2-x", "name": "password"}}
    room = RATION - (60_000 + VALUE + 6) * len(fill) - 2 * VALUE
    for left in range(0, 9 * VALUE, 10):
        cut, _ = ration({"extra": {**fill, "rest": "x" * (room - left), **pairs, "c": ["x" * 9000] * 100}})
        scrub(cut)
        assert "hunter2-x" not in str(cut)


def test_a_text_is_cut_far_behind_what_is_kept() -> None:
    """A secret at the end of what is stored is still known for one."""
    text = "a" * 8100 + " password=hunter2-secret " + "b" * 2_000_000
    event = digested(huge(message=text))
    assert "hunter2" not in event.logentry.formatted
    assert len(event.logentry.formatted) <= 8192


def test_depth_is_no_danger() -> None:
    """As many levels as the parsers take, in an event that is large for another reason."""
    body = b'{"message":"' + b"m" * 600_000 + b'","extra":' + b"[" * 900 + b"]" * 900 + b"}"
    assert digested(body).logentry is not None


def test_the_ration_holds() -> None:
    """What is left of a huge event is about the ration."""
    event = {"a": ["x" * 50] * 100_000, "b": {str(n): n for n in range(200_000)}}
    cut, names = ration(event)
    assert names == ["a", "b"]
    assert len(json.dumps(cut)) < 1.2 * RATION


def test_a_hostile_event_takes_no_longer_than_a_large_one() -> None:
    """Sixteen megabytes full of what the scrub looks for take less than ten times one megabyte of it."""

    def seconds(count: int) -> float:
        body = huge(extra={str(n): f"password='sesame-{n}' token=abc{n} 4111111111111111" for n in range(count)})
        began = time.process_time()
        digested(body)
        return time.process_time() - began

    assert seconds(220_000) < 10 * seconds(14_000)
