import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.accept import envelope
from kaput.accept.limits import Limits
from kaput.errors import Refused
from tests.accept.door import outcome

LIMITS = Limits()


def read(data: bytes) -> list[tuple[str, bytes]]:
    """Returns the types and payloads of an envelope."""
    return [(item.type, bytes(item.payload)) for item in envelope.parse(data, LIMITS).items]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"{}", []),
        (b"{}\n", []),
        (b'{}\n{"type":"event","length":2}\n{}', [("event", b"{}")]),
        (b'{}\n{"type":"event","length":2}\n{}\n', [("event", b"{}")]),
        (b'{}\r\n{"type":"event","length":2}\r\n{}\r\n', [("event", b"{}")]),
        (b'{}\n{"type":"event","length":3}\na\nb\n{"type":"session"}\n{}\n', [("event", b"a\nb"), ("session", b"{}")]),
        (b'{}\n{"type":"event"}\n{"a":1}\n{"type":"session"}\n{}', [("event", b'{"a":1}'), ("session", b"{}")]),
        (b'{}\n{"type":"attachment","length":0}\n\n{"type":"x"}\n1', [("attachment", b""), ("x", b"1")]),
        (b'{}\n{"type":"attachment","length":0}\n', [("attachment", b"")]),
        (b'{}\n{"type":"attachment"}\n\n{"type":"x"}\n1\n', [("attachment", b""), ("x", b"1")]),
        (b'{}\n{"type":"attachment"}', [("attachment", b"")]),
        (b'{}\n{"type":"event","length":null}\n{}\n\n\n', [("event", b"{}")]),
        (b'{}\n{"type":"event","length":"2"}\n{}\n', [("event", b"{}")]),
        (b"{}\n{}\nabc\n", [("", b"abc")]),
        (b'{}\n{"type":7}\nabc\n', [("", b"abc")]),
        ('{"a":"☂"}\n{"type":"event","length":5}\n"☂"\n'.encode(), [("event", '"☂"'.encode())]),
    ],
)
def test_items_are_found(data: bytes, expected: list[tuple[str, bytes]]) -> None:
    """Items end after their length, or at the next newline when they have none; the last newline may be missing."""
    assert read(data) == expected


def test_headers_are_kept() -> None:
    """The envelope's header and each item's are there to be read."""
    opened = envelope.parse(b'{"event_id":"a","x":NaN}\n{"type":"attachment","filename":"\\ud800"}\n\n', LIMITS)
    assert opened.header["event_id"] == "a"
    assert opened.items[0].headers == {"type": "attachment", "filename": "\ud800"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"[]\n",
        b"not json\n",
        b"{}\nnot json\n{}\n",
        b"{}\n[]\n{}\n",
        b'{}\n{"type":"event","length":3}\n{}',
        b'{}\n{"type":"event","length":1}\n{}\n',
        b'{}\n{"type":"event","length":-1}\n{}\n',
        b'{}\n{"type":"event","length":true}\n{}\n',
        b'{}\n{"type":"event","length":2.0}\n{}\n',
        b'{}\n{"type":"event","length":' + b"9" * 6000 + b"}\n{}\n",
        b'{"a":"' + b"x" * LIMITS.max_line + b'"}\n',
        b'{}\n{"type":"' + b"x" * LIMITS.max_line + b'"}\n{}\n',
        b"{" * 5000,
        b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}\n",
    ],
)
def test_malformed_is_a_400(data: bytes) -> None:
    """What is no envelope, or not a whole one, is refused with a reason."""
    with pytest.raises(Refused) as caught:
        read(data)
    assert (caught.value.status, caught.value.reason) == (400, "malformed")


def test_number_of_items_is_bounded() -> None:
    """Up to the limit items are taken, and not one more."""
    item = b'{"type":"x"}\n\n'
    assert len(read(b"{}\n" + item * LIMITS.max_items)) == LIMITS.max_items
    with pytest.raises(Refused) as caught:
        read(b"{}\n" + item * (LIMITS.max_items + 1))
    assert caught.value.status == 413


@given(st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=60)), max_size=6), st.booleans())
def test_what_was_written_is_read(items: list[tuple[str, bytes]], ended: bool) -> None:
    """Payloads of any bytes come back, with and without the last newline."""
    lines = [b"{}"]
    for kind, payload in items:
        lines += [json.dumps({"type": kind, "length": len(payload)}).encode(), payload]
    data = b"\n".join(lines) + (b"\n" if ended or not items else b"")
    assert read(data) == items


@given(
    st.lists(
        st.sampled_from(
            [b"{}", b"\n", b'{"type":"event"', b',"length":', b"3", b"}", b"\xff", b"[", b"NaN", b'"a"', b"\r"]
        )
        | st.binary(max_size=5)
    ).map(b"".join)
)
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    """Whatever the bytes are, the only error is a refusal."""
    found = outcome(lambda: read(data))
    assert isinstance(found, list) or found.status in {400, 413}


def test_blank_lines_take_no_time() -> None:
    """A body of blank lines, which compresses to nearly nothing, does not keep the server busy."""
    begun = time.process_time()
    assert read(b"{}" + b"\n\r" * 5_000_000) == []
    assert time.process_time() - begun < 1.0
