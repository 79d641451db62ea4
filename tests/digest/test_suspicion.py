"""Nothing that the scrub would replace passes the first look."""

import copy
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.digest.scrub import scrub
from kaput.digest.suspicion import suspicious

PIECES = [
    *("password", "Passwd", "pass", "auth", "AUTH", "userAuth", "token", "pw", "secret", "sess", "id", "api", "key"),
    *("session", "cookies", "name", "value", "--", "-", "_", ".", " ", "=", ":", "=>", ",", "'", '"', "\\", "/", "\n"),
    *(
        "\t",
        "\x1b",
        "\x0b",
        "\x7f",
        "é",
        "ſ",
        "😀",
        "[",
        "]",
        "(",
        "{",
        "}",
        "%5D",
        "%3A",
        ">",
        "&",
        "@",
        "://",
        "Basic ",
    ),
    *("Bearer ", "Ym9iOmh1bnRlcjI=", "4111111111111111", "4111 1111 1111 1111", "123-45-6789", "AKIAIOSFODNN7EXAMPLE"),
    *("DE89370400440532013000", "eyJhbGciOi.eyJzdWIi.c2ln", "-----BEGIN PRIVATE KEY", "hunter2", "x", "1", "author"),
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
JSON = st.recursive(
    TEXT | st.none() | st.booleans() | st.sampled_from([4111111111111111, 7, 10**20]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
WRITERS = [
    msgspec.json.encode,
    lambda value: json.dumps(value).encode(),
    lambda value: json.dumps(value, ensure_ascii=False, indent=1).encode(),
    lambda value: json.dumps(value).replace("/", "\\/").encode(),
]


@given(JSON, st.sampled_from(WRITERS))
def test_whatever_the_scrub_replaces_is_suspicious(value: Any, write: Any) -> None:
    """However a client writes its JSON, a piece that is not suspicious is left as it is by the scrub."""
    piece = write(value)
    event = {"x": copy.deepcopy(value)}
    if scrub(event) or event["x"] != value:
        assert suspicious([b'{"a":1}', piece, b"[]"]) == {1}


@pytest.mark.parametrize("letter", ["s", "S"])
def test_an_escaped_letter_hides_nothing(letter: str) -> None:
    """No client needs to escape a letter; one that does is looked at closely."""
    name = '{"pa' + f"\\u{ord(letter):04x}" + 's": "hunter2"}'
    assert suspicious([name.encode()]) == {0}


@pytest.mark.parametrize("name", ["pwd", "jwt", "otp", "cookie", "session-id", "db.password", "cvv", "kennwort", "pw"])
def test_a_secret_may_follow_an_option_after_a_space(name: str) -> None:
    """In a command line the value stands behind any secret name, with nothing but a space between."""
    event = {"x": f"run --{name} hunter2xyz"}
    assert suspicious([json.dumps(event).encode()]) == {0}
    assert scrub(event) == 1


def test_any_white_space_may_part_a_name_from_its_secret() -> None:
    """A vertical tab, which JSON writes as an escape, is white space too."""
    event = {"x": "token\x0b= hunter2xyz"}
    assert suspicious([json.dumps(event).encode()]) == {0}
    assert scrub(event) == 1


@pytest.mark.parametrize(
    "text",
    [
        '{"basket": {"kettle": ["12", "13"]}, "prices": {"kettle-0": "28.67"}, "self": "<Flask \'shop\'>"}',
        '{"author": "Bob", "passenger": "Ann", "tokenizer": 5, "note": "the password is wrong"}',
        '{"message": "SELECT \\"order\\".id FROM shop WHERE id = 5", "timestamp": "2026-11-22T14:55:01.25Z"}',
        '{"url": "http://localhost:5000/buy/7?basket=7", "id": "37590e761f3e48e5854ac8ad62946167", "t": 1795359306998}',
    ],
)
def test_an_ordinary_piece_needs_no_walk(text: str) -> None:
    """What is in most pieces of most events is not suspicious."""
    assert suspicious([text.encode()]) == set()


def test_only_the_pieces_with_a_secret_are_named() -> None:
    """Each piece is judged for itself."""
    assert suspicious([b'{"a":1}', b'{"token":1}', b'"b"', b'"https://bob:hunter2@x/"', b"[]"]) == {1, 3}
