"""What accept takes, digest can read: a 200 is never followed by a record that no parser understands."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.accept import syntax
from kaput.digest.decode import decode
from kaput.errors import Refused

WHOLE = (
    b'{"event_id":"9d3b4c2a1f0e4d5c8b7a69584736251f","a":[1.5,-2e3,"x\\u0041",null,true,{"b":[]}],"c":"\xe2\x98\x82"}'
)
ODD = [
    b"NaN",
    b"-Infinity",
    b"\\ud800",
    b"\xff",
    b"\x00",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"1e999",
    b"9" * 5000,
    b'"',
    b",",
    b"[",
    b"}",
]


def is_taken(body: bytes) -> bool:
    """Says whether accept takes the event."""
    try:
        syntax.check(body)
    except Refused:
        return False
    return True


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Makes an event of which some bytes are replaced."""
    body = WHOLE
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(body)))
        body = body[:start] + draw(st.sampled_from(ODD)) + body[start + draw(st.integers(0, 2)) :]
    return body


@given(damaged())
def test_damaged_events(body: bytes) -> None:
    """An event with odd bytes at any place is refused by accept, or read by digest."""
    if is_taken(body):
        assert isinstance(decode(body), dict)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b" [ "])
def test_deep_events(opening: bytes) -> None:
    """An event nested to any depth is refused by accept, or read by digest."""
    closing = b"]" if b"[" in opening else b"}"
    taken = 0
    for depth in range(850, 1050):
        body = b'{"a":' + opening * depth + b"1" + closing * depth + b"}"
        if is_taken(body):
            taken += 1
            assert isinstance(decode(body), dict)
    assert taken > 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-le"])
def test_encodings(encoding: str) -> None:
    """An event in any encoding of JSON is read as the same event."""
    body = json.dumps({"message": "Zürich ☂"}, ensure_ascii=False).encode(encoding)
    assert is_taken(body)
    assert decode(body) == {"message": "Zürich ☂"}
