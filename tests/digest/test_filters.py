"""Which events a filter leaves out, and which it must leave alone."""

import time
from typing import Any

import pytest

from kaput.digest.filters import compiled
from kaput.model import Event, ExceptionChain, ExceptionValue, Filters, Frame, LogEntry, Request, Stacktrace, User


def judged(filters: Filters, **fields: Any) -> str:
    """Returns the name of the filter that leaves out an event with these fields."""
    return compiled(filters)(Event(event_id="0" * 32, timestamp=1.0, received=1.0, **fields))


def raised(*kinds: tuple[str, str], path: str = "shop.py") -> ExceptionChain:
    """Returns exceptions of types and values."""
    stack = Stacktrace([Frame(filename="x", abs_path=path)])
    return ExceptionChain([ExceptionValue(type=kind, value=value, stacktrace=stack) for kind, value in kinds])


def test_nothing_is_left_out_by_default() -> None:
    """Without a filter every event stays, whatever it is."""
    fields = {"user": User(ip_address="127.0.0.1"), "exception": raised(("E", "__gCrWeb"), path="moz-extension://a/b")}
    assert judged(Filters(), **fields) == ""


@pytest.mark.parametrize(
    ("glob", "kind", "left_out"),
    [
        *(("KeyError", "KeyError", True), ("keyerror", "KeyError", True), ("Key", "KeyError", False)),
        *(("Key*", "KeyError", True), ("*Error", "KeyError", True), ("Key?rror", "KeyError", True)),
        *(("Key?Error", "KeyError", False), ("*", "KeyError", True), ("a.b", "axb", False), ("a.b", "a.b", True)),
        *(("(a|b)[c]+\\d", "(a|b)[c]+\\d", True), ("É*", "élan", True), ("a*b", "a\nb", True)),
    ],
)
def test_a_glob_matches_the_whole_text(glob: str, kind: str, *, left_out: bool) -> None:
    """Stars and question marks stand for characters, everything else for itself in either case."""
    found = judged(Filters(error_types=(glob,)), exception=raised((kind, "x")))
    assert found == ("error_types" if left_out else "")


def test_the_exception_that_was_raised_last_counts() -> None:
    """A cause that matches leaves its consequence alone."""
    chain = raised(("OSError", "gone"), ("PaymentFailed", "no answer"))
    assert judged(Filters(error_types=("OSError",), messages=("gone",)), exception=chain) == ""
    assert judged(Filters(error_types=("PaymentFailed",)), exception=chain) == "error_types"


@pytest.mark.parametrize("glob", ["*timed out", "Timeout: read*", "read timed out"])
def test_a_message_is_the_value_or_the_title(glob: str) -> None:
    """A pattern may speak of an exception's value, or of its type and value."""
    assert judged(Filters(messages=(glob,)), exception=raised(("Timeout", "read timed out"))) == "messages"
    assert judged(Filters(messages=(glob,)), exception=raised(("Timeout", "gone"))) == ""


def test_a_log_message_is_matched_before_and_after_formatting() -> None:
    """Either text is enough."""
    entry = LogEntry(message="cart %s is empty", formatted="cart 7 is empty")
    for glob in ("cart %s *", "cart 7 *"):
        assert judged(Filters(messages=(glob,)), logentry=entry) == "messages"
    assert judged(Filters(messages=("cart 8 *",)), logentry=entry) == ""


def test_releases_and_environments() -> None:
    """Each is matched by any of its patterns."""
    filters = Filters(releases=("1.*", "shop@2.0"), environments=("test", "staging-?"))
    assert judged(filters, release="1.4.1") == "releases"
    assert judged(filters, release="shop@2.0") == "releases"
    assert judged(filters, release="2.1", environment="staging-7") == "environments"
    assert judged(filters, release="2.1", environment="production") == ""


@pytest.mark.parametrize(
    ("agent", "left_out"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", True),
        ("somebodys-bot/1.0", True),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0.0.0 Safari/537.36", True),
        ("Mozilla/5.0 (Linux; Android 9; CUBOT X18 Plus) AppleWebKit/537.36 Chrome/119.0 Mobile Safari/537.36", False),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", False),
        ("", False),
    ],
)
def test_crawlers_are_known_by_their_user_agent(agent: str, *, left_out: bool) -> None:
    """A program that says who it is is left out; a phone with a strange name is not."""
    request = Request(url="https://shop.example", headers={"User-Agent": agent})
    assert judged(Filters(crawlers=True), request=request) == ("crawlers" if left_out else "")


@pytest.mark.parametrize(
    ("url", "address", "left_out"),
    [
        *(("http://localhost:3000/x", "", True), ("http://LOCALHOST", "", True), ("http://a.localhost/", "", True)),
        *(("http://127.0.0.1/", "", True), ("http://[::1]:80/", "", True), ("", "127.9.9.9", True), ("", "::1", True)),
        *(("", "::ffff:127.0.0.1", True), ("https://localhost.example/", "192.0.2.7", False), ("http://[", "", False)),
        *(("https://shop.example/?from=localhost", "", False), ("", "", False)),
    ],
)
def test_this_machine_is_known_by_host_or_user(url: str, address: str, *, left_out: bool) -> None:
    """The host of the request or the user's address is enough; a look-alike is not."""
    found = judged(Filters(localhost=True), request=Request(url=url), user=User(ip_address=address))
    assert found == ("localhost" if left_out else "")


@pytest.mark.parametrize(
    ("path", "value", "left_out"),
    [
        *(("chrome-extension://abc/content.js", "x", True), ("moz-extension://abc/a.js", "x", True)),
        *(("safari-web-extension://abc/a.js", "x", True), ("https://shop.example/a.js", "x", False)),
        *(("https://shop.example/a.js", "Extension context invalidated.", True),),
        *(("https://shop.example/chrome-extension://a.js", "the extension is gone", False),),
    ],
)
def test_extensions_are_known_by_frames_or_words(path: str, value: str, *, left_out: bool) -> None:
    """A frame inside an extension is enough, and so is what only an extension can say."""
    found = judged(Filters(extensions=True), exception=raised(("Error", value), path=path))
    assert found == ("extensions" if left_out else "")


def test_hostile_patterns_and_texts_take_no_time() -> None:
    """As many patterns as a filter takes, with as many stars, over the longest message end soon."""
    globs = tuple("*a" * 5 + "a" * (100 + number) for number in range(50))
    filters = compiled(Filters(messages=globs))
    event = Event(event_id="0" * 32, timestamp=1.0, received=1.0, logentry=LogEntry(formatted="a" * 8191 + "b"))
    began = time.process_time()
    assert filters(event) == ""
    assert time.process_time() - began < 3.0
