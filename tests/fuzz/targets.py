"""What is fuzzed: everything that reads what arrives, and what it may say to it.

A target takes bytes. It may raise Refused or Undigestible and nothing else, and takes no longer than `MOST_SECONDS` of
processor time, whatever the bytes are.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from kaput.accept import envelope, legacy, syntax
from kaput.accept.limits import Limits
from kaput.digest.record import digest
from kaput.errors import Refused, Undigestible
from kaput.model import Record
from tests.fuzz.inputs import Inputs

MOST_SECONDS = 0.05
LOOKS = 6
"""How often a slow input is measured: another program may have been in the way."""
_PAUSES = (0.5, 2.0)
"""Seconds before it is measured as often again, for some programs stay in the way for longer."""

_LIMITS = Limits()

Target = Callable[[bytes], object]


@dataclass(frozen=True)
class Fault:
    """An input that did what none may do."""

    target: str
    data: bytes
    what: str


def read_envelope(data: bytes) -> None:
    """The envelope parser, and the syntax check of its items."""
    for item in envelope.parse(data, _LIMITS).items:
        syntax.check(bytes(item.payload))


def read_store(data: bytes) -> None:
    """The forms of the store endpoint."""
    syntax.check(legacy.event_text(data, _LIMITS.max_unpacked))


def read_event(data: bytes) -> None:
    """The whole digest: decode, scrub, normalise, group."""
    digest(Record(1, "ab" * 16, 1795359306.0, data, "client/1", "10.0.0.7"))


def faults(count: int, seed: int | str, most: float = MOST_SECONDS) -> Iterator[Fault]:
    """Tries `count` inputs and yields those that fail."""
    inputs = Inputs(seed)
    kinds: list[tuple[Target, Callable[[], bytes]]] = [
        (read_event, inputs.event),
        (read_store, inputs.store_body),
        (read_event, inputs.event),
        (read_envelope, inputs.envelope),
    ]
    for number in range(count):
        target, make = kinds[number % len(kinds)]
        data = make()
        if what := fault(target, data, most):
            yield Fault(target.__name__, data, what)


def fault(target: Target, data: bytes, most: float = MOST_SECONDS) -> str:
    """Says what is wrong with what a target does; nothing when all is well."""
    try:
        seconds = min_seconds(target, data)
        for pause in _PAUSES:
            if seconds <= most:
                break
            time.sleep(pause)
            seconds = min(seconds, min_seconds(target, data))
    except Exception as error:  # noqa: BLE001 - that there is none is what is tested
        return f"{type(error).__name__}: {error}"
    return f"{seconds * 1000:.0f} ms" if seconds > most else ""


def min_seconds(target: Target, data: bytes) -> float:
    """Measures the processor time of a target, again when it seems too long."""
    best = _seconds(target, data)
    for _ in range(LOOKS - 1):
        if best <= MOST_SECONDS:
            break
        best = min(best, _seconds(target, data))
    return best


def _seconds(target: Target, data: bytes) -> float:
    begin = time.thread_time()
    with suppress(Refused, Undigestible):
        target(data)
    return time.thread_time() - begin
