"""Requests and users in any of their shapes."""

from typing import Any

import pytest

from kaput.digest.fields import Notes
from kaput.digest.request import request, user
from kaput.model import Request, User


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"query_string": "?a=1"}, Request(query_string="a=1")),
        ({"query_string": {"a": "1 2", "b": 3}}, Request(query_string="a=1+2&b=3")),
        ({"query_string": [["a", "[Filtered]"], ["b", "2"]]}, Request(query_string="a=[Filtered]&b=2")),
        ({"headers": [["Accept", "a"], ["Accept", "b"]]}, Request(headers={"Accept": "a, b"})),
        ({"headers": {"Accept": ["a"], "Age": 3, "Via": None}}, Request(headers={"Accept": "a", "Age": "3"})),
        ({"cookies": "a=1; b=2=3; "}, Request(cookies={"a": "1", "b": "2=3"})),
        ({"cookies": [["a", "1"]]}, Request(cookies={"a": "1"})),
        ({"data": "a=1"}, Request(data="a=1")),
        ({"data": [1, {"a": None}]}, Request(data=[1, {"a": None}])),
        (
            {"url": "http://x/", "method": "POST", "env": {"A": "1"}},
            Request(url="http://x/", method="POST", env={"A": "1"}),
        ),
    ],
)
def test_every_shape_is_read(raw: Any, expected: Request) -> None:
    """Objects, pairs and texts mean the same."""
    notes = Notes()
    assert request(raw, notes) == expected
    assert notes.errors == []


@pytest.mark.parametrize("raw", [None, {}, [], "text", 5])
def test_no_request_is_none(raw: Any) -> None:
    """A request that is no object says nothing."""
    assert request(raw, Notes()) is None


def test_a_huge_request_is_cut_and_noted() -> None:
    """Body, headers and cookies have about 8,000 characters each."""
    notes = Notes()
    huge = {f"name-{index}": "x" * 5000 for index in range(100)}
    cut = request({"data": "x" * 100_000, "headers": huge, "cookies": huge, "env": huge, "query_string": huge}, notes)
    assert cut is not None
    assert len(cut.data) <= 8192
    assert all(sum(map(len, part.values())) <= 8192 for part in (cut.headers, cut.cookies))
    assert {"request.data", "request.headers", "request.env"} <= {error.name for error in notes.errors}


def test_the_user_keeps_what_has_no_name_of_its_own() -> None:
    """Unknown fields go to `data`; numbers become texts."""
    raw = {"id": 7, "email": "ann@example.com", "plan": "free", "data": {"age": 3}, "geo": None}
    assert user(raw, "", Notes()) == User(id="7", email="ann@example.com", data={"age": 3, "plan": "free"})


def test_an_automatic_address_is_that_of_the_peer() -> None:
    """`{{auto}}` stands for where the event came from."""
    assert user({"ip_address": "{{auto}}"}, "10.0.0.7", Notes()) == User(ip_address="10.0.0.7")
    assert user({"ip_address": "10.0.0.8"}, "10.0.0.7", Notes()) == User(ip_address="10.0.0.8")


def test_a_client_may_leave_the_address_to_the_server() -> None:
    """Then an address that is missing is the peer's, whether anything else is known of the user or not."""
    assert user({"id": "7"}, "10.0.0.7", Notes(), inferred=True) == User(id="7", ip_address="10.0.0.7")
    assert user(None, "10.0.0.7", Notes(), inferred=True) == User(ip_address="10.0.0.7")
    assert user({"ip_address": "10.0.0.8"}, "10.0.0.7", Notes(), inferred=True) == User(ip_address="10.0.0.8")
