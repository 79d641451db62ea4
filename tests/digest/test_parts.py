"""An event that is read part by part becomes what it becomes when it is read as a whole."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.digest.decode import decode
from kaput.digest.normalise import normalise, select
from kaput.digest.parts import VALUES as MANY
from kaput.digest.parts import Parts
from kaput.digest.record import digest
from kaput.digest.scrub import scrub
from kaput.model import Event, Record

Write = Callable[[Any], bytes]

EVENTS = Path(__file__).parent.parent / "corpus" / "events"
REAL = {path.name: json.loads(path.read_text()) for path in sorted(EVENTS.glob("*.json"))}
SMALL = [event for event in REAL.values() if len(json.dumps(event)) < 12_000]
ODD: list[Any] = [
    *({"n\0l": 1}, ["n\0l"], {"values": ["n\0l"]}),
    *(None, True, -1, 4111111111111111, 10**30, 1.5, "", "x", "l\nm", "n\0l", "é" * 300, "y" * 600, "z" * 9000, [], {}),
    *("password=hunter2x", "--token", '{"password":"hunter2x"}', "https://bob:hunter2x@x/", "2026-11-22T14:55:01Z"),
    *(["password", "x"], ["--token", "x"], {"password": "x"}, {"name": "token", "value": "x"}, {"k" * 250: 1}),
    *({"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}, {"values": [1]}, {"cookies": {"session": "x"}}, ["a"] * 300),
]


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, value in items for place in [(*path, key), *places(value, (*path, key))]]


PLACES = [places(event) for event in SMALL]


def with_spaces(event: Any) -> bytes:
    return json.dumps(event).encode()


def record(event: Any, write: Write = msgspec.json.encode) -> Record:
    return Record(1, "ab" * 16, 1795359306.0, write(event), "c/1", "10.0.0.7")


def stored(event: Event) -> Event:
    """Returns an event as it is read again: what stayed JSON text has values."""
    return msgspec.json.decode(msgspec.json.encode(event), type=Event)


def by_parts(event: Any, write: Write = msgspec.json.encode) -> Event:
    return stored(digest(record(event, write)).event)


def as_a_whole(event: Any) -> Event:
    raw = select(decode(record(event).body))
    return stored(normalise(raw, record(event), scrub(raw)))


def content(event: Event) -> dict[str, Any]:
    """What is compared: everything, but not the order of the notes."""
    fields = {name: getattr(event, name) for name in Event.__struct_fields__}
    return fields | {"errors": sorted((error.type, error.name, error.value) for error in event.errors)}


@pytest.mark.parametrize("write", [msgspec.json.encode, with_spaces])
@pytest.mark.parametrize("name", REAL)
def test_real_events_come_out_the_same(name: str, write: Write) -> None:
    """Neither the shortcut for the usual shapes nor what is remembered of frames changes anything."""
    for _ in range(2):
        assert content(by_parts(REAL[name], write)) == content(as_a_whole(REAL[name]))


@given(st.data(), st.integers(0, len(SMALL) - 1), st.sampled_from([msgspec.json.encode, with_spaces]))
def test_odd_events_come_out_the_same(data: st.DataObject, index: int, write: Write) -> None:
    """Whatever stands in one place of a real event, at any depth, the whole event comes out the same."""
    event = copy.deepcopy(SMALL[index])
    *way, last = data.draw(st.sampled_from(PLACES[index]))
    node = event
    for key in way:
        node = node[key]
    node[last] = data.draw(st.sampled_from(ODD))
    assert content(by_parts(event, write)) == content(as_a_whole(event))


@pytest.mark.parametrize("name", REAL)
def test_nul_is_found_wherever_it_stands(name: str) -> None:
    """No text of any part brings NUL into the store, also of a frame or a list of packages that comes again."""
    ways = [place for place in places(REAL[name]) if isinstance(place[-1], str)]
    for way in ways[:: 1 + len(ways) // 30]:
        event = copy.deepcopy(REAL[name])
        node = event
        for key in way[:-1]:
            node = node[key]
        node[way[-1]] = "n\0l"
        assert b"\\u0000" not in msgspec.json.encode(digest(record(event)).event)


VALUES = st.recursive(
    st.sampled_from([None, True, 0, -7, 1.5, 1e300, 10**17, 10**30, "", "x", 'q"\\\n', "é😀", "\x7f", "k" * 190])
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "password", "k" * 201, 'k"\\', "é"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["a", "é", "token", "k" * 199, "value"]) | st.text(max_size=5), VALUES))
def test_any_variables_come_out_the_same(variables: dict[str, Any]) -> None:
    """Those that stay as they were sent are read again as what the others become, whatever they hold."""
    frames = [{"function": "f", "vars": {"x": 1}}, {"function": "g", "vars": variables}]
    event = {"exception": {"values": [{"type": "E", "stacktrace": {"frames": frames}}]}}
    assert content(by_parts(event)) == content(as_a_whole(event))


@pytest.mark.parametrize("text", ['{"a":1e999}', '{"a":"\udcff"}', '{"a":"\udced\udca0\udc80"}'])
def test_what_cannot_be_read_again_does_not_stay(text: str) -> None:
    """A number without end, and bytes that are no UTF-8, pass where JSON is only skipped."""
    frame = b'{"function":"f","vars":%b}' % text.encode(errors="surrogateescape")
    body = b'{"exception":{"values":[{"type":"E","stacktrace":{"frames":[%b]}}]}}' % frame
    event = digest(Record(1, "ab" * 16, 1795359306.0, body)).event
    assert stored(event) == event


def test_usual_variables_stay_as_they_were_sent() -> None:
    """They are copied into what is stored, also beside one that is secret."""
    variables = {"a": [1, {"b": "'x'"}], "password": "hunter2"}
    frames = [{"function": "f", "vars": {"a": "1"}}, {"function": "g", "vars": variables}]
    chain = digest(record({"exception": {"values": [{"type": "E", "stacktrace": {"frames": frames}}]}})).event.exception
    assert chain is not None
    assert chain.values[0].stacktrace is not None
    kept: list[Any] = [frame.vars for frame in chain.values[0].stacktrace.frames]
    plain, secret = kept
    assert plain == msgspec.Raw(b'{"a":"1"}')
    assert secret == {"a": msgspec.Raw(b'[1,{"b":"\'x\'"}]'), "password": "[Filtered]"}


def test_what_stands_under_a_secret_name_is_known_to_be_looked_for_elsewhere() -> None:
    """Its echoes are in parts that were not walked through."""
    frame = {"function": "f", "vars": {"password": "hunter2-x", "note": "'plain'"}}
    parts = Parts()
    parts.read(json.dumps({"exception": {"values": [{"type": "E", "stacktrace": {"frames": [frame]}}]}}).encode())
    assert parts.secrets == {"hunter2-x": 1}


def test_one_secret_does_not_hide_another_in_the_same_breadcrumbs() -> None:
    """Each breadcrumb is looked at for itself; the others are kept as they are."""
    crumbs = [{"message": "a"}, {"message": "password=hunter2"}, {"message": "b"}, {"data": {"token": "hunter2"}}]
    found = by_parts({"breadcrumbs": crumbs}).breadcrumbs
    assert found is not None
    assert [crumb.message for crumb in found.values] == ["a", "password=[Filtered]", "b", ""]
    assert found.values[3].data == {"token": "[Filtered]"}


def test_an_odd_breadcrumb_does_not_hide_the_echo_of_a_secret_in_another() -> None:
    """A part that has to be read again is not counted twice: its secret is still looked for elsewhere."""
    crumbs = [{"data": {"password": "hunter2-x"}}, {"level": "l" * 100}]
    event = by_parts({"message": "no entry with hunter2-x", "breadcrumbs": crumbs})
    assert event.logentry is not None
    assert event.logentry.formatted == "no entry with [Filtered]"
    assert [error.value for error in event.errors if error.type == "filtered"] == ["2"]


def variables_of(variables: dict[str, Any]) -> dict[str, Any]:
    """Returns what becomes of the variables of a frame."""
    frame = {"function": "f", "vars": variables}
    chain = by_parts({"exception": {"values": [{"type": "E", "stacktrace": {"frames": [frame]}}]}}).exception
    assert chain is not None
    assert chain.values[0].stacktrace is not None
    return chain.values[0].stacktrace.frames[0].vars


def test_a_variable_with_a_secret_does_not_change_the_others() -> None:
    """Only what is suspicious is walked through; all variables stay, and names are filtered too."""
    variables = {
        "a": "x" * 20,
        "password": "hunter2",
        "name": "token",
        "k password=hunter2xyz": 1,
        "b": {"token": "t-1"},
    }
    assert variables_of(variables) == {
        "a": "x" * 20,
        "password": "[Filtered]",
        "name": "token",
        "k password=[Filtered]": "[Filtered]",
        "b": {"token": "[Filtered]"},
    }


def test_a_variable_named_value_is_as_secret_as_its_name() -> None:
    """The name of a value stands under another key."""
    assert variables_of({"name": "token", "note": "n", "value": "t-1"})["value"] == "[Filtered]"


def test_places_in_which_a_secret_may_stand_are_counted() -> None:
    """More of them than a few are for who reads an event as a whole, in source lines as in variables and packages."""

    def read(count: int, kind: str) -> Any:
        texts = [f"the token: {number:04}(" for number in range(count)]
        event = {
            "source": {"stacktrace": {"frames": [{"context_line": text} for text in texts]}},
            "variables": {"stacktrace": {"frames": [{"function": "f", "vars": {"a": texts}}]}},
            "packages": {"modules": dict.fromkeys(texts, "1")},
            "others": {"extra": {"a": texts}},
        }[kind]
        return Parts().read(json.dumps(event).encode())

    for kind in ("source", "variables", "packages", "others"):
        assert read(40, kind)
        with pytest.raises(ValueError, match="100 places"):
            read(110, kind)


def test_values_of_an_unusual_shape_are_counted() -> None:
    """Too many of them are for the ration; as many in variables of the usual size are not."""
    frames = [{"function": f"f{n}", "vars": {"numbers": list(range(100, 100 + MANY // 50))}} for n in range(200)]
    usual = {"exception": {"values": [{"type": "E", "stacktrace": {"frames": frames}}]}}
    assert len(Parts().read(json.dumps(usual).encode())["exception"]["values"][0]["stacktrace"].frames) == 200
    many = [0] * (MANY + 100)
    for odd in ({"extra": {"numbers": many}}, {"exception": {"values": [{"type": "E", "value": many}]}}):
        with pytest.raises(ValueError, match=f"{MANY} values"):
            Parts().read(json.dumps(odd).encode())
