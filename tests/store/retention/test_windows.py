"""What rules counted goes when it means nothing any more."""

import sqlite3
from contextlib import closing
from pathlib import Path

from kaput.store.base import Limits, Store
from kaput.tell.rules import evaluate
from tests.clock import SettableClock
from tests.store.test_batches import batch, digested


def test_windows_that_are_over(store: Store, path: Path, clock: SettableClock) -> None:
    """A window stays for as long as an event may still fall into it, and then goes."""

    def windows() -> int:
        with closing(sqlite3.connect(path)) as database:
            found: int = database.execute("SELECT count(*) FROM rule_window").fetchone()[0]
        return found

    store.batches.commit(batch(*(digested(name, received=clock.now) for name in "abc")), evaluate)
    clock.now += 3600
    for _ in store.retention.old(Limits(90, 10_000)):
        pass
    assert windows() == 3
    clock.now += 3600
    for _ in store.retention.old(Limits(90, 10_000)):
        pass
    assert windows() == 0
