"""Issues: found by what a person types, by their names, and changed by decisions."""

from collections.abc import Sequence
from typing import Any

import pytest

from kaput.errors import NotFound, QueryError
from kaput.model import Batch, Digested, Event, Grouping, Happened, Situation, Title, Verdict
from kaput.store.base import IssueFilter, Mute, Reopen, Resolve, Status, Store
from tests.clock import SettableClock

NOW = 1_800_000_000.0


def nobody(_happened: Sequence[Happened], _situation: Situation) -> Verdict:
    return Verdict([])


def add(store: Store, value: str, *, kind: str = "KeyError", project: int = 1, age: float = 0.0, **fields: Any) -> int:
    """Stores one event that is an issue of its own, and returns the issue's id."""
    number = store.events.last_row() + 1
    event = Event(event_id=f"{number:032x}", timestamp=NOW - age, received=NOW - age, **fields)
    grouping = Grouping("v1", (f"{number:032x}",), "test")
    digested = Digested(project, event, grouping, Title(kind, value, f"f in file{number}.py"))
    store.batches.commit(Batch([digested], [], [], []), nobody)
    return store.events.by_row(number).row.issue_id


def values(store: Store, query: str = "", **fields: Any) -> list[str]:
    return [issue.value for issue in store.issues.find(IssueFilter(query=query, **fields)).issues]


def test_wildcards_mean_themselves(store: Store) -> None:
    """Percent, underscore and backslash are searched for as they are."""
    for value in ("100% full", "1000 full", "a_b", "axb", "c\\d", "cd", "quo'te"):
        add(store, value)
    assert values(store, "100%") == ["100% full"]
    assert values(store, "a_b") == ["a_b"]
    assert values(store, "c\\d") == ["c\\d"]
    assert values(store, "\\") == ["c\\d"]
    assert values(store, "%") == ["100% full"]
    assert values(store, "quo'te") == ["quo'te"]
    assert values(store, '"\' OR 1=1 --"') == []


def test_texts_stand_in_the_title_or_the_culprit(store: Store) -> None:
    """Each word must stand in type, value, culprit, or the title as it is shown; capitals do not matter."""
    add(store, "'sku-9'")
    add(store, "timed out", kind="TimeoutError")
    assert values(store, "keyerror") == ["'sku-9'"]
    assert values(store, '"KeyError: \'sku"') == ["'sku-9'"]
    assert values(store, "file2.py") == ["timed out"]
    assert values(store, "error out") == ["timed out"]
    assert values(store, "error nowhere") == []


def test_releases_are_those_of_any_event(store: Store) -> None:
    """An issue is found by each release that an event of it had, exactly as it is written."""
    add(store, "old", release="shop@1.0")
    add(store, "new", release="shop@1.0.1")
    add(store, "none")
    assert values(store, "release:shop@1.0") == ["old"]
    assert values(store, '!release:"shop@1.0"') == ["none", "new"]
    assert values(store, "release:1.0") == []


def test_states_levels_and_projects(store: Store) -> None:
    """The keys narrow, their negation widens, and all must hold; a query that cannot be meant is an error."""
    shop = store.projects.add("Shop")
    muted = add(store, "muted", level="warning")
    add(store, "open", project=shop.id)
    store.decisions.decide([muted], Mute(), None)
    assert values(store, "is:muted") == ["muted"]
    assert values(store, "!is:muted") == ["open"]
    assert values(store, "level:warning is:muted") == ["muted"]
    assert values(store, "level:warning is:unresolved") == []
    assert values(store, "project:SHOP") == ["open"]
    assert values(store, "!project:shop") == ["muted"]
    assert values(store, status=Status.MUTED) == ["muted"]
    assert values(store, projects=(shop.id,)) == ["open"]
    assert values(store, projects=()) == []
    with pytest.raises(QueryError):
        values(store, "is:gone")


def test_pages_and_the_internal_project(store: Store) -> None:
    """The newest come first, a page says how many there are in all, and the internal project must be asked for."""
    internal = next(project.id for project in store.projects.all() if project.internal)
    for n in range(7):
        add(store, str(n), age=100 - n)
    add(store, "own", project=internal)
    assert values(store) == ["6", "5", "4", "3", "2", "1", "0"]
    page = store.issues.find(IssueFilter(limit=3, offset=3))
    assert ([issue.value for issue in page.issues], page.total) == (["3", "2", "1"], 7)
    assert values(store, projects=(internal,)) == ["own"]
    assert store.issues.counts(None) == {Status.UNRESOLVED: 7, Status.RESOLVED: 0, Status.MUTED: 0}
    assert store.issues.counts((internal,))[Status.UNRESOLVED] == 1


def test_names_of_issues(store: Store) -> None:
    """An issue is found by its id and by its short id, whatever the capitals; the number counts in its project."""
    shop = store.projects.add("My Shop")
    add(store, "x")
    first, second = add(store, "a", project=shop.id), add(store, "b", project=shop.id)
    assert [store.issues.get(issue).short_id for issue in (first, second)] == ["MY-SHOP-1", "MY-SHOP-2"]
    assert store.issues.get("my-shop-2").id == second
    assert store.issues.get("MY-SHOP-02").id == second


@pytest.mark.parametrize(
    "ref", [0, -1, 99, 2**63 - 1, 2**63, 10**30, "", "APP", "APP-", "-1", "APP-0", "APP-9", "APP-1 ", "APP-" + "9" * 18,
            "APP-" + "9" * 30, "APP-\u0661", "\uff21PP-1", "A\0PP-1", "APP-1\n", "NONE-1", "x" * 10_000, "\ud800-1"]
)  # fmt: skip
def test_names_that_are_none(store: Store, ref: int | str) -> None:
    """Numbers of any size, digits of other scripts and any text are told to be no issue."""
    add(store, "x")
    with pytest.raises(NotFound):
        store.issues.get(ref)


def test_decisions_are_written_down(store: Store, clock: SettableClock) -> None:
    """Resolving, muting and reopening stand in the activity with who did it; doing it twice stands there once."""
    ada = store.accounts.add("ada@example.org", "long enough", admin=True)
    issue = add(store, "x")
    for decision in (Resolve(), Resolve(), Reopen(), Mute()):
        clock.now += 1
        store.decisions.decide([issue], decision, ada.id)
    lines = store.issues.activity(issue)
    assert [(line.kind, line.who) for line in lines] == [
        (kind, "ada@example.org") for kind in ("muted", "reopened", "resolved")
    ]
    assert [line.time for line in lines] == [clock.now, clock.now - 1, clock.now - 3]


def test_the_most_frequent_tags(store: Store) -> None:
    """Each tag has its most frequent values, equal counts in the order of their text."""
    number = 0
    for value, count in (("a", 1), ("b", 3), ("c", 2), ("d", 1)):
        for _ in range(count):
            number += 1
            event = Event(event_id=f"{number:032x}", timestamp=NOW, received=NOW, tags={"plan": value, "one": "1"})
            digested = Digested(1, event, Grouping("v1", ("ab" * 16,), "test"), Title("E", "", ""))
            store.batches.commit(Batch([digested], [], [], []), nobody)
    issue = store.issues.find(IssueFilter()).issues[0].id
    tags = store.issues.tags(issue, most=3)
    assert [(tag.value, tag.count) for tag in tags["plan"]] == [("b", 3), ("c", 2), ("a", 1)]
    assert [(tag.value, tag.count) for tag in tags["one"]] == [("1", 7)]
    assert store.issues.tags(issue + 1) == {}


def test_hours_are_where_they_belong(store: Store) -> None:
    """Each issue gets a number for each hour, zero where nothing happened or the issue is unknown."""
    first, second = add(store, "a", age=7200), add(store, "b")
    hour = int(NOW // 3600)
    assert store.issues.hours([first, second, 99], hour - 2, 3) == {first: [1, 0, 0], second: [0, 0, 1], 99: [0, 0, 0]}
    assert store.issues.hours([], hour, 1) == {}
