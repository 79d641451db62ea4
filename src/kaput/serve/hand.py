"""A hand of the worker: a process that digests events while the worker has more of them than it can do alone.

In: records, on standard input. Out: what the digest makes of each, on the same line: the JSON that the store writes,
and what is asked of the event before that. `serve/crew.py` starts it as `python -m kaput.serve.hand`, and ends it by
closing the line.

It has no store, no clock and no settings: what it makes depends on the record alone.
"""

import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from io import BufferedReader
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from kaput.accept.syntax import RESERVE
from kaput.digest.record import digest
from kaput.model import Digested, Event, ExceptionValue, Frame, Record, Stacktrace, Thread
from kaput.serve.collector import spare_the_collector

COLLECT_AFTER = 200_000
LENGTH = 4  # bytes before each message that say how long it is
READY = b"!"


Holder = TypeVar("Holder", ExceptionValue, Thread)

_encode_records = msgspec.msgpack.Encoder().encode
_decode_records = msgspec.msgpack.Decoder(list[Record]).decode
_encode_answers = msgspec.msgpack.Encoder().encode
_decode_answers = msgspec.msgpack.Decoder(list[Digested | None]).decode
_encode_event = msgspec.json.Encoder().encode


def question(records: Sequence[Record]) -> bytes:
    """Returns the message that asks for the digest of some records."""
    return _framed(_encode_records(records))


def answered(message: bytes) -> list[Digested | None]:
    """Reads the answer of a hand: None for what the worker has to digest itself, to see why it cannot be."""
    return _decode_answers(message)


def main() -> int:
    """Digests until the line ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the supervisor
    spare_the_collector(COLLECT_AFTER)
    sys.setrecursionlimit(sys.getrecursionlimit() + RESERVE)
    with socket.socket(fileno=sys.stdin.fileno()) as line:
        line.sendall(_framed(READY))
        messages: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=listen, args=(line, messages.put), name="kaput-line", daemon=True).start()
        while message := messages.get():
            answers = [_answer(record) for record in _decode_records(message)]
            line.sendall(_framed(_encode_answers(answers)))
    return 0


def listen(line: socket.socket, heard: Callable[[bytes], None]) -> None:
    """Passes on the messages of a line at once, so that who sends never waits; an empty one at its end."""
    message = b"."
    with line.makefile("rb") as reader:
        while message:
            try:
                message = _receive(reader)
            except OSError:
                message = b""
            heard(message)


def _answer(record: Record) -> Digested | None:
    try:
        made = digest(record)
        return replace(made, event=_brief(made.event), text=_encode_event(made.event))
    except Exception:  # noqa: BLE001  whatever it is, the worker meets it again and knows what to do
        return None


def _brief(event: Event) -> Event:
    """Leaves out what nobody asks for before an event is stored, which is most of it."""
    chain, threads = event.exception, event.threads
    return replace(
        event,
        exception=chain and replace(chain, values=[_without_lines(one) for one in chain.values]),
        threads=threads and replace(threads, values=[_without_lines(one) for one in threads.values]),
        stacktrace=_outline(event.stacktrace),
        breadcrumbs=None,
        modules={},
        extra={},
    )


def _without_lines(holder: Holder) -> Holder:
    return replace(holder, stacktrace=_outline(holder.stacktrace))


def _outline(stack: Stacktrace | None) -> Stacktrace | None:
    return stack and replace(stack, frames=[_bare(one) for one in stack.frames])


def _bare(one: Frame) -> Frame:
    return Frame(one.filename, one.abs_path, one.module, one.function, one.lineno, one.colno, in_app=one.in_app)


def _receive(reader: BufferedReader) -> bytes:
    """Reads a message; an empty one at the end of the line, also when it breaks off within a message."""
    length = int.from_bytes(reader.read(LENGTH), "little")
    message = reader.read(length)
    return message if len(message) == length else b""


def _framed(message: bytes) -> bytes:
    return len(message).to_bytes(LENGTH, "little") + message


if __name__ == "__main__":
    sys.exit(main())
