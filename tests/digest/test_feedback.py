import json
from typing import Any

import pytest

from kaput.digest.feedback import feedback
from kaput.errors import Undigestible
from kaput.model import FEEDBACK, Feedback, Record

ID = "ab" * 16


def read(**values: Any) -> Feedback:
    """Digests feedback with these fields."""
    body = json.dumps({"event_id": ID, "comments": "It broke.", **values}).encode()
    return feedback(Record(7, "cd" * 16, 5.5, body, kind=FEEDBACK))


def test_feedback_keeps_what_was_said() -> None:
    """The record gives project, id and time; the body what was said, by whom, about which event."""
    assert read(name="Joe", email="joe@example.org") == Feedback(
        7, "cd" * 16, ID, "Joe", "joe@example.org", "It broke.", 5.5
    )


def test_feedback_with_an_id_of_its_own_keeps_it() -> None:
    """What is attached to feedback names that id; the page on which it was said is kept too, without its secrets."""
    said = read(feedback_id="ef" * 16, url="https://shop.example/cart?token=abcdef123456789")
    assert said.feedback_id == "ef" * 16
    assert said.url.startswith("https://shop.example/cart?token=")
    assert "abcdef123456789" not in said.url


def test_secrets_do_not_get_in() -> None:
    """People paste what they see, a password too."""
    said = read(comments="I sent password=hunter2-secret and it broke", name="token=abcdef123456789")
    assert "hunter2" not in said.comments
    assert "abcdef123456789" not in said.name
    assert said.comments.startswith("I sent password=[Filtered]")


def test_feedback_is_bounded() -> None:
    """Long texts are cut, and of what is no text nothing is kept."""
    said = read(comments="x" * 9000, name="n" * 300, email=["e"])
    assert (len(said.comments), len(said.name), said.email) == (8192, 200, "")


def test_odd_characters_do_no_harm() -> None:
    """NUL and halves of characters become texts that a database takes."""
    assert read(comments="a\x00b\ud800c").comments.encode() == "a\ufffdb\ufffdc".encode()


def test_what_is_no_object_is_refused() -> None:
    """A body that accept never wrote raises what the worker knows."""
    with pytest.raises(Undigestible):
        feedback(Record(7, "cd" * 16, 5.5, b"[]", kind=FEEDBACK))
