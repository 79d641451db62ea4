"""Searches over a real database: who meets which condition, in which order, and what is counted."""

from typing import Any

import pytest

from kaput.model import Batch, Digested, Event, Grouping, Title, User
from kaput.store.base import Assign, IssueFilter, Prioritise, Priority, Store
from tests.clock import SettableClock
from tests.store.test_issues import NOW, add, nobody, values

DAY = 86400.0


def again(store: Store, issue: int, times: int = 1, **fields: Any) -> None:
    """Stores more events of an issue that `add` made."""
    (row,) = [one for one in store.issues.find(IssueFilter()).issues if one.id == issue]
    for _ in range(times):
        number = store.events.last_row() + 1
        event = Event(event_id=f"{number:032x}", received=NOW, **({"timestamp": NOW} | fields))
        grouping = Grouping("v1", (f"{row.id:032x}",), "test")
        digested = Digested(row.project_id, event, grouping, Title(row.type, row.value, row.culprit))
        store.batches.commit(Batch([digested], [], [], []), nobody)


def test_tags_of_any_event(store: Store) -> None:
    """An issue is found by any tag of any of its events, by a piece of a value, and by having a tag at all."""
    add(store, "a", release="2.4.1", environment="production", tags={"plan": "pro"})
    add(store, "b", release="2.3.0", environment="staging")
    add(store, "c", tags={"plan": "100%"})
    assert values(store, "release:2.*") == ["b", "a"]
    assert values(store, "release:2.* environment:production") == ["a"]
    assert values(store, "!environment:production") == ["c", "b"]
    assert values(store, "plan:pro") == ["a"]
    assert values(store, "plan:1*%") == ["c"]
    assert values(store, "plan:_*") == []
    assert values(store, "has:plan") == ["c", "a"]
    assert values(store, "!has:release") == ["c"]
    assert values(store, "staging") == ["b"]


def test_types_values_and_culprits(store: Store) -> None:
    """Each part of a title can be asked for by itself, with stars."""
    add(store, "sku-9", kind="KeyError")
    add(store, "sku-9", kind="ValueError")
    assert len(values(store, "type:*Error value:sku*")) == 2
    assert len(values(store, "type:KeyError")) == 1
    assert values(store, "type:keyerror") == []
    assert len(values(store, 'culprit:"f in file2.py"')) == 1


def test_users(store: Store) -> None:
    """An issue is found by whom it happened to."""
    add(store, "a", user=User(id="7", username="joe", ip_address="192.0.2.1"))
    add(store, "b", user=User(email="a@b.c"))
    add(store, "c")
    assert values(store, "user.id:7") == ["a"]
    assert values(store, "user:7") == ["a"]
    assert values(store, "user.email:*@b.c") == ["b"]
    assert values(store, "user.username:joe user.ip:192.0.2.*") == values(store, "user:joe") == ["a"]
    assert values(store, "user.id:a@b.c") == []
    assert store.issues.tags(1).keys() == {"level"}
    assert values(store, "has:user") == ["b", "a"]
    assert values(store, "users:0") == ["c"]


def test_states_of_freshness(store: Store, clock: SettableClock) -> None:
    """An unresolved issue is new for a day, then it is ongoing."""
    clock.now = NOW
    add(store, "old", age=2 * DAY)
    add(store, "fresh", age=3600)
    assert (values(store, "is:new"), values(store, "is:ongoing")) == (["fresh"], ["old"])


def test_numbers_and_times(store: Store, clock: SettableClock) -> None:
    """Counts are compared, times too: since then, longer ago, on a day."""
    clock.now = NOW
    first, second = add(store, "many", age=9 * DAY), add(store, "one", age=DAY / 2)
    again(store, first, 4, timestamp=NOW - 60)
    assert values(store, "count:>1") == ["many"]
    assert values(store, "count:<=1") == ["one"]
    assert values(store, "count:5") == ["many"]
    assert values(store, "first-seen:-24h") == ["one"]
    assert values(store, "first-seen:+7d") == ["many"]
    assert values(store, "last-seen:-1h") == ["many"]
    day = "2027-01-15"  # of NOW - 12 h it is the eve
    assert values(store, f"last-seen:>{day}") == []
    assert values(store, f"last-seen:>=2027-01-14 !last-seen:{day}") == (["one"] if second else [])


def test_who_has_it(store: Store) -> None:
    """Issues are found by who they are assigned to, by urgency, and by the bookmarks of who asks."""
    ada = store.accounts.add("ada@example.org", "correct horse", admin=True)
    first = add(store, "a")
    second = add(store, "b")
    store.decisions.decide([first], Assign(ada.id), ada.id)
    store.decisions.decide([second], Prioritise(Priority.HIGH), ada.id)
    assert values(store, "assigned:me", viewer=ada.id) == ["a"]
    assert values(store, "assigned:me") == []
    assert values(store, "assigned:none") == ["b"]
    assert values(store, "assigned:Ada@example.org is:assigned") == ["a"]
    assert values(store, "priority:high") == ["b"]
    assert values(store, "priority:none") == ["a"]


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("last-seen", ["c", "b", "a"]),
        ("first-seen", ["c", "a", "b"]),
        ("count", ["a", "b", "c"]),
        ("users", ["b", "c", "a"]),
        ("trend", ["b", "c", "a"]),
    ],
)
def test_orders(store: Store, clock: SettableClock, order: str, found: list[str]) -> None:
    """Issues come in each order, the largest first, equal ones by the newest event."""
    clock.now = NOW
    b = add(store, "b", age=9 * DAY, user=User(id="1"))
    a = add(store, "a", age=8 * DAY)
    again(store, a, 5, timestamp=NOW - 1.5 * DAY)
    again(store, b, 2, timestamp=NOW - 3600, user=User(id="2"))
    add(store, "c", age=60)
    assert values(store, f"order:{order}") == found


def test_one_tag_is_counted_exactly(store: Store, clock: SettableClock) -> None:
    """With one tag the page counts its events, also those that are gone; with several, those that are stored."""
    clock.now = NOW
    issue = add(store, "a", environment="production", release="1", tags={"plan": "pro"})
    again(store, issue, 3, environment="production", release="2")
    again(store, issue, 2, environment="staging", release="2")

    def counted(query: str) -> tuple[dict[int, int] | None, bool]:
        page = store.issues.find(IssueFilter(query))
        return page.counted, page.of_kept

    assert counted("environment:production") == ({issue: 4}, False)
    assert counted("environment:production release:2") == ({issue: 3}, True)
    assert counted("environment:production plan:pro") == ({issue: 1}, True)
    assert counted("plan:pro has:plan release:2") == ({issue: 0}, True)
    assert counted("a") == (None, False)


def test_the_graph_follows_the_search(store: Store, clock: SettableClock) -> None:
    """Hours are those of the stored events that have the tags, also where only payloads tell."""
    clock.now = NOW
    issue = add(store, "a", environment="production", age=3600)
    again(store, issue, 3, environment="staging")
    again(store, issue, 2, environment="staging", tags={"plan": "pro"})
    first = int(NOW // 3600) - 1
    assert store.issues.hours([issue], first, 2, {"environment": "production"}) == {issue: [1, 0]}
    assert store.issues.hours([issue], first, 2, {"plan": "pro"}) == {issue: [0, 2]}
