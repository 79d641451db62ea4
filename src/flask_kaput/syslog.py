"""Records for a syslog. In: safe records. Out: messages that no receiver has to cut, over UDP, TCP or a Unix socket.

The standard library's handler sends a record as one datagram: one of 70 kB is lost, and over TCP nothing parts two of
them. Here a long record becomes several messages (RFC 3164, 4.1: 1,024 bytes at most), each with its number, and one
over TCP ends with a line end (RFC 6587, 3.4.2). `extension.py` makes it.
"""

import logging
import logging.handlers
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

LONGEST = 1024
"""Bytes of a message, head included."""
LINE_END = "#012"
"""How a line end inside of a message is written, as rsyslog writes those that it receives."""

FACILITIES = frozenset(logging.handlers.SysLogHandler.facility_names)

_PORT = 514
_PATIENCE = 1.0
"""Seconds that a connection or a full buffer may keep a request waiting."""
_PAUSE = 10.0
"""Seconds after a failure in which nothing is tried over TCP: a request waits once, not with each record."""

Address = str | tuple[str, int]


def read_address(text: str) -> tuple[Address, socket.SocketKind | None]:
    """Reads `/dev/log`, `udp://host:port` or `tcp://host:port`; the port may be left out, it is 514 then.

    Raises:
        ValueError: it is none of these; the rest of a sentence that begins with the name of the setting.
    """
    if text.startswith("/"):
        return text, None
    kinds = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}
    try:
        parts = urlsplit(text)
        if parts.scheme in kinds and parts.hostname and not parts.path:
            return (parts.hostname, parts.port or _PORT), kinds[parts.scheme]
    except ValueError:
        pass
    raise ValueError(f"is {text!r}; it must be a path such as /dev/log, or udp://HOST:PORT, or tcp://HOST:PORT.")


class Syslog(logging.handlers.SysLogHandler):
    """A handler that sends records to a syslog, split rather than lost."""

    append_nul = False

    def __init__(
        self,
        address: Address,
        kind: socket.SocketKind | None = None,
        *,
        name: str,
        facility: str = "user",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Describes the syslog; nothing is connected yet.

        Args:
            address: a path, or host and port.
            kind: datagrams or a stream; None: what the path is.
            name: of the application, in each message's tag.
            facility: `user`, `daemon`, `local0` to `local7` and the like.
            clock: seconds, for the pause after a failure.
        """
        logging.Handler.__init__(self)
        self.address = address
        self.socktype = kind  # type: ignore[assignment]  # None until a path was connected, as in the base class
        self.facility = self.facility_names[facility]
        self.unixsocket = isinstance(address, str)
        self.socket: socket.socket | None = None
        self._tag = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name)[:32]
        self._clock = clock
        self._tried: float | None = None
        self.lost = 0
        """Records that could not be sent."""
        self._number = 0
        self._pid = os.getpid()

    def emit(self, record: logging.LogRecord) -> None:
        """Sends a record, in as many messages as it needs."""
        try:
            if self._pid != os.getpid():  # a connection of the process that forked is not ours
                self.socket, self._pid = None, os.getpid()
            priority = self.encodePriority(self.facility, self.mapPriority(record.levelname))
            head = f"<{priority}>{self._tag}[{self._pid}]: "
            self._number += 1
            for message in messages(self.format(record), head, self._number):
                self._send(message)
        except Exception:  # noqa: BLE001 - a log never breaks what it tells of
            self.handleError(record)

    def reach(self) -> None:
        """Connects and hangs up; raises OSError. Over UDP nobody says whether anybody listens."""
        self._connect()
        self._forget()

    def handleError(self, record: logging.LogRecord) -> None:
        """Says on stderr what was lost, on one line."""
        error = sys.exc_info()[1]
        self.lost += 1
        self._forget()
        if self.socktype == socket.SOCK_STREAM and not isinstance(error, _Pausing):
            self._tried = self._clock()
        if sys.stderr is not None:
            sys.stderr.write(f"Kaput cannot send to the syslog at {self.address}: {error}. Lost: {record.msg!s:.200}\n")

    def _send(self, message: bytes) -> None:
        """Sends one message; over a connection that ended meanwhile once more."""
        if self.socket is None:
            self._connect()
            self._deliver(message)
            return
        try:
            self._deliver(message)
        except TimeoutError:
            raise
        except OSError:
            self._forget()
            self._connect()
            self._deliver(message)

    def _connect(self) -> None:
        if self._tried is not None and self._clock() - self._tried < _PAUSE:
            raise _Pausing("it did not answer a moment ago")
        self._tried = None
        if isinstance(self.address, str):
            self._connect_path(self.address)
            return
        if self.socktype == socket.SOCK_STREAM:
            self.socket = socket.create_connection(self.address, _PATIENCE)
            return
        family, kind, protocol, _, place = socket.getaddrinfo(*self.address, type=socket.SOCK_DGRAM)[0]
        self.socket = socket.socket(family, kind, protocol)
        self.socket.connect(place)

    def _connect_path(self, path: str) -> None:
        """Connects to a Unix socket, of datagrams as most are, or of a stream."""
        kinds = [self.socktype] if self.socktype else [socket.SOCK_DGRAM, socket.SOCK_STREAM]
        for kind in kinds:
            connection = socket.socket(socket.AF_UNIX, kind)
            connection.settimeout(_PATIENCE)
            try:
                connection.connect(path)
            except OSError:
                connection.close()
                if kind == kinds[-1]:
                    raise
            else:
                self.socket, self.socktype = connection, kind
                return

    def _deliver(self, message: bytes) -> None:
        if self.socket is None:  # it is connected before each use
            raise OSError("not connected")
        if self.socktype == socket.SOCK_STREAM:
            self.socket.sendall(message + b"\n")
        else:
            self.socket.send(message)

    def _forget(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None


class _Pausing(OSError):
    """Nothing is tried for a while."""


def messages(text: str, head: str, number: int) -> Iterator[bytes]:
    """Yields the messages of a record: one, or several that begin with `(NUMBER PART/PARTS)`.

    Args:
        text: of the record; its line ends become `#012`.
        head: what every message begins with: priority and tag.
        number: of the record in its process, which tells the parts of two records apart.
    """
    body = text.replace("\n", LINE_END).encode("utf-8", "backslashreplace")
    start = head.encode()
    if len(start) + len(body) <= LONGEST:
        yield start + body
        return
    room = LONGEST - len(start) - len(f"({number} 99999/99999) ")
    parts = list(_pieces(body, room))
    for index, part in enumerate(parts, 1):
        yield start + f"({number} {index}/{len(parts)}) ".encode() + part


def _pieces(body: bytes, room: int) -> Iterator[bytes]:
    """Yields the text in pieces of so many bytes at most, cut behind a line where one ends late, never in a letter."""
    mark = LINE_END.encode()
    at = 0
    while len(body) - at > room:
        end = body.rfind(mark, at + room // 2, at + room) + len(mark)
        if end < len(mark) + at or end > at + room:
            end = at + room
            while body[end] & 0xC0 == 0x80:  # the rest of a letter (RFC 3629)
                end -= 1
        yield body[at:end]
        at = end
    yield body[at:]
