"""A client program: every cause of the shop fails once, and what a real client makes of it is written down.

In: arguments as JSON: the folder of the shop, which client, how the causes are reached, and a seed for what varies.
Out: JSON lines on stdout, `[cause, event]`. `making.py` starts it with each of several interpreters; it needs nothing
but the client and the libraries that the shop uses.
"""

import asyncio
import importlib
import json
import logging
import random
import sys
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

MODULES = [
    "pricing",
    "stock",
    "customers",
    "accounts",
    "trees",
    "texts",
    "net",
    "database",
    "pages",
    "tasks",
    "groups",
    "notes",
]
LEFT_OUT = ("breadcrumbs", "modules", "contexts", "sdk", "extra", "_meta")
"""What grouping never reads, and what would make the corpus large."""

WORDS = ["teapots", "lantern", "saucer", "voucher", "parcel", "bottle", "anchor", "window"]


class Ids:
    """What varies from one event to the next."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def number(self) -> int:
        """A number."""
        return self._chance.randrange(3, 90_000)

    def small(self) -> int:
        """A small number."""
        return self._chance.randrange(3, 9)

    def word(self) -> str:
        """What a name of something looks like."""
        return f"{self._chance.choice(WORDS)}-{self.number()}"

    def date(self) -> str:
        """A day."""
        return f"20{self._chance.randrange(90):02d}-{self.small():02d}-{self.small() + 10}"

    def email(self) -> str:
        """An address of a mailbox."""
        return f"{self._chance.choice(WORDS)}.{self.number()}@{self._chance.choice(WORDS)}.example"

    def uuid(self) -> str:
        """A UUID."""
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))

    def host(self) -> str:
        """A name of a machine."""
        return f"{self._chance.choice(WORDS)}-{self.small()}.example.com"

    def port(self) -> int:
        """A port at which nobody listens."""
        return self._chance.randrange(1, 9)

    def token(self) -> str:
        """A random text."""
        return "".join(self._chance.choices("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=24))


def sentry(root: str) -> "tuple[list[dict[str, Any]], Callable[[], Any]]":
    """Sets up sentry-sdk; returns the list that it fills, and how to report what was caught."""
    import sentry_sdk

    events: list[dict[str, Any]] = []

    def keep(event: Any, _hint: Any) -> None:
        events.append(json.loads(json.dumps(event, default=str)))

    sentry_sdk.init(
        dsn="http://key@127.0.0.1:9/1",
        before_send=keep,
        project_root=root,
        auto_enabling_integrations=False,
        release="shop@1",
        shutdown_timeout=0,
    )
    return events, sentry_sdk.capture_exception


def raven(_root: str) -> "tuple[list[dict[str, Any]], Callable[[], Any]]":
    """Sets up raven."""
    from raven import Client
    from raven.handlers.logging import SentryHandler
    from raven.utils import json as odd

    events: list[dict[str, Any]] = []

    class Keeping(Client):  # type: ignore[misc,unused-ignore]  # raven has no types
        def send(self, **data: Any) -> None:
            events.append(json.loads(odd.dumps(data)))

    client = Keeping("http://key:secret@127.0.0.1:9/1", include_paths=["shop"], install_sys_hook=False)
    logging.getLogger().addHandler(SentryHandler(client, level=logging.ERROR))
    return events, client.captureException


def in_thread(work: Callable[[], Any]) -> Any:
    """Does it in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def in_loop(work: Callable[[], Any]) -> Any:
    """Does it within a coroutine."""

    async def around() -> Any:
        made = work()
        return await made if asyncio.iscoroutine(made) else made

    return asyncio.run(around())


def plainly(work: Callable[[], Any]) -> Any:
    """Does it, in a loop if it must."""
    made = work()
    return asyncio.run(made) if asyncio.iscoroutine(made) else made


WAYS = {"plain": plainly, "thread": lambda work: in_thread(lambda: plainly(work)), "loop": in_loop}


def _without_variables(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_variables(one) for key, one in value.items() if key != "vars"}
    return [_without_variables(one) for one in value] if isinstance(value, list) else value


def main() -> None:
    """Lets all fail."""
    given = json.loads(sys.argv[1])
    sys.path.insert(0, given["root"])
    sys.path.append(given["libraries"])
    logging.getLogger("asyncio").disabled = True
    events, capture = {"sentry": sentry, "raven": raven}[given["client"]](given["root"])
    enter = importlib.import_module("shop.callers").enter
    for name in MODULES:
        if name == "groups" and (sys.version_info < (3, 11) or given["client"] == "raven"):
            continue
        module = importlib.import_module("shop." + name)
        for index, (cause, fail) in enumerate(module.CAUSES.items()):
            ids = Ids(given["seed"] * 1000 + index)
            try:
                enter(lambda fail=fail, ids=ids: WAYS[given["way"]](lambda: fail(ids)), given["depth"])
            except Exception:  # noqa: BLE001 - whatever fails is what is wanted
                capture()
            for event in events:
                kept = {key: value for key, value in event.items() if key not in LEFT_OUT}
                sys.stdout.write(json.dumps([f"{name}.{cause}", _without_variables(kept)]) + "\n")
            events.clear()
    assert threading.active_count() < 9


if __name__ == "__main__":
    main()
