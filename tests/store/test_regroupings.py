"""Stored events that are grouped again, on a real SQLite file."""

from collections.abc import Callable

from kaput.model import Digested, Event, Grouping, Title
from kaput.store.base import IssueFilter, Progress, Removal, Store
from tests.clock import SettableClock
from tests.store.test_batches import batch, digested
from tests.store.test_merges import START, facts, fill
from tests.verdicts import tell_members


def named(name: str) -> str:
    return name.encode().hex().ljust(32, "0")


def by(choose: Callable[[Event], str]) -> Callable[[int, Event], Digested]:
    """Returns what groups events by a word."""

    def regroup(project_id: int, event: Event) -> Digested:
        name = choose(event)
        return Digested(project_id, event, Grouping("v2", (named(name),), "test"), Title("KeyError", name, ""))

    return regroup


def user_of(event: Event) -> str:
    return event.user.id if event.user else ""


def run(store: Store, regroup: Callable[[int, Event], Digested]) -> None:
    store.regroupings.start(1)
    while store.regroupings.step(regroup).rows:
        pass
    while store.merges.step().rows:
        pass


def test_issues_become_one_with_exact_counts(store: Store) -> None:
    """What is equal today is one issue, the oldest, as if its events had never been in two."""
    one, two = fill(store, "a", "uvw"), fill(store, "b", "wxxx")
    plain = fill(store, "c", "uvw")
    fill(store, "c", "wxxx")
    run(store, by(lambda event: "c" if event.event_id in plain_ids(store, plain) else "all"))
    assert facts(store, one) == facts(store, plain)
    assert [issue.id for issue in store.issues.find(IssueFilter()).issues] == [plain, one]
    assert store.issues.get(two).merged_into == one
    assert fill(store, "all", "z") == one
    assert store.facts.tallies().thinned == 0


def plain_ids(store: Store, issue_id: int) -> set[str]:
    return {row.event_id for row in store.events.of_issue(issue_id, 100)}


def test_an_issue_comes_apart(store: Store) -> None:
    """What differs today is several issues: the first event keeps the old one, and counts go with their events."""
    one = fill(store, "a", "uvvu")
    run(store, by(user_of))
    issues = {issue.value: issue for issue in store.issues.find(IssueFilter()).issues}
    assert len(issues) == 2
    assert facts(store, one)["who"] == [("id:u", 2)]
    assert facts(store, issues["v"].id)["who"] == [("id:v", 2)]
    assert (issues["v"].count, issues["v"].users, issues["v"].first_seen) == (2, 1, START + 3600)
    assert fill(store, "v", "x") == issues["v"].id


def test_rules_that_are_taken_back(store: Store) -> None:
    """After the same grouping as before, the events are apart as they were before."""
    one, _two = fill(store, "a", "uu"), fill(store, "b", "vv")
    before = facts(store, one)
    run(store, by(lambda _event: "all"))
    assert store.issues.get(one).count == 4
    run(store, by(lambda event: {"u": "a", "v": "b"}[user_of(event)]))
    assert facts(store, one) == before
    assert [issue.count for issue in store.issues.find(IssueFilter()).issues] == [2, 2]


def test_what_a_person_merged_stays_merged(store: Store) -> None:
    """New hashes of its events belong to it, those to come too, whatever the grouping says."""
    one, two = fill(store, "a", "uu"), fill(store, "b", "vv")
    store.merges.merge(one, [two], None)
    while store.merges.step().rows:
        pass
    before = facts(store, one)
    three = fill(store, "v", "q")
    run(store, by(user_of))
    assert facts(store, one) == before
    assert fill(store, "v", "z") == one
    assert fill(store, "q", "z") == three


def test_what_a_person_split_stays_split(store: Store) -> None:
    """Two issues that somebody took apart are not put together again."""
    one, two = fill(store, "a", "uu"), fill(store, "b", "vv")
    store.merges.merge(one, [two], None)
    store.merges.split(one, two, None)
    while store.merges.step().rows:
        pass
    before = [facts(store, issue) for issue in (one, two)]
    run(store, by(lambda _event: "all"))
    assert [facts(store, issue) for issue in (one, two)] == before


def test_nothing_moves_into_what_a_person_ignored(store: Store) -> None:
    """Stored events stay to be seen where the issue that they would belong to is ignored."""
    one, two = fill(store, "a", "u"), fill(store, "b", "v")
    store.removals.remove([one], Removal.IGNORED, None)
    run(store, by(lambda _event: "a"))
    assert facts(store, two)["count"] == 1


def test_progress_and_restart(store: Store, clock: SettableClock) -> None:
    """How far it is stands in the database; another process goes on there, and a change of rules begins anew."""
    fill(store, "a", "u" * 120)
    assert store.regroupings.progress(1) is None
    store.projects.set_grouping(1, "type:KeyError -> x")
    assert store.regroupings.progress(1) == Progress(0, 120)
    store.regroupings.step(by(user_of))
    assert store.regroupings.progress(1) == Progress(50, 120)
    clock.now += 1
    store.projects.set_grouping(1, "")
    assert store.regroupings.progress(1) == Progress(0, 120)
    other = type(store.regroupings)(store.regroupings._database, store.regroupings._payloads, clock)  # type: ignore[attr-defined, call-arg]
    while other.step(by(user_of)).rows:
        pass
    assert store.regroupings.progress(1) is None


def test_events_that_come_meanwhile_are_left_alone(store: Store) -> None:
    """They are grouped as of today already."""
    fill(store, "a", "u" * 60)
    store.regroupings.start(1)
    store.batches.commit(batch(digested("new", user="n")), tell_members)
    seen: list[str] = []

    def regroup(project_id: int, event: Event) -> Digested:
        seen.append(user_of(event))
        return by(lambda _event: "a")(project_id, event)

    while store.regroupings.step(regroup).rows:
        pass
    assert set(seen) == {"u"}
