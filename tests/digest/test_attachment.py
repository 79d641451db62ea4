import json
from dataclasses import dataclass
from typing import Any

import pytest

from kaput.digest.record import read
from kaput.errors import Undigestible
from kaput.model import ATTACHMENT, Attachment, Record

ID = "ab" * 16
FILE = b"sku,count\n\x00\xff\n"


@dataclass(frozen=True)
class Sent:
    """What a record of an attachment is made of."""

    project_id: int = 7
    content: bytes = FILE


def made(sent: Sent = Sent(), **values: Any) -> Attachment:
    """Digests an attachment with these values in its line."""
    body = json.dumps({"event_id": ID, **values}).encode() + b"\n" + sent.content
    found = read(Record(sent.project_id, "cd" * 16, 5.5, body, kind=ATTACHMENT))
    assert isinstance(found, Attachment)
    return found


def test_an_attachment_keeps_its_bytes_and_its_names() -> None:
    """The content is as it came; the line gives event, name, content type and kind."""
    found = made(name="cart.csv", content_type="text/csv", type="event.minidump")
    names = (found.event_id, found.name, found.content_type, found.kind)
    assert names == (ID, "cart.csv", "text/csv", "event.minidump")
    assert (found.project_id, found.received, found.content) == (7, 5.5, FILE)


def test_the_same_file_again_is_the_same_attachment() -> None:
    """Its id is made of project, event, name and content: a request that is sent twice attaches once."""
    ids = [
        made(name="a").attachment_id,
        made(name="b").attachment_id,
        made(name="a", event_id="cd" * 16).attachment_id,
        made(Sent(content=b"other"), name="a").attachment_id,
        made(Sent(project_id=8), name="a").attachment_id,
    ]
    assert made(name="a").attachment_id == ids[0]
    assert (len(set(ids)), {len(one) for one in ids}) == (5, {32})


def test_names_are_bounded_scrubbed_and_never_missing() -> None:
    """A name is cut and loses its secrets; without one it is called by what it is."""
    found = made(name="password=hunter2-secret " + "n" * 300, content_type="t" * 300, type=["x"])
    assert (len(found.name), len(found.content_type), found.kind) == (200, 100, "event.attachment")
    assert "hunter2" not in found.name
    assert made().name == "attachment"


def test_an_empty_file_is_a_file() -> None:
    """Nothing at all can be attached."""
    assert made(Sent(content=b"")).content == b""


@pytest.mark.parametrize("body", [b"", b"{}", b"[]\nx", b"{\nx"])
def test_a_body_that_accept_never_wrote_is_refused(body: bytes) -> None:
    """It raises what the worker knows."""
    with pytest.raises(Undigestible):
        read(Record(7, "cd" * 16, 5.5, body, kind=ATTACHMENT))
