"""Issues that are deleted or ignored, on a real SQLite file."""

import pytest
from msgspec import structs

from kaput.errors import NotFound
from kaput.model import Digested, Kind
from kaput.store.base import IssueFilter, Removal, Store
from kaput.store.removals import GRACE
from tests.clock import SettableClock
from tests.store.test_batches import batch, digested
from tests.store.test_merges import fill
from tests.verdicts import tell_members


def gone(store: Store, clock: SettableClock) -> None:
    """Lets the time pass in which it can be undone, and deletes what is due."""
    clock.now += GRACE
    while store.removals.step().rows:
        pass


def rows(store: Store, issue_id: int) -> dict[str, int]:
    names = ("event", "issue_hour", "issue_tag", "issue_user", "activity", "issue_hash")
    with store.issues._database.read() as connection:  # type: ignore[attr-defined]  # what no question asks
        return {
            name: connection.exec_driver_sql(f"SELECT count(*) FROM {name} WHERE issue_id = ?", (issue_id,)).scalar()
            for name in names
        }


def test_a_deleted_issue_is_gone(store: Store, clock: SettableClock) -> None:
    """It is in no list at once; later nothing of it is left, and its events are counted as deleted."""
    one, two = fill(store, "a", ["u"] * 300), fill(store, "b", "v")
    store.removals.remove([one], Removal.DELETED, None)
    assert [issue.id for issue in store.issues.find(IssueFilter()).issues] == [two]
    with pytest.raises(NotFound):
        store.issues.get(one)
    assert store.removals.step().rows == 0  # it can be undone yet
    gone(store, clock)
    assert set(rows(store, one).values()) == {0}
    tallies = store.facts.tallies()
    assert (tallies.events, tallies.thinned, tallies.dropped) == (1, 0, {"deleted": 300})


def test_an_event_after_it_is_a_new_issue(store: Store) -> None:
    """Its hashes are free at once; undo leaves them to the new issue."""
    one = fill(store, "a", "u")
    undo = store.removals.remove([one], Removal.DELETED, None).undo
    changes = store.batches.commit(batch(digested("a")), tell_members)
    assert [change.kind for change in changes] == [Kind.NEW]
    assert undo is not None
    store.decisions.undo(undo, None)
    assert store.issues.get(one).count == 1
    assert fill(store, "a", "w") == changes[0].issue_id


def test_a_deletion_is_undone(store: Store, clock: SettableClock) -> None:
    """Within ten minutes everything is as it was; then it is told that it is too late."""
    one = fill(store, "a", "uv")
    before, undo = store.issues.get(one), store.removals.remove([one], Removal.DELETED, None).undo
    assert undo is not None
    store.decisions.undo(undo, None)
    assert store.issues.get(one) == before
    assert fill(store, "a", "w") == one
    late = store.removals.remove([one], Removal.DELETED, None).undo
    assert late is not None
    gone(store, clock)
    with pytest.raises(NotFound):
        store.decisions.undo(late, None)


def test_events_of_an_ignored_issue_are_left_out_and_counted(store: Store, clock: SettableClock) -> None:
    """They are digested and dropped as `ignored`, also after what it had was deleted, until they are taken again."""
    one = fill(store, "a", "uv")
    store.removals.remove([one], Removal.IGNORED, None)
    assert store.batches.commit(batch(digested("a"), digested("b"), digested("a")), tell_members)[0].kind is Kind.NEW
    gone(store, clock)
    store.batches.commit(batch(digested("a")), tell_members)
    tallies = store.facts.tallies()
    assert tallies.dropped == {"deleted": 2, "ignored": 3}
    assert (tallies.digested, tallies.events, tallies.issues) == (6, 1, 1)
    (ignored,) = store.removals.ignored(1)
    assert ignored.id == one
    store.removals.take_again(one, None)
    assert store.removals.ignored(1) == []
    assert fill(store, "a", "w") == one
    assert store.issues.get(one).count == 1
    with pytest.raises(NotFound):
        store.removals.take_again(one, None)


def test_what_was_merged_goes_too(store: Store, clock: SettableClock) -> None:
    """Neither events nor counts of an issue that was merged into a deleted one are left."""
    one, two = fill(store, "a", "u"), fill(store, "b", "v")
    store.merges.merge(one, [two], None)
    while store.merges.step().rows:
        pass
    store.removals.remove([one], Removal.DELETED, None)
    gone(store, clock)
    assert set(rows(store, one).values()) == {0}
    assert rows(store, two) == {**dict.fromkeys(rows(store, two), 0), "activity": rows(store, two)["activity"]}
    with pytest.raises(NotFound):
        store.issues.get(two)


def test_a_notice_about_it_is_given_up(store: Store, clock: SettableClock) -> None:
    """Nobody is told of an issue that is not there, and the event does not wait for the mail."""
    store.accounts.add("ada@example.org", "long enough", admin=True)
    one = fill(store, "a", "u")
    assert len(store.outbox.open()) == 1
    store.removals.remove([one], Removal.DELETED, None)
    gone(store, clock)
    assert store.outbox.open() == []
    assert rows(store, one)["event"] == 0


def test_an_ignored_issue_stays_so_under_other_rules(store: Store, clock: SettableClock) -> None:
    """A rule that groups its events otherwise, another one, or none any more does not bring them back."""
    one = fill(store, "a", "u")
    store.removals.remove([one], Removal.IGNORED, None)
    gone(store, clock)
    assert store.batches.commit(batch(ruled("a", "r1"), ruled("b", "r1")), tell_members) != []
    (found,) = store.issues.find(IssueFilter()).issues
    assert (found.value, found.count) == ("'b'", 1)
    store.removals.remove([found.id], Removal.IGNORED, None)
    store.batches.commit(batch(ruled("c", "r1")), tell_members)
    store.batches.commit(batch(ruled("c", "r2"), digested("c"), digested("a")), tell_members)
    assert store.issues.find(IssueFilter()).issues == []
    assert store.facts.tallies().dropped["ignored"] == 5


@pytest.mark.parametrize("soon", [True, False], ids=["soon", "late"])
def test_a_rule_goes_after_the_last_event_came(store: Store, clock: SettableClock, soon: bool) -> None:
    """What came before an issue of a rule was ignored does not come back without the rule, whenever the rule goes."""
    store.batches.commit(batch(ruled("a", "r"), ruled("b", "r")), tell_members)
    (one,) = store.issues.find(IssueFilter()).issues
    other = fill(store, "c", "u")
    store.removals.remove([one.id], Removal.IGNORED, None)
    if soon:
        store.regroupings.start(1)
        while store.regroupings.step(lambda _project_id, event: digested(event.tags.get("name", "c"))).rows:
            pass
    else:
        clock.now += GRACE
        while store.removals.step(lambda _project_id, event: ruled(event.tags["name"], "r")).rows:
            pass
    store.batches.commit(batch(digested("a"), digested("b"), digested("c")), tell_members)
    assert [(issue.id, issue.count) for issue in store.issues.find(IssueFilter()).issues] == [(other, 2)]
    assert store.facts.tallies().dropped["ignored"] == 2


def ruled(name: str, rule: str) -> Digested:
    """An event that would be in the issue of its name, but for a rule."""
    plain = digested(name)
    by_rule = digested(rule).grouping
    event = structs.replace(plain.event, tags={"name": name})
    return structs.replace(plain, event=event, grouping=structs.replace(by_rule, plain=plain.grouping.hashes[0]))
