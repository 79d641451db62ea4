"""A hand of the worker: a process that digests events while the worker has more of them than it can do alone.

In: records, on standard input. Out: what the digest makes of each, on the same line. `serve/crew.py` starts it as
`python -m kaput.serve.hand`, and ends it by closing the line.

It has no store, no clock and no settings: what it makes depends on the record alone.
"""

import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from io import BufferedReader

import msgspec
from msgspec import Struct

from kaput.accept.syntax import RESERVE
from kaput.digest.record import digest
from kaput.model import Digested, Event, Grouping, Record, Title
from kaput.serve.collector import spare_the_collector

COLLECT_AFTER = 200_000
LENGTH = 4  # bytes before each message that say how long it is
READY = b"!"


class Answer(Struct, frozen=True, array_like=True):
    """A digested event.

    Attributes:
        text: the event as JSON, as it will be stored.
    """

    project_id: int
    text: bytes
    grouping: Grouping
    title: Title


_encode_records = msgspec.msgpack.Encoder().encode
_decode_records = msgspec.msgpack.Decoder(list[Record]).decode
_encode_answers = msgspec.msgpack.Encoder().encode
_decode_answers = msgspec.msgpack.Decoder(list[Answer | None]).decode
_encode_event = msgspec.json.Encoder().encode
_decode_event = msgspec.json.Decoder(Event).decode


def question(records: Sequence[Record]) -> bytes:
    """Returns the message that asks for the digest of some records."""
    return _framed(_encode_records(records))


def answered(message: bytes) -> list[Digested | None]:
    """Reads the answer of a hand: None for what the worker has to digest itself, to see why it cannot be."""
    return [None if one is None else _digested(one) for one in _decode_answers(message)]


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


def _answer(record: Record) -> Answer | None:
    try:
        made = digest(record)
        return Answer(made.project_id, _encode_event(made.event), made.grouping, made.title)
    except Exception:  # noqa: BLE001  whatever it is, the worker meets it again and knows what to do
        return None


def _digested(answer: Answer) -> Digested:
    return Digested(answer.project_id, _decode_event(answer.text), answer.grouping, answer.title, answer.text)


def _receive(reader: BufferedReader) -> bytes:
    """Reads a message; an empty one at the end of the line, also when it breaks off within a message."""
    length = int.from_bytes(reader.read(LENGTH), "little")
    message = reader.read(length)
    return message if len(message) == length else b""


def _framed(message: bytes) -> bytes:
    return len(message).to_bytes(LENGTH, "little") + message


if __name__ == "__main__":
    sys.exit(main())
