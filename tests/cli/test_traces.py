"""An event as lines for a terminal."""

from kaput.cli.traces import event_lines
from kaput.model import (
    Event,
    ExceptionChain,
    ExceptionValue,
    Frame,
    LogEntry,
    Request,
    Stacktrace,
    Thread,
    Threads,
    User,
)
from kaput.store.base import EventRow, StoredEvent


def _lines(**fields: object) -> list[str]:
    row = EventRow(1, "a" * 32, 1, 1, "shop", 0.0, 1.0, "error", "", "")
    event = Event(event_id="a" * 32, timestamp=0.0, received=1.0, **fields)  # type: ignore[arg-type]
    return [text for text, _ in event_lines(StoredEvent(row, event))]


def _raised(name: str, *frames: Frame, omitted: tuple[int, int] | None = None) -> ExceptionValue:
    return ExceptionValue(type=name, value="v", stacktrace=Stacktrace(frames=list(frames), omitted=omitted))


def test_an_event_of_nothing() -> None:
    """An event without any field still says which it is."""
    assert _lines()[:2] == [
        f"Event {'a' * 32} of shop",
        "1970-01-01 00:00:00 UTC, received 1970-01-01 00:00:01 UTC; level error",
    ]


def test_the_raised_exception_stands_last() -> None:
    """Causes come before what was raised, as Python prints them."""
    lines = _lines(exception=ExceptionChain(values=[_raised("Cause"), _raised("Raised")]))
    assert lines.index("Cause: v") < lines.index("Raised: v")


def test_frames_that_were_cut_out_are_counted() -> None:
    """Where frames were left out stands how many."""
    frames = [Frame(filename="a.py", function="f"), Frame(filename="b.py", function="g")]
    lines = _lines(exception=ExceptionChain(values=[_raised("E", *frames, omitted=(30, 1))]))
    place = lines.index("  (30 frames left out)")
    assert lines[place - 1 : place + 2] == ['  File "a.py", in f', "  (30 frames left out)", '  File "b.py", in g']


def test_values_that_are_no_text_and_long_ones() -> None:
    """Local variables of any type are shown, long ones cut with their length."""
    frame = Frame(filename="a.py", function="f", in_app=True, vars={"n": {"k": [1, None]}, "long": "x" * 5000})
    lines = _lines(exception=ExceptionChain(values=[_raised("E", frame)]))
    assert '      n = {"k":[1,null]}' in lines
    assert f"      long = {'x' * 200} (5000 characters)" in lines


def test_message_thread_request_and_user() -> None:
    """A log message, the crashed thread, the request and the user each have their line; other threads have none."""
    trace = Stacktrace(frames=[Frame(filename="a.py", function="f", lineno=3)])
    threads = Threads(
        values=[Thread(name="main", crashed=True, stacktrace=trace), Thread(name="idle", stacktrace=trace)]
    )
    lines = _lines(
        logentry=LogEntry(message="took %s s", formatted="took 3 s"),
        threads=threads,
        request=Request(method="GET", url="http://shop/"),
        user=User(id="7", email="ada@example.org"),
    )
    for line in ("took 3 s", "Thread main", '  File "a.py", line 3, in f', "Request  GET http://shop/"):
        assert line in lines
    assert "User     7, ada@example.org" in lines
    assert "Thread idle" not in lines
