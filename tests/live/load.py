"""Clients that never stop: they post from several threads, send again what failed, and note every answer."""

import gzip
import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.live.poster import envelope, error_event

PAUSE = 0.02
TRIES = 3
MOST_EVENTS = 3
LARGEST_EXTRA = 20_000


@dataclass
class Load:
    """What was sent, and what came of it.

    Attributes:
        acknowledged: ids of events whose request was answered 200.
        answers: how often each status came.
        wrong: answers that no client should get: another status, or 429 and 503 without a time to come back.
        extra: bytes that an event carries beside its exception, at most.
    """

    dsn: str
    seed: int
    extra: int = LARGEST_EXTRA
    acknowledged: set[str] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self, threads: int) -> Iterator[None]:
        """Posts for as long as the block lasts."""
        clients = [threading.Thread(target=self._post_all, args=(number,)) for number in range(threads)]
        for client in clients:
            client.start()
        try:
            yield
        finally:
            self.stopped.set()
            for client in clients:
                client.join()

    def _post_all(self, number: int) -> None:
        choices = random.Random(self.seed * 1000 + number)
        parts = urlsplit(self.dsn)
        while not self.stopped.is_set():
            with closing(http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=30)) as connection:
                while not self.stopped.is_set() and self._send(connection, choices):
                    pass
            self.stopped.wait(PAUSE)

    def _send(self, connection: http.client.HTTPConnection, choices: random.Random) -> bool:
        """Sends one envelope, sometimes again when it was not taken; False when the connection is of no more use."""
        events = [self._event(choices) for _ in range(choices.randint(1, MOST_EVENTS))]
        body = gzip.compress(envelope(*events), 1)
        for _ in range(choices.randint(1, TRIES)):
            try:
                status = self._post(connection, body)
            except (OSError, http.client.HTTPException):
                connection.close()
                self.stopped.wait(PAUSE)
                continue
            if status == 200:
                self.acknowledged.update(event["event_id"] for event in events)
                return True
            self.stopped.wait(PAUSE)
        return False

    def _event(self, choices: random.Random) -> dict[str, Any]:
        # Only the sizes come from the seed: an id that a second run of the same seed sends again would be a duplicate.
        extra = {"noise": random.randbytes(choices.randint(0, self.extra) // 2).hex()}
        return error_event(random.randbytes(16).hex(), extra=extra, timestamp=time.time())

    def _post(self, connection: http.client.HTTPConnection, body: bytes) -> int:
        parts = urlsplit(self.dsn)
        auth = f"Sentry sentry_key={parts.username}, sentry_version=7, sentry_client=load/1"
        headers = {"X-Sentry-Auth": auth, "Content-Encoding": "gzip"}
        connection.request("POST", f"/api{parts.path}/envelope/", body, headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        self.answers[answer.status] += 1
        later = answer.getheader("Retry-After", "")
        if answer.status != 200 and not (answer.status in {429, 503} and later.isdecimal()):
            self.wrong.append(f"{answer.status} Retry-After={later!r} {text[:200]}")
        return answer.status
