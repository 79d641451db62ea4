"""One delivery: addresses, answers, and the real thing."""

from urllib.parse import urlsplit

import pytest

from flask_kaput.delivery import DEFAULT_PAUSE, LONGEST_PAUSE, Delivery, Outcome, endpoint, outcome
from flask_kaput.settings import Settings
from tests.flask_kaput.receiver import receiving


@pytest.mark.parametrize(
    ("dsn", "address"),
    [
        ("http://key@host:9110/1", "http://host:9110/api/1/envelope/"),
        ("https://key@host/prefix/of/7", "https://host/prefix/of/api/7/envelope/"),
        ("http://key:secret@[::1]:80/1", "http://[::1]:80/api/1/envelope/"),
    ],
)
def test_a_dsn_is_an_address(dsn: str, address: str) -> None:
    """The project stands at the end of a DSN; what is before it is a prefix."""
    assert endpoint(urlsplit(dsn)) == address


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {}, Outcome(kept=True)),
        (200, {"x-sentry-rate-limits": "7:error:key"}, Outcome(kept=True, pause=7)),
        (200, {"x-sentry-rate-limits": "7:transaction;session:key"}, Outcome(kept=True)),
        (429, {"retry-after": "12"}, Outcome(pause=12)),
        (429, {}, Outcome(pause=DEFAULT_PAUSE)),
        (429, {"x-sentry-rate-limits": "5::organization, 9:default;error:key"}, Outcome(pause=9)),
        (429, {"x-sentry-rate-limits": "60:transaction:key"}, Outcome()),
        (429, {"retry-after": "Sun, 22 Nov 2026 22:00:00 GMT"}, Outcome(pause=DEFAULT_PAUSE)),
        (429, {"retry-after": "1e9"}, Outcome(pause=LONGEST_PAUSE)),
        (413, {}, Outcome(refused=True)),
        (400, {}, Outcome(refused=True)),
        (503, {"retry-after": "3"}, Outcome(pause=3, away="it answered 503")),
        (401, {}, Outcome(away="it answered 401")),
        (302, {}, Outcome(away="it answered 302")),
    ],
)
def test_an_answer_says_what_to_do(status: int, headers: dict[str, str], expected: Outcome) -> None:
    """An event is kept, refused or tried again, and limits count that concern errors."""
    assert outcome(status, headers) == expected


def test_an_event_arrives_with_what_was_lost_before_it() -> None:
    """The server gets the event as it is, and by reason what it will never get."""
    with receiving() as receiver:
        delivery = Delivery(Settings(dsn=receiver.dsn), "1")
        assert delivery.post("a" * 32, b'{"message": "hello"}', {"cache_overflow": 3}) == Outcome(kept=True)
        delivery.close()
        assert receiver.events == [{"message": "hello"}]
        assert receiver.reports[0]["discarded_events"] == [
            {"reason": "cache_overflow", "category": "error", "quantity": 3}
        ]


def test_a_server_that_is_not_there_is_away() -> None:
    """A refused connection is an outcome and no exception."""
    with receiving() as receiver:
        dsn = receiver.dsn
    delivery = Delivery(Settings(dsn=dsn), "1")
    assert "refused" in delivery.post("a" * 32, b"{}", {}).away
    delivery.close()
