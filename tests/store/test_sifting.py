"""Stored events with the tags of a search, on a real SQLite file."""

from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from kaput.store.base import IssueFilter, Store
from kaput.store.engine import Database
from kaput.store.payload import Payloads
from kaput.store.sifting import SECONDS, sift
from tests.clock import SettableClock
from tests.store.test_issues import NOW, add
from tests.store.test_matching import again

SCOPE = {"plan": "pro", "server_name": "web-1"}
SCOPE_FIELDS: dict[str, Any] = {"tags": {"plan": "pro"}, "server_name": "web-1"}


def ticking(ticks: Iterator[int]) -> float:
    """A timer that goes on by a third of the time that there is with each look at it."""
    return next(ticks) * SECONDS / 3


def test_what_is_looked_at(store: Store, clock: SettableClock, path: Path) -> None:
    """Events that have all tags are found, the newest of each issue; what is beyond number or time is said."""
    clock.now = NOW
    first, second = add(store, "a", **SCOPE_FIELDS), add(store, "b", tags={"plan": "pro"})
    again(store, first, 2, **SCOPE_FIELDS)
    again(store, first, 1, tags={"plan": "free"}, server_name="web-1")
    again(store, second, 1, **SCOPE_FIELDS)
    database = Database(path)
    try:
        with database.read() as connection:
            whole = sift(connection, Payloads(), SCOPE, [first, second])
            some = sift(connection, Payloads(), SCOPE, [first, second], most=4)
            late = sift(connection, Payloads(), SCOPE, [first, second], timer=partial(ticking, count()))
    finally:
        database.close()
    assert {issue: len(times) for issue, times in whole.times.items()} == {first: 3, second: 1}
    assert whole.partly == frozenset()
    assert {issue: len(times) for issue, times in some.times.items()} == {first: 1, second: 1}
    assert some.partly == frozenset((first,))
    assert (len(late.times[first]), late.partly) == (1, frozenset((first, second)))


def test_the_page_of_issues_counts_them(store: Store, clock: SettableClock) -> None:
    """The search counts what is kept where one tag alone is counted exactly."""
    clock.now = NOW
    issue = add(store, "a", **SCOPE_FIELDS)
    again(store, issue, 4, **SCOPE_FIELDS)
    again(store, issue, 2, tags={"plan": "pro"})
    page = store.issues.find(IssueFilter("plan:pro server_name:web-1"))
    assert (page.counted, page.of_kept, page.partly) == ({issue: 5}, True, frozenset())
