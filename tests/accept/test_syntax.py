import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.accept import syntax
from kaput.errors import Refused
from tests.accept.door import outcome
from tests.fuzz.targets import min_seconds, read_envelope

ID = "9d3b4c2a1f0e4d5c8b7a69584736251f"
DASHED = "9d3b4c2a-1f0e-4d5c-8b7a-69584736251f"


@pytest.mark.parametrize(
    ("event_id", "expected"),
    [
        (f'"{ID}"', ID),
        (f'"{ID.upper()}"', ID),
        (f'"{DASHED}"', ID),
        (f'" {DASHED.upper()} "', ID),
        (f'"\\u0039{ID[1:]}"', ID),
        ('""', ""),
        ("null", ""),
        ("7", ""),
        ("1e999", ""),
        ("NaN", ""),
        ('["' + ID + '"]', ""),
        ('{"a": {}}', ""),
        ('"\\ud800"', ""),
        (f'"{"0" * 32}"', ""),
        (f'"{ID}0"', ""),
        (f'"{ID[:-1]}g"', ""),
        (f'"{ID[:-1]}\u0661"', ""),
        (f'"{ID}\\n"', ID),
    ],
)
def test_event_ids_are_normalised(event_id: str, expected: str) -> None:
    """An id has 32 lower-case hexadecimal digits, or there is none."""
    assert syntax.check(f'{{"event_id": {event_id}, "a": 1}}'.encode()) == expected
    assert syntax.check(f'{{"event_id": {event_id}, "a": NaN}}'.encode()) == expected


@pytest.mark.parametrize(
    "rest",
    [
        b'"a": NaN',
        b'"a": [Infinity, -Infinity]',
        b'"a": "\\ud800"',
        b'"\\ud800": 1',
        b'"a": "\xff\xfe"',
        b'"a": NaN, "b": "\xff"',
        b'"a": "\\u0000"',
        b'"a": "\x01\n\t"',
        b'"a": 1e999',
        b'"a": ' + b"9" * 6000,
        b'"a": NaN, "b": ' + b"9" * 6000,
        b'"a": -' + b"9" * 6000 + b".5",
        b'"level": 7, "exception": "text", "tags": 1.5, "timestamp": {}',
        b'"a": ' + b"[" * 500 + b"]" * 500,
    ],
)
def test_odd_values_are_kept(rest: bytes) -> None:
    """No value of any type, and no number of any size, costs an event."""
    assert syntax.check(b'{"event_id": "' + ID.encode() + b'", ' + rest + b"}") == ID


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_read(encoding: str) -> None:
    """A byte order mark and the wider encodings of JSON are understood."""
    assert syntax.check(json.dumps({"event_id": ID, "a": "☂"}).encode(encoding)) == ID


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"[]",
        b'[{"event_id": 1}]',
        b'"text"',
        b"7",
        b"null",
        b"NaN",
        b"{",
        b'{"a": 1',
        b'{"a": "b',
        b'{"a": NaN',
        b'{"a": 01}',
        b'{"a": 1,}',
        b"{} {}",
        b"{}\x00",
        b"\x00{}",
        b"\x00a\x00",
        b'{"a": "\\q"}',
        b"{'a': 1}",
        b'{"a":' + b"[" * 1100 + b"]" * 1100 + b"}",
        b'{"a":' * 100_000,
        b'{"a":' + b"[" * 100_000 + b"NaN" + b"]" * 100_000 + b"}",
    ],
    ids=range(23),
)
def test_what_is_no_object_is_a_400(body: bytes) -> None:
    """What is cut short, no object, or nested too deep for both parsers is refused."""
    with pytest.raises(Refused) as caught:
        syntax.check(body)
    assert (caught.value.status, caught.value.reason) == (400, "malformed")


def test_what_is_taken_can_be_read_from_deeper_in_the_stack() -> None:
    """The deepest event that is taken is one that json reads where the stack is deeper, with the reserve."""

    def read_below(frames: int, body: bytes) -> object:
        return read_below(frames - 1, body) if frames else json.loads(body)

    taken = 0
    for depth in range(sys.getrecursionlimit() - 300, sys.getrecursionlimit()):
        body = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
        if outcome(lambda body=body: syntax.check(body)) == "":  # type: ignore[misc]
            taken += 1
            sys.setrecursionlimit(sys.getrecursionlimit() + syntax.RESERVE)
            try:
                assert read_below(syntax.RESERVE - 10, body)
            finally:
                sys.setrecursionlimit(sys.getrecursionlimit() - syntax.RESERVE)
    assert 0 < taken < 300


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(), max_size=8), inner, max_size=4)
    ),
)


@given(st.dictionaries(st.sampled_from(["event_id", "a", "\ud800", "level"]), JSON), st.booleans())
def test_every_object_is_taken(event: dict[str, object], escaped: bool) -> None:
    """Any object that Python's json writes is an event, NaN and lone surrogates among its values."""
    syntax.check(json.dumps(event, ensure_ascii=escaped).encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda inner: b'{"event_id":' + inner + b"}"))
def test_arbitrary_bytes_are_taken_or_refused(body: bytes) -> None:
    """Whatever the bytes are, the only error is a refusal."""
    found = outcome(lambda: syntax.check(body))
    assert isinstance(found, str) or found.status == 400


def test_numbers_that_are_read_slowly_are_kept_as_texts_when_they_are_many() -> None:
    """They are the numbers of a flood, where a few are numbers as others."""
    assert syntax.read_json(b"[2.5, " + b"1e308, " * 200 + b"7]", "a report")[:2] == [2.5, 1e308]
    assert syntax.read_json(b"[2.5, " + b"1e308, " * 400 + b"7]", "a report")[:2] == ["2.5", "1e308"]


def test_no_number_takes_long_to_read() -> None:
    """One near the largest that there is takes msgspec a hundred times as long as another of its length."""

    def report(number: bytes) -> bytes:
        return b'{"a":[' + b",".join([number] * 60_000) + b"]}"

    def envelope(number: bytes) -> bytes:
        header = b'{"type":"x","length":0,"a":[' + b",".join([number] * 2000) + b"]}"
        return b"{}\n" + b"\n\n".join([header] * 40)

    for read in (lambda body: syntax.read_json(body, "it"), lambda body: syntax.read_object(body, "it")):
        assert min_seconds(read, report(b"1e308")) < 3 * min_seconds(read, report(b"1e208")) + 0.1
    assert min_seconds(read_envelope, envelope(b"1e308")) < 3 * min_seconds(read_envelope, envelope(b"1e208")) + 0.1


def test_a_header_may_hold_anything() -> None:
    """What no client sends there is read too, its numbers as texts."""
    assert syntax.read_header(b'{"length": 7, "type": "event"}', "it") == {"length": 7, "type": "event"}
    assert syntax.read_header(b'{"length": 7, "at": 1.5, "a": [[1]]}', "it") == {
        "length": "7",
        "at": "1.5",
        "a": [["1"]],
    }
