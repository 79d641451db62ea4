"""An editor as debugpy sees it: a client of the Debug Adapter Protocol."""

import json
import socket
from types import TracebackType
from typing import Any, Self


class Editor:
    """A connection to debugpy; messages are JSON behind a Content-Length header."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 30)
        self._stream = self._socket.makefile("rb")
        self._sequence = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _t: TracebackType | None
    ) -> None:
        self._stream.close()
        self._socket.close()

    def ask(self, command: str, **arguments: Any) -> int:
        """Sends a request; returns its number."""
        self._sequence += 1
        message = {"seq": self._sequence, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self._sequence

    def event(self, name: str) -> dict[str, Any]:
        """Waits for an event, and returns its body."""
        return self._wait(lambda message: message.get("event") == name)

    def answer(self, number: int) -> dict[str, Any]:
        """Waits for the answer to a request, and returns its body."""
        return self._wait(lambda message: message.get("request_seq") == number)

    def _wait(self, fits: Any) -> dict[str, Any]:
        while True:
            message = self._read()
            if fits(message):
                assert message.get("success", True), message
                body: dict[str, Any] = message.get("body", {})
                return body

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._stream.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "debugpy hung up"
        message: dict[str, Any] = json.loads(self._stream.read(length))
        return message
