"""Mail servers that really listen, for the tests of tell."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USER, PASSWORD = "kaput", "correct horse"


@dataclass
class Mailbox:
    """A mail server's handler that keeps what it takes.

    Attributes:
        login: takes nothing from those who did not log in.
        refused: what it answers to RCPT, by address.
        content: what it answers to each DATA, in turn; those it has no answer for are taken.
        taken: the messages, in order, as they came.
        times: when each of them came, in seconds since the epoch.
        sessions: one entry for each connection that sent EHLO.
    """

    login: bool = False
    refused: dict[str, str] = field(default_factory=dict)
    content: list[str] = field(default_factory=list)
    taken: list[EmailMessage] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802
        self, _server: Any, session: Any, _envelope: Any, hostname: str, answers: list[str]
    ) -> list[str]:
        """Notes a connection."""
        self.sessions.append(hostname)
        session.host_name = hostname
        return answers

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: ARG002, N802
        """Takes or refuses a recipient."""
        if self.login and not session.authenticated:
            return "530 log in first"
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802
        """Takes or refuses a message."""
        answer = self.content.pop(0) if self.content else "250 OK"
        if answer.startswith("250"):
            message = message_from_bytes(envelope.content, _class=EmailMessage, policy=default)
            self.times.append(time.time())
            self.taken.append(message)
        return answer

    @property
    def subjects(self) -> list[str]:
        """The subjects of the messages, in order."""
        return [message["Subject"] for message in self.taken]


def _login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:  # noqa: ARG001
    right = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False, message=None if right else "535 authentication failed")


@dataclass(frozen=True)
class MailServers:
    """Starts and stops mail servers on free ports of 127.0.0.1.

    Attributes:
        contexts: how each kind of TLS is served, when not by a certificate of the authority for 127.0.0.1.
    """

    authority: trustme.CA
    stack: ExitStack
    contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)

    def start(self, mailbox: Mailbox, tls: str = "none", *, login: bool = False, port: int = 0) -> Controller:
        """Starts one; `port` of what is returned is where it listens."""
        options: dict[str, Any] = {"enable_SMTPUTF8": True}
        context = self.contexts.get(tls) or self._context()
        if tls == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        if login:
            options |= {"authenticator": _login, "auth_require_tls": tls == "starttls"}
            mailbox.login = True
        controller = _Controller(
            mailbox, hostname="127.0.0.1", port=port, ssl_context=context if tls == "implicit" else None, **options
        )
        controller.start()
        self.stack.callback(controller.stop, no_assert=True)
        return controller

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        return context


class _Controller(Controller):
    """aiosmtpd's, on whatever port is free."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        trigger: Callable[[], None] = super()._trigger_server
        trigger()

    def stop(self, no_assert: bool = False) -> None:  # noqa: FBT002  # the signature is aiosmtpd's
        """Stops it; does nothing when it was stopped before."""
        if not self.loop.is_closed():
            super().stop(no_assert=no_assert)


class SilentServer:
    """Takes connections, says `words` to each, and then nothing more."""

    def __init__(self, words: bytes = b"") -> None:
        self._words = words
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept)
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> "SilentServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for opened in [self._socket, *self._open]:
            opened.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                opened, _ = self._socket.accept()
                self._open.append(opened)
                opened.sendall(self._words)


def free_port() -> int:
    """Returns a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
