"""Events as the worker hands them to the store, for the tests of the command line."""

from collections.abc import Callable
from zlib import crc32

from kaput.model import Digested, Event, ExceptionChain, ExceptionValue, Frame, Grouping, Stacktrace, Title

START = 1_790_000_000.0

Fill = Callable[..., None]
"""Stores events: `fill(*events, dead=())`."""


def _event(number: int, value: str, line: str) -> Event:
    frame = Frame(filename="shop/cart.py", function="total", lineno=7, context_line=line, in_app=True, vars={"n": "1"})
    library = Frame(filename="flask/app.py", function="dispatch", lineno=900, vars={"inner": "hidden"})
    exception = ExceptionValue(type="KeyError", value=value, stacktrace=Stacktrace(frames=[library, frame]))
    return Event(
        event_id=f"{number:032x}",
        timestamp=START + number,
        received=START + number + 0.5,
        level="error",
        release="1.0",
        environment="live",
        exception=ExceptionChain(values=[exception]),
        tags={"host": "a"},
    )


def digested(number: int, *, project: int = 1, issue: str = "", value: str = "'sku'", line: str = "a[b]") -> Digested:
    """Makes one event; events with the same `issue` share one."""
    title = Title("KeyError", value, "total in shop/cart.py")
    name = issue or str(number)
    return Digested(
        project, _event(number, value, line), Grouping("v1", (f"{crc32(name.encode()):032x}",), "test"), title
    )
