import base64
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaput.accept import legacy
from kaput.errors import Refused
from tests.accept.door import outcome

LIMIT = 100_000
EVENT = '{"message": "Zürich ☂ >>>???", "extra": {"a": [1, 2]}}'.encode()

FORMS = {
    "JSON": EVENT,
    "JSON behind blanks": b"\n  " + EVENT,
    "base64": base64.b64encode(EVENT),
    "base64 without padding": base64.b64encode(EVENT).rstrip(b"="),
    "base64 in lines": base64.encodebytes(EVENT),
    "base64 for URLs": base64.urlsafe_b64encode(EVENT),
    "base64 of zlib": base64.b64encode(zlib.compress(EVENT)),
    "zlib": zlib.compress(EVENT, 6),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_event(form: str) -> None:
    """JSON, base64 and base64 of zlib all lead to the same text."""
    assert legacy.event_text(FORMS[form], LIMIT).strip() == EVENT


@pytest.mark.parametrize("form", ["JSON", "base64", "base64 without padding", "base64 for URLs", "base64 of zlib"])
def test_query_gives_the_event(form: str) -> None:
    """`sentry_data` has the same forms, and a plus sign that arrived as a space is one again."""
    assert legacy.event_text_of_query(FORMS[form].decode().replace("+", " "), LIMIT).replace(b"+", b" ") == EVENT


@pytest.mark.parametrize("body", [b"", b"[1]", b'"text"', b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"?"])
def test_other_bodies_are_left_to_the_syntax_check(body: bytes) -> None:
    """What is none of the forms is returned as it is."""
    assert legacy.event_text(body, LIMIT) == body


@pytest.mark.parametrize(
    "body",
    [b"A", b"abcde", base64.b64encode(zlib.compress(EVENT)[:20]), zlib.compress(EVENT)[:-1], b"\x78\x9cnot zlib"],
)
def test_corrupt_bodies_are_400(body: bytes) -> None:
    """Base64 of an impossible length and zlib data that is cut short are refused."""
    with pytest.raises(Refused) as caught:
        legacy.event_text(body, LIMIT)
    assert (caught.value.status, caught.value.reason) == (400, "malformed")


def test_bombs_are_413() -> None:
    """Data in base64 is unpacked within the same limit."""
    with pytest.raises(Refused) as caught:
        legacy.event_text(base64.b64encode(zlib.compress(bytes(LIMIT + 1))), LIMIT)
    assert caught.value.status == 413


@given(st.binary(max_size=200) | st.binary(max_size=200).map(base64.b64encode))
def test_arbitrary_bytes_are_taken_or_refused(body: bytes) -> None:
    """Whatever the bytes are, the only error is a refusal."""
    found = outcome(lambda: legacy.event_text(body, LIMIT))
    assert isinstance(found, bytes) or found.status in {400, 413}


@given(st.text(max_size=100))
def test_arbitrary_queries_are_taken_or_refused(data: str) -> None:
    """Whatever stands in `sentry_data`, the only error is a refusal."""
    found = outcome(lambda: legacy.event_text_of_query(data, LIMIT))
    assert isinstance(found, bytes) or found.status in {400, 413}


def test_a_long_row_of_blanks_takes_no_time() -> None:
    """A body that looks like base64 until its last byte is read once, not once from each of its bytes."""
    begun = time.process_time()
    legacy.event_text(b" " * 1_000_000 + b"!", LIMIT)
    assert time.process_time() - begun < 3.0
