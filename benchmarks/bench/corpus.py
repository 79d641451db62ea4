"""Events to load with: distinct ones of some 20 kB, made by a real Flask application with the real sentry-sdk.

Written once for each count, into the system's temporary directory: gzipped envelopes, each behind its length in four
bytes, big-endian. A tenth of the failures differ in their place, as the events of a real day do.
"""

import gzip
import random
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sentry_sdk
from flask import Flask
from sentry_sdk.envelope import Envelope
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.transport import Transport

VERSION = 5
CAUSES = 20
LENGTH = struct.Struct(">I")
WORDS = "order basket price stock customer invoice shelf parcel refund voucher kettle teapot lantern saucer".split()


class _Collector(Transport):
    """Keeps what the SDK would send."""

    def __init__(self) -> None:
        super().__init__()
        self.envelopes: list[Envelope] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)


def corpus(count: int) -> Path:
    """Returns the file with `count` envelopes of one event each."""
    path = Path(tempfile.gettempdir()) / f"kaput-corpus-{VERSION}-{count}.bin"
    if not path.exists():
        hidden = path.with_suffix(".new")
        with hidden.open("wb") as file:
            for body in _bodies(count):
                file.write(LENGTH.pack(len(body)))
                file.write(body)
        hidden.rename(path)
    return path


def read(path: Path) -> list[bytes]:
    """Returns the envelopes of a corpus, still gzipped."""
    data, offset, bodies = path.read_bytes(), 0, []
    while offset < len(data):
        (length,) = LENGTH.unpack_from(data, offset)
        bodies.append(data[offset + LENGTH.size : offset + LENGTH.size + length])
        offset += LENGTH.size + length
    return bodies


def _bodies(count: int) -> Iterator[bytes]:
    collector = _Collector()
    sentry_sdk.init(
        dsn="http://key@127.0.0.1/1",
        transport=collector,
        release="shop@2.4.1",
        environment="production",
        server_name="web-3",
        auto_enabling_integrations=False,
        integrations=[FlaskIntegration()],
        max_breadcrumbs=20,
    )
    chance = random.Random(11)
    client = _shop(chance).test_client()
    for number in range(count):
        client.get(f"/buy/{number % CAUSES}?basket={number}&coupon={chance.getrandbits(40):x}")
        for envelope in collector.envelopes:
            if envelope.get_event() is not None:
                yield gzip.compress(envelope.serialize(), 6)
        collector.envelopes.clear()


def _shop(chance: random.Random) -> Flask:
    app = Flask("shop")
    app.logger.disabled = True  # its failures are meant
    failures = [_failure(number) for number in range(CAUSES)]

    @app.get("/buy/<int:cause>")
    def buy(cause: int) -> str:
        sentry_sdk.set_user({"id": f"u{chance.randrange(500)}", "email": f"u{chance.randrange(500)}@example.org"})
        sentry_sdk.set_tag("plan", chance.choice(["free", "pro", "team"]))
        for step in range(16):
            text = " ".join(chance.choices(WORDS, k=12))
            sentry_sdk.add_breadcrumb(category="sql", message=f"SELECT {text} WHERE id = {step}", level="info")
        basket = {word: [chance.randrange(1000) for _ in range(8)] for word in WORDS}
        return _through(4, failures[cause], basket, chance)

    return app


def _through(depth: int, failure: Any, basket: dict[str, list[int]], chance: random.Random) -> str:
    """Calls itself so that the stack has frames with locals worth keeping."""
    note = " ".join(chance.choices(WORDS, k=16))
    prices = {f"{word}-{depth}": round(chance.random() * 90, 2) for word in WORDS}
    if depth:
        return _through(depth - 1, failure, basket, chance)
    return str(failure(basket, prices, note))


def _failure(number: int) -> Any:
    """Makes a function of its own name and line, so that each cause is an issue of its own."""
    source = f"def cause_{number}(basket, prices, note):\n    password = 'sesame-{number}'\n"
    source += f"    return prices['missing-{number}'] + len(password)\n"
    space: dict[str, Any] = {"__name__": "shop.causes"}
    exec(compile(source, f"shop/causes_{number}.py", "exec"), space)  # noqa: S102 - our own text, above
    return space[f"cause_{number}"]
