"""Which machine an error of a connection is about."""

import time

import pytest

from kaput.digest.target import target
from kaput.model import ExceptionValue


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (
            "ConnectionError",
            "HTTPConnectionPool(host='stock.internal', port=8080): Max retries exceeded",
            "stock.internal:8080",
        ),
        ("Error", "connect ECONNREFUSED 127.0.0.1:5432", "127.0.0.1:5432"),
        ("Error", "getaddrinfo ENOTFOUND api.example.com", "api.example.com"),
        (
            "OperationalError",
            'connection to server at "10.0.0.7", port 5432 failed: Connection refused',
            "10.0.0.7:5432",
        ),
        ("OperationalError", "(2003, \"Can't connect to MySQL server on 'db1:3306' (111)\")", "db1:3306"),
        ("*net.OpError", "dial tcp 10.0.0.7:6379: connect: connection refused", "10.0.0.7:6379"),
        ("java.net.ConnectException", "Failed to connect to stock/10.0.0.7:80", "10.0.0.7:80"),
        ("ConnectTimeout", "Connection to https://user:pw@pay.example.com/v1 timed out", "pay.example.com"),
        ("ConnectionRefusedError", "[Errno 111] Connection refused", ""),
        ("KeyError", "'10.0.0.7:80'", ""),
        ("ValueError", "connect ECONNREFUSED 127.0.0.1:5432", ""),
    ],
)
def test_the_target_is_found(kind: str, value: str, expected: str) -> None:
    """Host and port, if the error is one of a connection and names them."""
    assert target([ExceptionValue(type=kind, value=value)]) == expected


def test_causes_are_asked_too() -> None:
    """The newest exception that knows it."""
    chain = [
        ExceptionValue(type="ConnectionError", value="connection to server at 'db', port 1 failed"),
        ExceptionValue(type="TimeoutError", value="gave up"),
    ]
    assert target(chain) == "db:1"


def test_time_is_bounded() -> None:
    """Whatever the value is."""
    begun = time.process_time()
    for piece in ("connect to ", "a.", "a:", "host='", "://", "server on 'a (", " port "):
        target([ExceptionValue(type="ConnectionError", value="connection refused " + piece * 100_000)])
    assert time.process_time() - begun < 1.0
