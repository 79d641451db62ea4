"""Decisions and how they are taken back, on a real SQLite file."""

import pytest

from kaput.errors import NotFound
from kaput.model import Kind
from kaput.store.base import Assign, IssueFilter, Mute, Prioritise, Priority, Reopen, Resolution, Resolve, Status, Store
from tests.clock import SettableClock
from tests.store.test_batches import batch, digested
from tests.verdicts import tell_members


def issues(store: Store, count: int = 1) -> list[int]:
    store.batches.commit(batch(*(digested(chr(97 + n)) for n in range(count))), tell_members)
    return sorted(issue.id for issue in store.issues.find(IssueFilter()).issues)


def test_a_decision_about_several_is_taken_back_as_a_whole(store: Store, clock: SettableClock) -> None:
    """Each issue is as it was before, with the condition it was muted with; the activity says both."""
    ada = store.accounts.add("ada@example.org", "long enough", admin=True)
    one, two = issues(store, 2)
    store.decisions.decide([two], Mute(events=5), ada.id)
    muted = store.issues.get(two)
    clock.now += 10
    decided = store.decisions.decide([one, two], Resolve(), ada.id)
    assert decided.changed == 2
    assert {store.issues.get(one).status, store.issues.get(two).status} == {Status.RESOLVED}
    assert decided.undo is not None
    assert store.decisions.undo(decided.undo, ada.id) == 2
    assert store.issues.get(one).status is Status.UNRESOLVED
    assert store.issues.get(two) == muted
    lines = [(line.kind, line.detail, line.who) for line in store.issues.activity(one)]
    assert lines == [("undone", "resolved", "ada@example.org"), ("resolved", "", "ada@example.org")]


def test_what_changed_since_stays(store: Store) -> None:
    """An undo leaves an issue alone that somebody else, or an event, changed after the decision."""
    one, two = issues(store, 2)
    decided = store.decisions.decide([one, two], Resolve(), None)
    store.decisions.decide([one], Mute(), None)
    assert decided.undo is not None
    assert store.decisions.undo(decided.undo, None) == 1
    assert (store.issues.get(one).status, store.issues.get(two).status) == (Status.MUTED, Status.UNRESOLVED)


def test_only_the_own_decision_is_taken_back_and_once(store: Store, clock: SettableClock) -> None:
    """Another account, a second time, and a day later there is nothing to take back."""
    ada = store.accounts.add("ada@example.org", "long enough", admin=True)
    bob = store.accounts.add("bob@example.org", "long enough", admin=False)
    one, two = issues(store, 2)
    undo = store.decisions.decide([one], Resolve(), ada.id).undo
    assert undo is not None
    with pytest.raises(NotFound):
        store.decisions.undo(undo, bob.id)
    store.decisions.undo(undo, ada.id)
    with pytest.raises(NotFound):
        store.decisions.undo(undo, ada.id)
    old = store.decisions.decide([one], Resolve(), ada.id).undo
    assert old is not None
    clock.now += 86401
    store.decisions.decide([two], Resolve(), ada.id)
    with pytest.raises(NotFound):
        store.decisions.undo(old, ada.id)


def test_nothing_to_change(store: Store) -> None:
    """Ids that are none and issues that are as decided are left out, and nothing can be undone."""
    (one,) = issues(store)
    store.decisions.decide([one], Resolve(), None)
    decided = store.decisions.decide([one, one, 999], Resolve(), None)
    assert (decided.changed, decided.undo) == (0, None)
    assert len(store.issues.activity(one)) == 1


def test_the_next_release_is_the_one_after_the_newest(store: Store) -> None:
    """By version where the names have one, whatever came last; without one, what came last."""
    for release in ("2.9.0", "2.10.0", "2.9.1"):
        store.batches.commit(batch(digested(release=release)), tell_members)
    (one,) = issues(store)
    store.decisions.decide([one], Resolve(Resolution.NEXT), None)
    assert store.issues.get(one).resolved_release == "2.10.0"
    assert store.issues.activity(one)[0].detail == "the next release, after 2.10.0"


@pytest.mark.parametrize(
    ("mute", "words"),
    [
        (Mute(), ""),
        (Mute(until=1_800_000_000.0 + 86400), "for 1 d"),
        (Mute(events=1000), "until 1,000 more events"),
        (Mute(events=100, window=300), "until 100 events in 5 min"),
        (Mute(users=10), "until 10 more users"),
    ],
)
def test_the_activity_says_until_when(store: Store, clock: SettableClock, mute: Mute, words: str) -> None:
    """Each way to mute has its words."""
    clock.now = 1_800_000_000.0
    (one,) = issues(store)
    store.decisions.decide([one], mute, None)
    line = store.issues.activity(one)[0]
    assert (line.kind, line.detail) == ("muted", words)


def test_somebody_takes_care(store: Store) -> None:
    """An issue is assigned, has a priority, and both are taken back; an account that is none is refused."""
    ada = store.accounts.add("ada@example.org", "long enough", admin=True)
    (one,) = issues(store)
    assigned = store.decisions.decide([one], Assign(ada.id), ada.id)
    store.decisions.decide([one], Prioritise(Priority.HIGH), ada.id)
    row = store.issues.get(one)
    assert (row.assignee, row.priority) == ("ada@example.org", Priority.HIGH)
    assert assigned.undo is not None
    store.decisions.undo(assigned.undo, ada.id)
    assert (store.issues.get(one).assignee, store.issues.get(one).priority) == ("", Priority.HIGH)
    lines = [(line.kind, line.detail) for line in store.issues.activity(one)]
    assert lines == [("undone", "assigned"), ("priority", "high"), ("assigned", "ada@example.org")]
    with pytest.raises(NotFound):
        store.decisions.decide([one], Assign(99), ada.id)


def test_a_decision_keeps_the_count_of_a_mute(store: Store, clock: SettableClock) -> None:
    """To assign a muted issue does not begin its window anew."""
    (one,) = issues(store)
    store.decisions.decide([one], Mute(events=2, window=60), None)
    store.batches.commit(batch(digested("a", received=clock.now + 1)), tell_members)
    store.decisions.decide([one], Prioritise(Priority.LOW), None)
    store.batches.commit(batch(digested("a", received=clock.now + 2)), tell_members)
    assert store.issues.get(one).status is Status.UNRESOLVED


def test_a_comment_tells_whom_it_names(store: Store) -> None:
    """It stands in the activity, and each address has one notice with who wrote what."""
    ada = store.accounts.add("ada@example.org", "long enough", admin=True)
    (one,) = issues(store)
    before = {notice.id for notice in store.outbox.open()}
    store.decisions.comment(one, "look, @bob", ada.id, ["bob@example.org", "bob@example.org"])
    line = store.issues.activity(one)[0]
    assert (line.kind, line.who, line.detail) == ("comment", "ada@example.org", "look, @bob")
    notices = [notice for notice in store.outbox.open() if notice.id not in before]
    assert [(n.kind, n.recipient, n.note) for n in notices] == [
        (Kind.MENTIONED, "bob@example.org", "ada@example.org: look, @bob")
    ]
    with pytest.raises(NotFound):
        store.decisions.comment(99, "x", ada.id, [])


def test_bookmarks_are_each_persons_own(store: Store, clock: SettableClock) -> None:
    """The issue that was kept last comes first; nobody else has it."""
    ada = store.accounts.add("ada@example.org", "long enough", admin=True)
    bob = store.accounts.add("bob@example.org", "long enough", admin=True)
    one, two = issues(store, 2)
    for issue in (one, two, two):
        clock.now += 1
        store.decisions.bookmark(issue, ada.id, kept=True)
    assert (store.decisions.bookmarks(ada.id), store.decisions.bookmarks(bob.id)) == ([two, one], [])
    store.decisions.bookmark(two, ada.id, kept=False)
    assert store.decisions.bookmarks(ada.id) == [one]


def test_reopened_is_as_if_nobody_had_decided(store: Store) -> None:
    """Neither release nor condition is left over."""
    (one,) = issues(store)
    before = store.issues.get(one)
    store.decisions.decide([one], Resolve(Resolution.RELEASE, "2.0"), None)
    store.decisions.decide([one], Mute(events=3), None)
    assert store.issues.get(one).resolution is Resolution.NOW
    store.decisions.decide([one], Reopen(), None)
    assert store.issues.get(one) == before
