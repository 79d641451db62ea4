"""Ids of requests: taken when they are harmless, made otherwise."""

from typing import Any

import pytest

from flask_kaput.request_id import KEY, identifier, trace_id
from flask_kaput.settings import Settings

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("environ", "taken"),
    [
        ({"HTTP_X_REQUEST_ID": "7b1f-0:a/b=c"}, "7b1f-0:a/b=c"),
        ({"HTTP_X_REQUEST_ID": "a" * 128}, "a" * 128),
        ({"HTTP_TRACEPARENT": PARENT}, TRACE),
        ({"HTTP_X_REQUEST_ID": "own", "HTTP_TRACEPARENT": PARENT}, "own"),
        ({"HTTP_X_REQUEST_ID": "two words", "HTTP_TRACEPARENT": PARENT}, TRACE),
        ({KEY: "known"}, "known"),
    ],
)
def test_a_harmless_id_is_taken(environ: dict[str, Any], taken: str) -> None:
    """The header comes before the trace, and an id that is known already before both."""
    assert identifier(Settings())(environ) == taken
    assert environ[KEY] == taken


@pytest.mark.parametrize(
    "given", ["", "a" * 129, "a\nb", "a\r\nSet-Cookie: x", 'a"b', "a,b", "<b>", "é", "%0a", "a b", "\x00"]
)
def test_an_id_that_could_do_harm_is_replaced(given: str) -> None:
    """Nothing that could forge a header, a line or a page is taken; a new id is made."""
    made = identifier(Settings())({"HTTP_X_REQUEST_ID": given})
    assert made != given
    assert len(made) == 32
    assert set(made) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "given",
    [
        "",
        "junk",
        PARENT.upper(),
        PARENT.replace(TRACE, "0" * 32),
        PARENT.replace("00f067aa0ba902b7", "0" * 16),
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"{PARENT}\n",
    ],
)
def test_a_wrong_trace_is_none(given: str) -> None:
    """A traceparent that breaks the rules of W3C Trace Context is not taken."""
    assert trace_id({"HTTP_TRACEPARENT": given}) == ""


def test_ids_of_strangers_are_not_taken_unless_wanted() -> None:
    """With KAPUT_TRUST_REQUEST_ID off every id is made here; another header can be named."""
    environ = {"HTTP_X_REQUEST_ID": "theirs", "HTTP_X_AMZN_ID": "load-balancer"}
    assert identifier(Settings(trust_request_id=False))({**environ}) != "theirs"
    assert identifier(Settings(request_id_header="X-Amzn-Id"))({**environ}) == "load-balancer"
