"""Bytes become a dictionary with clean strings and possible numbers."""

import json

import msgspec
import pytest

from kaput.digest.decode import decode
from kaput.errors import Undigestible

DEEP = 100_000


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "ü"}'.encode("utf-16"), {"a": "ü"}),
        (b'{"a": NaN, "b": Infinity, "c": -Infinity}', {"a": "nan", "b": "inf", "c": "-inf"}),
        (b'{"a": 1e999}', {"a": "1e999"}),
        (b'{"a": NaN, "b": ' + b"9" * 5000 + b"}", {"a": "nan", "b": "9" * 5000}),
        (rb'{"a": "x\ud800y"}', {"a": "x�y"}),
        (rb'{"a": "x\u0000y", "\u0000": [{"\u0000": "\u0000"}]}', {"a": "x�y", "�": [{"�": "�"}]}),
        (rb'{"a": "\ud83d\ude00"}', {"a": "\N{GRINNING FACE}"}),
        (b'{"a": "\xff"}', {"a": "�"}),
        (b'{"a": "tab\tline\n"}', {"a": "tab\tline\n"}),
    ],
)
def test_what_strict_parsers_refuse_is_read(body: bytes, expected: dict[str, object]) -> None:
    """NaN, a BOM, lone surrogates, NUL, bare control characters and impossible numbers do not stop an event."""
    assert decode(body) == expected
    assert msgspec.json.decode(msgspec.json.encode(decode(body))) == expected


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"text"', b"{", b'{"a": }', b"\xff\xfe", b"nonsense"])
def test_what_is_no_object_is_undigestible(body: bytes) -> None:
    """A body that is not a JSON object has no event in it."""
    with pytest.raises(Undigestible):
        decode(body)


def test_a_bottomless_body_is_undigestible() -> None:
    """Nesting that no parser takes ends in a reason, not in a crash."""
    with pytest.raises(Undigestible, match="too deeply"):
        decode(b'{"a": ' + b"[" * DEEP + b"]" * DEEP + b"}")


@pytest.mark.parametrize("fill", ["", "x" * 100_000])
@pytest.mark.parametrize("given", ["", ",NaN"])
def test_numbers_that_are_read_slowly_are_kept_as_texts_when_they_are_many(given: str, fill: str) -> None:
    """They are the numbers of a flood, where a few are numbers as others."""

    def decoded(count: int) -> object:
        body = f'{{"a": [{",".join(["-1.5E+308"] * count)}{given}], "fill": "{fill}", "b": [7, 2.5]}}'
        found = decode(body.encode())
        assert given == "" or found["a"].pop() == "nan"
        return found["a"][-1], *found["b"]

    assert decoded(20) == (-1.5e308, 7, 2.5)
    assert decoded(2000) == ("-1.5E+308", 7, "2.5")


def test_a_large_event_is_read_with_a_number_that_python_does_not_make() -> None:
    """It has more than 4,300 digits; one that is no JSON is not read the second time either."""
    body = b'{"fill": "' + b"x" * 100_000 + b'", "a": NaN, "b": ' + b"9" * 5000
    assert decode(body + b"}")["b"] == "9" * 5000
    with pytest.raises(Undigestible, match="not JSON"):
        decode(body)


def test_a_deep_body_is_cleaned() -> None:
    """Cleaning works as deep as the parsers do."""
    depth = 400
    body = b'{"a": ' + b"[" * depth + rb'"\u0000"' + b"]" * depth + b"}"
    assert "�" in json.dumps(decode(body), ensure_ascii=False)
