"""The way out to a webhook: a signed POST to an address that may be reached.

In: documents of `tell/document.py`. Out: HTTP requests; every failure as `DeliveryFailed` with the receiver's words.
Imported by `tell/routes.py`.

Signed as https://www.standardwebhooks.com says: `webhook-id` is the same at every attempt, `webhook-timestamp` is the
moment of this one, `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body` with the bytes
that follow `whsec_` in the secret. The host is looked up once, and the connection goes to the address that was checked
and to no other. Redirects are refused: they would lead past the check.
"""

import hmac
import http.client
import secrets
import socket
import ssl
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from kaput import __version__
from kaput.errors import DeliveryFailed
from kaput.model import Clock
from kaput.tell.network import Fence, LookUp, addresses, refusal
from kaput.tell.words import cleaned, secrets_of

TIMEOUT = 10.0
"""Seconds that the receiver may take for each answer."""
LONGEST = 20.0
"""Seconds that one request may take in all."""
MOST_WORDS = 2000
PREFIX = "whsec_"
ABOUT_THIS = frozenset({400, 413, 415, 422})
"""Statuses that are about one document; with any other the next one would fare no better."""
GONE = 410


class Document(Struct, frozen=True):
    """What one request carries. `id` is the same at every attempt."""

    id: str
    body: bytes


def make_secret() -> str:
    """Makes a secret for signatures: `whsec_` and 32 random bytes in base64."""
    return PREFIX + b64encode(secrets.token_bytes(32)).decode("ascii")


def sign(secret: str, document: Document, moment: int) -> str:
    """Returns the signature of a document that is sent at `moment`, in seconds since the epoch."""
    signed = f"{document.id}.{moment}.".encode() + document.body
    mac = hmac.new(b64decode(secret.removeprefix(PREFIX)), signed, sha256)
    return f"v1,{b64encode(mac.digest()).decode('ascii')}"


def check_address(url: str) -> str:
    """Returns the address of a webhook as it is kept; raises ValueError, fit to be shown, when it is none."""
    given = url.strip()
    try:
        split = urlsplit(given)
        usable = split.scheme in {"http", "https"} and bool(split.hostname) and split.port != 0
    except ValueError:
        usable = False
    if not usable or not given.isascii() or not given.isprintable() or " " in given:
        raise ValueError("The address of a webhook looks like https://hooks.example.org/kaput.")
    if "@" in split.netloc:
        raise ValueError("The address of a webhook has no login; the signature says who sends.")
    return given


class WebhookChannel:
    """One webhook.

    Args:
        url: as `check_address` returned it.
        secret: as `make_secret` made it.
        fence: what may be reached.
        clock: seconds since the epoch.
        authorities: a file of certificates to trust; empty: the system's.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        fence: Fence,
        clock: Clock,
        look_up: LookUp = socket.getaddrinfo,
        timeout: float = TIMEOUT,
        authorities: str = "",
    ) -> None:
        self._url = urlsplit(url)
        self._secret = secret
        self._secrets = [secret, *secrets_of(url)]
        self._fence = fence
        self._clock = clock
        self._look_up = look_up
        self._timeout = timeout
        self._authorities = authorities

    @contextmanager
    def connect(self) -> Iterator[Callable[[Document], None]]:
        """Gives what sends one document after the other, each by a connection of its own."""
        yield self._send

    def _send(self, document: Document) -> None:
        """Sends one document.

        Raises:
            DeliveryFailed: see `outbox.Channel`.
        """
        connection = self._connection()
        stop = threading.Timer(max(LONGEST, self._timeout), _break, [connection])
        stop.start()
        try:
            connection.request("POST", _target(self._url), document.body, self._headers(document))
            with connection.getresponse() as answer:
                status, words = answer.status, answer.read(MOST_WORDS)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DeliveryFailed(self._said(error), away=True) from None
        finally:
            stop.cancel()
            stop.join()
            connection.close()
        if not 200 <= status < 300:
            raise self._refusal(status, words.decode("utf-8", "replace"))

    def _headers(self, document: Document) -> dict[str, str]:
        moment = int(self._clock())
        return {
            "Content-Type": "application/json",
            "User-Agent": f"Kaput/{__version__}",
            "webhook-id": document.id,
            "webhook-timestamp": str(moment),
            "webhook-signature": sign(self._secret, document, moment),
        }

    def _connection(self) -> http.client.HTTPConnection:
        host = self._url.hostname or ""
        secure = self._url.scheme == "https"
        port = self._url.port or (443 if secure else 80)
        try:
            found = addresses(host, port, self._look_up)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise DeliveryFailed(f"{host} has no address: {cleaned(reason, self._secrets)}.", away=True) from None
        allowed = [address for address in found if self._fence.lets(address)]
        if not allowed:
            raise DeliveryFailed(refusal(host, found[0]), away=True)
        connection = _Pinned(host, port, allowed, self._timeout)
        if secure:
            connection.trust = ssl.create_default_context(cafile=self._authorities or None)
        return connection

    def _refusal(self, status: int, words: str) -> DeliveryFailed:
        said = cleaned(words, self._secrets)
        told = f"The receiver answered {status}{': ' + said if said else ''}".rstrip(".") + "."
        if 300 <= status < 400:
            told = f"The receiver answered {status}, and redirects are not followed. Give the address that it leads to."
        if status == GONE:
            told += " It wants no more."
        return DeliveryFailed(told, permanent=status == GONE, away=status not in ABOUT_THIS)

    def _said(self, error: Exception) -> str:
        place = self._url.hostname or ""
        if isinstance(error, TimeoutError):
            return f"{place} did not answer within {self._timeout:g} s."
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"The certificate of {place} is not trusted: {cleaned(error.verify_message, self._secrets)}."
        if isinstance(error, ConnectionError | http.client.HTTPException):
            reason = cleaned(getattr(error, "strerror", None) or str(error) or type(error).__name__, self._secrets)
            return f"{place} cannot be reached, or closed the connection: {reason.rstrip('.')}."
        reason = cleaned(getattr(error, "strerror", None) or str(error), self._secrets)
        return f"Nothing could be sent to {place}: {reason.rstrip('.')}."


class _Pinned(http.client.HTTPConnection):
    """A connection to addresses that were checked, whatever the name of the host would lead to now.

    Attributes:
        trust: encrypts, and checks the certificate against the name; None for plain HTTP.
    """

    def __init__(self, host: str, port: int, allowed: list[str], timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._allowed = allowed
        self.trust: ssl.SSLContext | None = None

    def connect(self) -> None:
        """Connects to the first address that answers."""
        for address in self._allowed:
            try:
                self.sock = socket.create_connection((address, self.port), self.timeout)
                break
            except OSError:
                if address == self._allowed[-1]:
                    raise
        if self.trust is not None:
            self.sock = self.trust.wrap_socket(self.sock, server_hostname=self.host)


def _target(url: SplitResult) -> str:
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _break(connection: http.client.HTTPConnection) -> None:
    """Ends a request that goes on for too long, however steadily its receiver drips."""
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
