"""A secret that is known by its name is filtered where it stands without one, too."""

import time
from typing import Any

import pytest

from kaput.digest.echo import repeated
from kaput.digest.scrub import scrub


def scrubbed(event: dict[str, Any]) -> dict[str, Any]:
    scrub(event)
    return event


def test_a_secret_argument_in_a_source_line_is_filtered() -> None:
    """The callee's local tells that the caller's plain argument is a secret."""
    frames = [
        {"context_line": 'login("joe", "hunter2-x")', "vars": {"seen": "'sent hunter2-x'"}},
        {"context_line": "check(user)", "vars": {"password": "'hunter2-x'"}},
    ]
    event = scrubbed({"exception": {"values": [{"value": "no hunter2-x here", "stacktrace": {"frames": frames}}]}})
    assert "hunter2" not in str(event)
    assert frames[0]["context_line"] == 'login("joe", "[Filtered]")'


def test_a_plain_word_is_no_secret_elsewhere() -> None:
    """`password: "production"` does not take the word out of the environment or a message."""
    event = {"extra": {"password": "production"}, "environment": "production", "message": "deployed to production"}
    assert scrubbed(event) == {
        "extra": {"password": "[Filtered]"},
        "environment": "production",
        "message": "deployed to production",
    }


def test_what_names_the_event_stays() -> None:
    """Release and environment are said in the open and are not searched."""
    event = scrubbed({"release": "v1.2.3", "extra": {"token": "v1.2.3", "note": "v1.2.3 is out"}})
    assert event == {"release": "v1.2.3", "extra": {"token": "[Filtered]", "note": "[Filtered] is out"}}


def test_a_secret_within_json_text_is_known_outside_of_it() -> None:
    """The body of a request tells what to filter in the source."""
    event = scrubbed({"request": {"data": '{"password": "s3same-open"}'}, "extra": {"sql": "INSERT 's3same-open'"}})
    assert "s3same" not in str(event)


def test_the_longer_of_two_secrets_is_filtered_whole() -> None:
    """A secret that begins with another leaves nothing behind."""
    event = scrubbed({"extra": {"token": "abc123", "password": "abc123-more", "line": "x abc123-more y abc123"}})
    assert event["extra"]["line"] == "x [Filtered] y [Filtered]"


def test_long_secrets_take_no_time() -> None:
    """Secrets that nearly fit at every place of a long text are looked for in time linear in it."""
    begun = time.process_time()
    event = scrubbed(
        {"extra": {"token": "a" * 20_000 + "1", "password": "b" * 20_000 + "1"}, "message": "a" * 2_000_000}
    )
    assert time.process_time() - begun < 3.0
    assert event["message"] == "a" * 2_000_000


@pytest.mark.parametrize(
    ("body", "times", "expected"),
    [
        (b'{"password":"hunter-2"}', 1, False),
        (b'{"password":"hunter-2","a":"login hunter-2"}', 1, True),
        (b'{"password":"hunter-2","a":{"password":"hunter-2"}}', 2, False),
        (b'{"password":"hunter-2","a":"hunte\\u0072-2"}', 1, True),
    ],
)
def test_a_secret_that_stands_under_its_name_alone_needs_no_search(body: bytes, times: int, expected: bool) -> None:
    """The body is searched as it was sent; when something in it is written oddly, the event is read as a whole."""
    assert repeated(body, {"hunter-2": times}) is expected
