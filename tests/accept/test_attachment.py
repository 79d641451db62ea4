import json
from typing import Any

import pytest

from kaput.accept import attachment
from kaput.accept.envelope import Item
from kaput.accept.limits import Limits
from kaput.errors import Refused

ID = "ab" * 16
LIMITS = Limits(max_attachment=10)


def item(payload: bytes = b"a\nb", **headers: Any) -> Item:
    """Makes an item."""
    return Item("attachment", headers, memoryview(payload))


def test_the_body_says_what_it_is_and_holds_the_file() -> None:
    """One line of JSON with what the header said, then the bytes as they came, line ends and all."""
    given = item(filename="a\n.csv", content_type="text/csv", attachment_type="event.minidump", length=3)
    line, content = attachment.of_item(given, ID, LIMITS).split(b"\n", 1)
    named = {"name": "a\n.csv", "content_type": "text/csv", "type": "event.minidump"}
    assert (json.loads(line), content) == ({"event_id": ID, **named}, b"a\nb")


def test_headers_of_other_types_are_left_out() -> None:
    """A file is kept whatever its header says."""
    body = attachment.of_item(item(b"", filename=7, content_type=["x"], attachment_type=None), ID, LIMITS)
    assert body == b'{"event_id": "%b"}\n' % ID.encode()


@pytest.mark.parametrize(
    ("payload", "event_id", "expected"),
    [(b"x" * 11, ID, (413, "attachment_too_large")), (b"x", "", (400, "attachment_without_event"))],
)
def test_what_cannot_be_attached_is_refused(payload: bytes, event_id: str, expected: tuple[int, str]) -> None:
    """Each refusal has its reason."""
    assert attachment.of_item(item(b"x" * 10), ID, LIMITS)
    with pytest.raises(Refused) as caught:
        attachment.of_item(item(payload), event_id, LIMITS)
    assert (caught.value.status, caught.value.reason) == expected
