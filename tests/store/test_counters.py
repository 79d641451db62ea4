"""The counters: which tags an event has, and who its user is."""

from collections.abc import Sequence
from typing import Any

import pytest

from kaput.model import Batch, Digested, Event, Grouping, Happened, Situation, Title, User, Verdict
from kaput.store.base import IssueFilter, Store
from kaput.store.counters import LONGEST_VALUE, tag_values, user_name


def nobody(_happened: Sequence[Happened], _situation: Situation) -> Verdict:
    return Verdict([])


def event(number: int = 1, **fields: Any) -> Event:
    return Event(event_id=f"{number:032x}", timestamp=1.0, received=1.0, **fields)


def test_fields_are_tags() -> None:
    """Level, release and the like are tags when they are there; a tag of the client's own goes before."""
    given = event(
        release="1.0",
        environment="live",
        contexts={"browser": {"name": "Firefox"}, "os": {"name": 7}, "runtime": "CPython"},
        tags={"release": "mine", "plan": "x" * 900, "empty": ""},
    )
    assert tag_values(given) == {
        "level": "error",
        "environment": "live",
        "release": "mine",
        "browser": "Firefox",
        "plan": "x" * LONGEST_VALUE,
    }


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (None, ""),
        (User(), ""),
        (User(id="7", email="a@b"), "id:7"),
        (User(email="a@b", ip_address="::1"), "email:a@b"),
        (User(username="ada", ip_address="::1"), "username:ada"),
        (User(ip_address="::1"), "ip:::1"),
        (User(id="x" * 900), "id:" + "x" * (LONGEST_VALUE - 3)),
    ],
)
def test_users_have_one_name(user: User | None, name: str) -> None:
    """A user is told by what is most its own."""
    assert user_name(event(user=user)) == name


def test_users_are_counted_once(store: Store) -> None:
    """A user who comes again, in the same batch or a later one, is no new one; many in one batch are all counted."""
    for start in (0, 300):
        batch = [
            Digested(
                1,
                event(start + n + 1, user=User(id=str((start + n) % 900))),
                Grouping("v1", ("ab" * 16,), "t"),
                Title("E", "", ""),
            )
            for n in range(1200)
        ]
        batch = [item for item in batch if int(item.event.event_id, 16) > (0 if start == 0 else 1200)]
        store.batches.commit(Batch(batch, [], [], []), nobody)
    (issue,) = store.issues.find(IssueFilter()).issues
    assert (issue.count, issue.users) == (1500, 900)
