"""A head that comes again is known again, and only then."""

import pytest

from kaput.accept.request import Caller, Request
from kaput.serve.head import LONGEST, learned

CALLER = Caller(Request("POST", "/api/7/envelope/"))
LINES = (b"POST /api/7/envelope/ HTTP/1.1", b"Host: kaput.test", b"Content-Length: %d", b"X-Sentry-Auth: Sentry a=b")


def request(body: bytes, *lines: bytes) -> bytes:
    """Writes a request."""
    head = b"\r\n".join([*(lines or LINES), b"", b""])
    return head.replace(b"%d", b"%d" % len(body)) + body


@pytest.mark.parametrize("body", [b"", b"x", b"y" * 9, b"z" * 100_000])
def test_the_same_head_with_any_length_is_known(body: bytes) -> None:
    """What is left is the body, for the caller of the first request."""
    head = learned(request(b"the first"), CALLER)
    assert head is not None
    assert (head.caller, head.body(request(body))) == (CALLER, body)


def test_a_head_that_differs_in_one_byte_is_another() -> None:
    """Whatever byte it is, in whatever way, or one that is missing."""
    known, body = learned(request(b"the first"), CALLER), b"a body"
    assert known is not None
    whole = request(body)
    for place in range(len(whole) - len(body)):
        for other in {bytes([whole[place] ^ bit]) for bit in (1, 32, 128)} | {b"", b" ", b"\r", b"0"}:
            if other != whole[place : place + 1]:
                assert known.body(whole[:place] + other + whole[place + 1 :]) is None


@pytest.mark.parametrize("data", [b"", request(b"cut short")[:-1], request(b"whole") + request(b"whole"), b"5\r" * 99])
def test_what_is_not_one_whole_request_is_not_known(data: bytes) -> None:
    """The parser has to say what it is."""
    head = learned(request(b"the first"), CALLER)
    assert head is not None
    assert head.body(data) is None


@pytest.mark.parametrize(
    "data",
    [
        request(b"a" * 5) + b"more",
        request(b"a" * 5)[:-1],
        request(b"", LINES[0], LINES[1]),
        request(b"", LINES[0], b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
        request(b"", *LINES, b"content-length: 0"),
        request(b"", *LINES, b"X-Other: " + b"a" * LONGEST),
        b"",
    ],
)
def test_only_one_whole_request_of_moderate_length_is_learned(data: bytes) -> None:
    """Where a body ends has to be plain: one length, and not another byte."""
    assert learned(data, CALLER) is None
