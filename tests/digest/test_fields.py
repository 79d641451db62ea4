"""Fields of any type are read as the type that the event has for them."""

from typing import Any

import pytest

from kaput.digest.fields import Notes, flag, mapping, moment, pairs, prose, text, values, whole
from kaput.model import FieldError


@pytest.mark.parametrize(
    ("value", "expected"),
    [("web-3", "web-3"), (None, ""), (7, "7"), (1.5, "1.5"), (True, "true"), ("x" * 30, "x" * 17 + "...")],
)
def test_numbers_and_long_texts_become_texts(value: Any, expected: str) -> None:
    """What has an obvious text is kept as that text."""
    assert text({"server_name": value}, "server_name", 20, Notes()) == expected


def test_a_text_that_is_an_object_is_noted() -> None:
    """Nothing can be kept of it but a note with its beginning."""
    notes = Notes()
    assert text({"release": {"a": [1]}}, "release", 20, notes) == ""
    assert notes.errors == [FieldError("invalid_data", "release", '{"a":[1]}')]


def test_prose_keeps_objects_as_json() -> None:
    """Where any text is of use an object is written down."""
    assert prose({"a": 1}, 100, Notes(), "value") == '{"a":1}'


def test_notes_are_bounded() -> None:
    """A client cannot fill the event with errors."""
    notes = Notes()
    for index in range(1000):
        notes.invalid("x" * index, "y" * 1000)
    assert len(notes.errors) == 50
    assert max(len(error.name) + len(error.value) for error in notes.errors) <= 300


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (88, 88),
        ("88", 88),
        (88.0, 88),
        (None, None),
        (True, None),
        ("x", None),
        (2**60, None),
        (1.5, None),
        ([1], None),
    ],
)
def test_whole_numbers(value: Any, expected: int | None) -> None:
    """Line numbers come as numbers or texts; what is none of both is noted."""
    notes = Notes()
    assert whole({"lineno": value}, "lineno", notes, "") == expected
    assert bool(notes.errors) == (expected is None and value is not None)


def test_flags_are_true_false_or_unknown() -> None:
    """Only a real boolean counts."""
    assert [flag(value) for value in (True, False, None, 1, "true")] == [True, False, None, None, None]


def test_objects_lists_and_pairs_are_read_from_all_their_shapes() -> None:
    """Values may be wrapped, single or alone; pairs may be an object, pairs, or a list of objects."""
    notes = Notes()
    assert values({"values": [1]}, notes, "x") == values([1], notes, "x") == [1]
    assert values({"type": "KeyError"}, notes, "x") == [{"type": "KeyError"}]
    assert dict(pairs({"a": 1, "b": None}, notes, "x")) == {"a": 1}
    assert dict(pairs([["a", 1], {"b": 2}, None], notes, "x")) == {"a": 1, "b": 2}
    assert mapping({"x": {"a": 1}}, "x", notes) == {"a": 1}
    assert mapping({"x": []}, "x", notes) == mapping({}, "x", notes) == {}
    assert notes.errors == []
    assert (values(5, notes, "x"), dict(pairs([[1]], notes, "x")), mapping({"x": 5}, "x", notes)) == ([], {}, {})
    assert len(notes.errors) == 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1795359306, 1795359306.0),
        (1795359306.5, 1795359306.5),
        ("1795359306.5", 1795359306.5),
        ("2026-11-22T14:55:06Z", 1795359306.0),
        ("2026-11-22T14:55:06.500000Z", 1795359306.5),
        ("2026-11-22T14:55:06", 1795359306.0),
        ("2026-11-22T15:55:06+01:00", 1795359306.0),
        ("2026-11-22 14:55:06", 1795359306.0),
        ("yesterday", None),
        ("nan", None),
        ("9" * 65, None),
        (True, None),
        ([1], None),
        (1e300, None),
        (10**400, None),
    ],
)
def test_times_are_read_from_all_their_forms(value: Any, expected: float | None) -> None:
    """Numbers, texts of numbers, and ISO 8601, which is UTC when it does not say."""
    assert moment(value) == expected
