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


def test_a_deep_body_is_cleaned() -> None:
    """Cleaning works as deep as the parsers do."""
    depth = 400
    body = b'{"a": ' + b"[" * depth + rb'"\u0000"' + b"]" * depth + b"}"
    assert "�" in json.dumps(decode(body), ensure_ascii=False)
