"""A whole record is digested, whatever is in it."""

import copy
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.digest.record import digest
from kaput.errors import Undigestible
from kaput.model import Digested, Event, Record

EVENTS = Path(__file__).parent.parent / "corpus" / "events"
REAL = {path.name: json.loads(path.read_text()) for path in sorted(EVENTS.glob("*.json"))}
SMALL = [event for event in REAL.values() if len(json.dumps(event)) < 12_000]
RECEIVED = 1795359306.0

SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([10**30, "x" * 9000, "{{auto}}", "\ud800", "a\0b", "password=x", float("nan"), "9" * 400, -1])
)
JSON = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["values", "frames", "type", "message", "params", "vars", "id"]) | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)
FIELD = st.sampled_from(
    sorted(
        {key for event in REAL.values() for key in event}
        | {"threads", "stacktrace", "logentry", "fingerprint", "culprit"}
    )
)


def digested(event: Any) -> Digested:
    body = json.dumps(event).encode()
    return digest(
        Record(project_id=3, event_id="a" * 32, received=RECEIVED, body=body, client="c/1", address="10.0.0.7")
    )


def check(result: Digested) -> None:
    """What the rest of Kaput relies on."""
    encoded = msgspec.json.encode(result.event)
    assert msgspec.json.encode(msgspec.json.decode(encoded, type=Event)) == encoded
    assert len(encoded) < 3_000_000
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in result.grouping.hashes)
    assert result.grouping.hashes
    assert result.grouping.reason
    assert result.title.text


def paths(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places of all values in a tree."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, value in items for place in [(*path, key), *paths(value, (*path, key))]]


PLACES = [paths(event) for event in SMALL]


@pytest.mark.parametrize("name", REAL)
def test_real_events_are_kept_whole(name: str) -> None:
    """What a real client sends loses nothing but its secrets: every frame, type, value and breadcrumb is there."""
    raw = REAL[name]
    result = digested(raw)
    check(result)
    chain = raw.get("exception", {}).get("values", [])
    kept = result.event.exception.values if result.event.exception else []
    assert [(one.type, one.value) for one in kept] == [(one["type"], one["value"]) for one in chain]
    frames = [[frame["function"] for frame in one["stacktrace"]["frames"]] for one in chain if one["stacktrace"]]
    assert [[frame.function for frame in one.stacktrace.frames] for one in kept if one.stacktrace] == frames
    crumbs = raw.get("breadcrumbs") or {"values": []}
    assert len(result.event.breadcrumbs.values if result.event.breadcrumbs else []) == len(crumbs["values"])
    assert {error.type for error in result.event.errors} <= {"filtered", "trimmed"}


@pytest.mark.parametrize(
    ("name", "text", "culprit"),
    [
        ("sdk-key-error.json", "KeyError: 'sku-9'", "price_cart in shop/pricing.py"),
        ("raven-key-error.json", "KeyError: 'sku-9'", "price_cart in shop/pricing.py"),
        ("sdk-chained.json", "LookupError: no price list for 'b2b'", "price_list in shop/pricing.py"),
        ("sdk-group.json", "ExceptionGroup: could not reserve", "reserve in shop/pricing.py"),
        ("sdk-database.json", "OperationalError: no such table: orders", "orders in shop/app.py"),
        ("sdk-template.json", "UndefinedError: 'cart' is undefined", "template in shop/app.py"),
        ("raven-message.json", "order 8812 failed after 2.5 s", ""),
        ("sdk-message.json", "disk 93% full on web-3", ""),
    ],
)
def test_real_events_have_their_titles(name: str, text: str, culprit: str) -> None:
    """Type and value of what was raised last, and the own function in which it was."""
    title = digested(REAL[name]).title
    assert (title.text, title.culprit) == (text, culprit)


@pytest.mark.parametrize("name", ["key-error", "chained", "recursion", "template", "database", "refused", "secrets"])
def test_both_clients_lead_to_one_issue(name: str) -> None:
    """The same failure is the same issue, whether raven or sentry-sdk reports it."""
    old, new = digested(REAL[f"raven-{name}.json"]), digested(REAL[f"sdk-{name}.json"])
    assert old.grouping == new.grouping


def test_a_variable_of_the_failing_frame_arrives_and_its_password_does_not() -> None:
    """The page shows the locals of the failing line; the password among them was filtered."""
    chain = digested(REAL["sdk-secrets.json"]).event.exception
    assert chain is not None
    stack = chain.values[-1].stacktrace
    assert stack is not None
    assert stack.frames[-1].vars["user"] == {"name": "'bob'", "password": "[Filtered]"}
    assert stack.frames[-1].vars["amount"] == "100"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"5"])
def test_what_is_no_object_is_undigestible(body: bytes) -> None:
    """Such a record goes to `dead/`."""
    with pytest.raises(Undigestible):
        digest(Record(1, "a" * 32, RECEIVED, body))


@given(st.dictionaries(FIELD | st.text(), JSON, max_size=6))
def test_any_object_is_digested(event: dict[str, Any]) -> None:
    """Every JSON object becomes an event that can be stored and read back."""
    check(digested(event))


@given(st.data(), st.integers(0, len(SMALL) - 1), JSON)
def test_any_field_may_have_any_value(data: st.DataObject, index: int, value: Any) -> None:
    """One field of a real event, at any depth, is replaced by anything."""
    event = copy.deepcopy(SMALL[index])
    *way, last = data.draw(st.sampled_from(PLACES[index]))
    node = event
    for key in way:
        node = node[key]
    node[last] = value
    check(digested(event))


def test_an_event_of_a_megabyte_is_cut_to_size() -> None:
    """Whatever its fields hold, what is stored stays below 3 MB; an ordinary large event far below."""
    frame = {"function": "f", "context_line": "x" * 5000, "pre_context": ["y" * 5000] * 20, "vars": {"a": "z" * 50_000}}
    event = {"exception": [{"type": "E", "stacktrace": {"frames": [frame] * 40}}], "extra": {"a": ["b" * 100] * 10_000}}
    check(digested(event))
    assert len(msgspec.json.encode(digested(event).event)) < 400_000
