"""How an event and its issue are called."""

import pytest

from kaput.digest.title import title
from kaput.model import Event, ExceptionChain, ExceptionValue, Frame, LogEntry, Stacktrace, Title

OWN = Frame(filename="shop/pricing.py", function="price_cart", in_app=True)
LIBRARY = Frame(filename="json/decoder.py", function="decode")


def event(*frames: Frame, kind: str = "KeyError", value: str = "'sku-9'", transaction: str = "") -> Event:
    raised = ExceptionValue(type=kind, value=value, stacktrace=Stacktrace(list(frames)) if frames else None)
    chain = ExceptionChain([ExceptionValue(type="OSError", value="first"), raised])
    return Event(event_id="0" * 32, timestamp=1.0, received=1.0, exception=chain, transaction=transaction)


def message(text: str) -> Event:
    return Event(event_id="0" * 32, timestamp=1.0, received=1.0, logentry=LogEntry(formatted=text))


def test_the_exception_that_was_raised_last_names_the_issue() -> None:
    """Type, value and the deepest own frame, although a library's is deeper."""
    assert title(event(LIBRARY, OWN, LIBRARY)) == Title("KeyError", "'sku-9'", "price_cart in shop/pricing.py")


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ((LIBRARY,), "decode in json/decoder.py"),
        ((), "/checkout"),
        ((OWN, Frame(filename="<template>", function="root", in_app=True)), "price_cart in shop/pricing.py"),
        ((Frame(filename="/srv/releases/7/shop/pricing.py", function="f", in_app=True),), "f in shop/pricing.py"),
        ((Frame(filename="https://shop.example/static/app.js?v=3", function="f", in_app=True),), "f in static/app.js"),
        ((Frame(filename=r"C:\shop\pricing.py", in_app=True),), "shop/pricing.py"),
        ((Frame(in_app=True),), "/checkout"),
    ],
)
def test_the_culprit_says_where(frames: tuple[Frame, ...], expected: str) -> None:
    """Own frame, else the deepest, else the transaction; long paths are shown by their end."""
    assert title(event(*frames, transaction="/checkout")).culprit == expected


def test_values_are_one_short_line() -> None:
    """The first line that says something, with single spaces, at most 256 characters."""
    assert title(event(value="\n  two   words\nmore")).value == "two words"
    assert len(title(event(value="x" * 10_000)).value) == 256


def test_a_message_is_its_first_line() -> None:
    """A message has no type."""
    assert title(message("disk full\non web-3")) == Title("", "disk full", "")


@pytest.mark.parametrize("unlabelled", [message(" \n "), message(""), event(kind="", value="")])
def test_an_event_without_words_is_called_unlabelled(unlabelled: Event) -> None:
    """A title is never empty."""
    assert title(unlabelled).text == "<unlabelled event>"
