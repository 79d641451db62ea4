import json

import pytest

from kaput.accept import reply
from kaput.accept.request import Answer
from kaput.errors import Refused

PATH = "/api/7/envelope/"


def test_kept_names_the_id() -> None:
    """The answer is the id as clients read it, or an empty object."""
    assert json.loads(reply.kept("a" * 32).body) == {"id": "a" * 32}
    assert json.loads(reply.kept("").body) == {}


@pytest.mark.parametrize("detail", ["plain", "two\r\nlines: x", "☂ \ud800", "x" * 5000, '"quoted"'])
def test_refusals_say_why_and_cannot_break_the_header(detail: str) -> None:
    """The reason is JSON in the body and one line of ASCII in the header, bounded in both."""
    answer = reply.refused(Refused(400, "malformed", detail), PATH)
    header = dict(answer.headers)["x-sentry-error"]
    assert (answer.status, json.loads(answer.body)["detail"][:5]) == (400, detail.replace("\ud800", "?")[:5])
    assert header.isascii()
    assert header.isprintable()
    assert len(header) <= reply.MAX_DETAIL


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"), [(429, 7, 7), (503, None, 10), (503, 0, 10), (429, -4, 1)]
)
def test_overload_says_for_how_long(status: int, retry_after: int | None, seconds: int) -> None:
    """429 and 503 carry whole seconds in both forms that clients read."""
    headers = dict(reply.refused(Refused(status, "backlog", "later", retry_after), PATH).headers)
    assert headers["retry-after"] == str(seconds)
    assert headers["x-sentry-rate-limits"] == f"{seconds}::organization:backlog"


def test_other_refusals_do_not_ask_to_wait() -> None:
    """A client that sent something wrong is not told to stop sending."""
    headers = dict(reply.refused(Refused(400, "malformed", "x", 9), PATH).headers)
    assert {"retry-after", "x-sentry-rate-limits"} & set(headers) == set()


@pytest.mark.parametrize(("path", "allow"), [(PATH, "POST, OPTIONS"), ("/api/7/store/", "POST, GET, OPTIONS")])
def test_wrong_method_names_the_right_ones(path: str, allow: str) -> None:
    """A 405 says which methods the path has."""
    assert dict(reply.refused(Refused(405, "method", "x"), path).headers)["allow"] == allow


@pytest.mark.parametrize(
    "answer", [reply.PREFLIGHT, reply.PIXEL, reply.kept(""), reply.refused(Refused(403, "key_unknown", "x"), PATH)]
)
def test_every_answer_can_be_read_by_a_browser(answer: Answer) -> None:
    """Any origin may read every answer, and the headers that its SDK looks for."""
    headers = dict(answer.headers)
    assert headers["access-control-allow-origin"] == "*"
    assert headers["access-control-expose-headers"] == "x-sentry-error, x-sentry-rate-limits, retry-after"


def test_pixel_is_an_image() -> None:
    """The answer to a report by GET is a GIF of one pixel."""
    assert reply.PIXEL.body[:10] == b"GIF89a\x01\x00\x01\x00"
    assert reply.PIXEL.body[-1:] == b";"
