"""Inputs for the fuzzer: real bytes, mutated with an eye to their structure, and bytes of chance."""

import base64
import json
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

CORPUS = Path(__file__).parent.parent / "corpus" / "events"
_MOST, _LARGEST = 20_000, 256 * 1024
"""Bytes of a seed, and of what is made of it; what is repeated has its part of them, so that few inputs must be cut."""

_WORDS = [
    *("password", "token", "auth", "value", "name", "cookies", "vars", "frames", "values", "context_line", "modules"),
    *("sentry.interfaces.Exception", "stacktrace", "threads", "breadcrumbs", "logentry", "params", "--password", "é"),
]
_TEXTS = [
    *("", "x", "password=hunter2", "token: (", "auth=[", "secret = '''", "4111 1111 1111 1111", "Bearer abcdef123456"),
    *("https://bob:hunter2@x/", "-----BEGIN PRIVATE KEY", "-----END PRIVATE KEY", "eyJhbGciOi.eyJzdWIi.c2ln", "\0"),
    *("\ud800", "é😀", "%s %(a)s", "{{ default }}", '{"password":"x"}', "2026-11-22T14:55:01Z", "\\", '"', "'", "\n"),
    *("--password ", "AKIAIOSFODNN7EXAMPLE", "DE89370400440532013000", "123-45-6789", "<password>", "pass\\n="),
]
_SCALARS: list[Any] = [None, True, 0, -1, 2**63, 10**30, 4111111111111111, 1e308, float("nan"), float("inf"), 0.5]


class Inputs:
    """Makes inputs; two of the same seed make the same ones."""

    def __init__(self, seed: int | str) -> None:
        self._chance = random.Random(seed)
        texts = [path.read_bytes() for path in sorted(CORPUS.glob("*.json"))]
        self._seeds = [text for text in texts if len(text) < _MOST]

    def event(self) -> bytes:
        """The JSON of an event, odd in a few places, sometimes broken."""
        event = msgspec.json.decode(self._chance.choice(self._seeds))
        for _ in range(self._chance.choice((1, 1, 2, 5))):
            self._disturb(event)
        return self._broken(self._written(event)[:_LARGEST])

    def store_body(self) -> bytes:
        """A body of the store endpoint, in one of its forms."""
        body = self.event()
        forms: list[Callable[[bytes], bytes]] = [bytes, base64.b64encode, zlib.compress]
        return self._broken(self._chance.choice(forms)(self._chance.choice(forms)(body)))

    def envelope(self) -> bytes:
        """An envelope of a few items."""
        chance = self._chance
        lines = [chance.choice((b"{}", b'{"event_id":"' + b"ab" * 16 + b'"}', b"[]", b"", b'{"dsn":5}'))]
        for _ in range(chance.randrange(4)):
            body = self.event() if chance.random() < 0.3 else self._text().encode(errors="replace")
            length = chance.choice((len(body), len(body), len(body) + 1, -1, "1", None, 10**20, [1], True))
            kind = chance.choice(("event", "session", "attachment", 5, None, "x" * 300))
            lines += [json.dumps({"type": kind, "length": length}).encode(), body]
        return self._broken(chance.choice((b"\n", b"\n", b"\r\n", b"\n\n")).join(lines))

    def _disturb(self, event: Any) -> None:
        """Replaces, adds, repeats or removes one value at some depth."""
        chance, node = self._chance, event
        while True:
            keys: list[Any] = list(node) if isinstance(node, dict) else list(range(len(node)))
            inner = [key for key in keys if isinstance(node[key], dict | list) and node[key]]
            if not inner or chance.random() < 0.25:
                break
            node = node[chance.choice(inner)]
        key = chance.choice(keys) if keys and chance.random() < 0.8 else None
        if isinstance(node, dict):
            node[chance.choice(_WORDS) if key is None else key] = self._value(3, _LARGEST)
        elif key is None:
            node.append(self._value(3, _LARGEST))
        else:
            times = chance.choice((0, 1, 1, 2, 40))
            node[key : key + 1] = [self._value(3, _LARGEST // max(times, 1))] * times

    def _value(self, depth: int, room: int) -> Any:
        chance = self._chance
        kind = chance.random() if depth else 0.5 * chance.random()
        if kind < 0.35:
            return self._text(room)
        if kind < 0.5:
            return chance.choice(_SCALARS)
        if kind < 0.6:
            times = chance.choice((1, 5, 60))
            return [self._value(depth - 1, room // times)] * times
        names = [chance.choice(_WORDS) + self._text(room)[:9] for _ in range(chance.randrange(4))]
        values = [self._value(depth - 1, room // len(names)) for _ in names]
        return values if kind < 0.8 else dict(zip(names, values, strict=True))

    def _text(self, room: int = _LARGEST) -> str:
        text = "".join(self._chance.choices(_TEXTS, k=self._chance.choice((1, 1, 2, 6))))
        times = self._chance.choice((1, 1, 1, 1, 1, 1, 30, 500))
        return text * max(1, min(times, room // max(len(text), 1)))

    def _written(self, value: Any) -> bytes:
        text = json.dumps(value, ensure_ascii=self._chance.random() < 0.7)
        if self._chance.random() < 0.1:
            text = text.replace("/", "\\/")
        codec = "utf-16" if self._chance.random() < 0.02 else "utf-8"
        return text.encode(codec, "surrogatepass")

    def _broken(self, data: bytes) -> bytes:
        """Mostly the bytes as they are; else cut, with other bytes in them, or bytes of chance altogether."""
        chance = self._chance
        kind = chance.random()
        if kind < 0.8 or not data:
            return data
        at = chance.randrange(len(data))
        if kind < 0.86:
            return data[:at]
        if kind < 0.92:
            return data[:at] + chance.randbytes(chance.randrange(1, 8)) + data[at:]
        if kind < 0.98:
            return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
        return chance.randbytes(chance.randrange(200))
