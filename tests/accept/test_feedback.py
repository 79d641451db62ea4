import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.accept import feedback
from kaput.errors import Refused
from tests.accept.door import outcome

ID = "ab" * 16


def of_item(kind: str, value: Any) -> Any:
    """Reads an item and returns the object that is written."""
    return json.loads(feedback.of_item(kind, json.dumps(value).encode()))


def test_a_user_report_is_read() -> None:
    """The old item has its fields at the top."""
    given_fields = {"event_id": ID, "name": "Joe", "email": "j@example.org", "comments": "It broke.", "more": 1}
    expected = {"event_id": ID, "feedback_id": "", "name": "Joe", "email": "j@example.org", "comments": "It broke."}
    assert of_item("user_report", given_fields) == expected


def test_feedback_is_read_from_its_context() -> None:
    """The new item is an event with an id of its own; what it is about, and where it was said, is in the context."""
    said = {"message": "It broke.", "contact_email": "j@example.org", "associated_event_id": ID, "url": "https://a/b"}
    value = {"event_id": "cd" * 16, "contexts": {"feedback": said}}
    assert of_item("feedback", value) == {
        "event_id": ID,
        "feedback_id": "cd" * 16,
        "email": "j@example.org",
        "url": "https://a/b",
        "comments": "It broke.",
    }


@pytest.mark.parametrize("event_id", [None, 7, "", "no id", "0" * 32])
def test_feedback_may_be_about_no_event(event_id: Any) -> None:
    """Without an id that can be one, what was said is kept all the same; what is no text is left out."""
    value = {"event_id": event_id, "name": 7, "comments": "It broke."}
    assert of_item("user_report", value) == {"event_id": "", "feedback_id": "", "comments": "It broke."}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("user_report", {}), ("user_report", {"comments": " "}), ("user_report", {"comments": 7}), ("feedback", {})),
        *(("feedback", {"contexts": []}), ("feedback", {"contexts": {"feedback": "x"}}), ("feedback", [1])),
    ],
)
def test_who_says_nothing_is_refused(kind: str, value: Any) -> None:
    """Feedback without words is malformed."""
    with pytest.raises(Refused) as caught:
        of_item(kind, value)
    assert (caught.value.status, caught.value.reason) == (400, "malformed")


def test_a_form_is_read() -> None:
    """The form's fields are decoded, and bytes that are no text are replaced."""
    assert json.loads(feedback.of_form(ID, b"comments=It+br%C3%B6ke.\xff&name=&x=1")) == {
        "event_id": ID,
        "feedback_id": "",
        "comments": "It br\u00f6ke.\ufffd",
    }


@given(st.sampled_from(sorted(feedback.ITEMS)), st.binary(max_size=60))
def test_arbitrary_bytes_are_read_or_refused(kind: str, payload: bytes) -> None:
    """Whatever is sent, the only error is a refusal."""
    for found in (outcome(lambda: feedback.of_item(kind, payload)), outcome(lambda: feedback.of_form(ID, payload))):
        assert isinstance(found, Refused) or json.loads(found)["comments"]
