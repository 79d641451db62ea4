"""An HTTP server that really listens, and keeps what it is sent."""

import json
import ssl
import threading
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """A context manager; `url` is where it listens.

    Attributes:
        answers: what it answers, in turn: status, body and headers; when none is left, 200.
        taken: the headers and the body of each request.
        context: serves TLS.
    """

    answers: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)
    taken: list[tuple[Message, bytes]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    context: ssl.SSLContext | None = None

    def __enter__(self) -> "Receiver":
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                receiver.taken.append((self.headers, body))
                receiver.paths.append(self.path)
                status, words, headers = receiver.answers.pop(0) if receiver.answers else (200, b"", {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(words)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if self.context is not None:
            self._server.socket = self.context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._server.server_address[1]
        return port

    @property
    def url(self) -> str:
        """Its address by name."""
        return f"http://localhost:{self.port}"

    @property
    def documents(self) -> list[Any]:
        """The bodies, as JSON."""
        return [json.loads(body) for _, body in self.taken]
