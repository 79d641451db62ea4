"""The text form of a trace."""

from typing import Any

from kaput.model import Event, ExceptionChain, ExceptionValue, Frame, LogEntry, Stacktrace
from kaput.view.trace import MOST_FRAMES, text_of


def event(**more: Any) -> Event:
    """Returns an event with nothing but what the test gives."""
    return Event(event_id="0" * 32, timestamp=0.0, received=0.0, **more)


def test_python_reads_like_python() -> None:
    """A Python trace is printed as Python prints it: oldest call first, the cause before what it led to."""
    frames = [
        Frame(filename="shop/views.py", abs_path="/srv/shop/views.py", function="checkout", lineno=31),
        Frame(filename="shop/pricing.py", function="price", lineno=88, context_line="    total += prices[sku]"),
    ]
    values = [
        ExceptionValue("LookupError", "no list"),
        ExceptionValue("KeyError", "'sku-9'", stacktrace=Stacktrace(frames)),
    ]
    expected = """LookupError: no list

This led to:

Traceback (most recent call last):
  File "/srv/shop/views.py", line 31, in checkout
  File "shop/pricing.py", line 88, in price
    total += prices[sku]
KeyError: 'sku-9'"""
    assert text_of(event(platform="python", exception=ExceptionChain(values))) == expected


def test_other_languages_put_the_newest_call_first() -> None:
    """The trace of any other language begins with the raised exception and its newest call."""
    frames = [Frame(filename="app.js", function="main", lineno=1), Frame(filename="cart.js", lineno=9, colno=4)]
    values = [ExceptionValue("Error", "no list"), ExceptionValue("TypeError", "x", stacktrace=Stacktrace(frames))]
    expected = """TypeError: x
    at ? (cart.js:9:4)
    at main (app.js:1)

Caused by: Error: no list"""
    assert text_of(event(platform="node", exception=ExceptionChain(values))) == expected


def test_message_with_a_trace() -> None:
    """A message that came with a stack trace is copied with it."""
    trace = Stacktrace([Frame(filename="a.py", function="f", lineno=2)])
    found = text_of(event(platform="python", logentry=LogEntry("no %s", ["x"], "no x"), stacktrace=trace))
    assert found == 'no x\n  File "a.py", line 2, in f'


def test_event_without_anything() -> None:
    """An event that tells nothing has nothing to copy."""
    assert text_of(event()) == ""


def test_long_traces_keep_their_newest_calls() -> None:
    """A very long trace keeps its newest calls and says that older ones are missing."""
    frames = [Frame(filename="a.py", function=f"f{line}", lineno=line) for line in range(MOST_FRAMES + 50)]
    chain = ExceptionChain([ExceptionValue("RecursionError", "deep", stacktrace=Stacktrace(frames))])
    lines = text_of(event(platform="python", exception=chain)).split("\n")
    assert lines[1] == "  ... older frames left out"
    assert lines[2].endswith("in f50")
    assert len(lines) == MOST_FRAMES + 3
