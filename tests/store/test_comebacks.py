"""When a resolved or muted issue comes back, on a real SQLite file, with the clock as an argument."""

import pytest

from kaput.model import Kind
from kaput.store.base import Decision, IssueFilter, Mute, Resolution, Resolve, Status, Store
from tests.clock import SettableClock
from tests.store.test_batches import batch, digested
from tests.verdicts import tell_members


def decided(store: Store, clock: SettableClock, decision: Decision, *releases: str) -> int:
    """Makes an issue with an event of each release, the first user having seen it, and decides about it."""
    clock.now = 1_800_000_000.0
    for release in releases or ("1.0",):
        store.batches.commit(batch(digested(release=release, user="first")), tell_members)
    issue = store.issues.find(IssueFilter()).issues[0].id
    clock.now += 100
    store.decisions.decide([issue], decision, None)
    return issue


def come(store: Store, clock: SettableClock, *, release: str = "1.0", after: float = 1, user: str = "") -> list[Kind]:
    """Stores one event that was accepted so many seconds later."""
    clock.now += after
    event = digested(release=release, received=clock.now, user=user)
    return [change.kind for change in store.batches.commit(batch(event), tell_members)]


def test_resolved_in_the_next_release(store: Store, clock: SettableClock) -> None:
    """Events of the releases that were known stay quiet; a newer one reopens, and the issue says which."""
    issue = decided(store, clock, Resolve(Resolution.NEXT), "2.9.0", "2.10.0")
    for release in ("2.9.0", "2.10.0", "2.9.5", ""):
        assert come(store, clock, release=release) == []
    assert store.issues.get(issue).status is Status.RESOLVED
    assert come(store, clock, release="2.10.1") == [Kind.REGRESSED]
    now = store.issues.get(issue)
    assert (now.status, now.regressed, now.regressed_in) == (Status.UNRESOLVED, True, "2.10.1")
    line = store.issues.activity(issue)[0]
    assert (line.kind, line.detail, line.who) == ("regressed", "2.10.1", "")


def test_the_next_release_by_time(store: Store, clock: SettableClock) -> None:
    """Where names are no versions, a release that was not there before is the next one."""
    decided(store, clock, Resolve(Resolution.NEXT), "abc123", "def456")
    assert come(store, clock, release="abc123") == []
    assert come(store, clock, release="0a1b2c") == [Kind.REGRESSED]


def test_resolved_in_a_given_release(store: Store, clock: SettableClock) -> None:
    """Older releases stay quiet, whenever they come first; the given one itself reopens."""
    decided(store, clock, Resolve(Resolution.RELEASE, "3.0.0"), "2.0.0")
    assert come(store, clock, release="2.0.0") == []
    assert come(store, clock, release="2.5.0") == []
    assert come(store, clock, release="3.0.0") == [Kind.REGRESSED]


def test_resolved_now(store: Store, clock: SettableClock) -> None:
    """Any event that is accepted later reopens, one without a release too."""
    decided(store, clock, Resolve())
    assert come(store, clock, release="") == [Kind.REGRESSED]


def test_the_next_release_outlives_the_one_it_was_told_by(store: Store, clock: SettableClock) -> None:
    """When retention removed the release that was the newest, those that are known came after it."""
    decided(store, clock, Resolve(Resolution.NEXT), "abc123")
    with store.batches._database.write() as connection:  # type: ignore[attr-defined]  # what retention does
        connection.exec_driver_sql("DELETE FROM release")
    store.batches.commit(batch(digested("other", release="def456")), tell_members)
    assert come(store, clock, release="def456") == [Kind.REGRESSED]


def test_muted_for_a_time(store: Store, clock: SettableClock) -> None:
    """The first event from that moment on brings it back, once; nothing happens while none comes."""
    issue = decided(store, clock, Mute(until=1_800_000_000.0 + 100 + 3600))
    assert come(store, clock, after=3599) == []
    assert store.issues.get(issue).status is Status.MUTED
    assert come(store, clock, after=1, release="7") == [Kind.UNMUTED]
    assert come(store, clock) == []
    now = store.issues.get(issue)
    assert (now.status, now.regressed, now.mute) == (Status.UNRESOLVED, False, Mute())
    assert [line.kind for line in store.issues.activity(issue)] == ["unmuted", "muted"]


def test_muted_until_more_events(store: Store, clock: SettableClock) -> None:
    """The event with which they are so many brings it back, in the middle of a batch too."""
    decided(store, clock, Mute(events=3), "1.0", "1.0")
    assert come(store, clock) == []
    events = [digested(received=clock.now + n) for n in range(1, 5)]
    changes = store.batches.commit(batch(*events), tell_members)
    assert [change.kind for change in changes] == [Kind.UNMUTED]
    assert store.events.by_row(changes[0].event_row).row.event_id == events[1].event.event_id


def test_muted_until_events_in_a_window(store: Store, clock: SettableClock) -> None:
    """The window slides: three in ten seconds end it, three in ten seconds and one do not."""
    issue = decided(store, clock, Mute(events=3, window=10))
    assert [come(store, clock, after=wait) for wait in (1, 5, 5, 5, 5)] == [[]] * 5
    assert come(store, clock, after=4.9) == [Kind.UNMUTED]
    assert store.issues.get(issue).status is Status.UNRESOLVED


def test_a_window_survives_a_restart(store: Store, clock: SettableClock) -> None:
    """What was counted is in the database: events of other batches and of another process count."""
    decided(store, clock, Mute(events=100, window=300))
    store.batches.commit(batch(*(digested(received=clock.now + 1) for _ in range(60))), tell_members)
    store.batches.commit(batch(*(digested(received=clock.now + 2) for _ in range(39))), tell_members)
    assert come(store, clock, after=3) == [Kind.UNMUTED]


def test_muted_until_more_users(store: Store, clock: SettableClock) -> None:
    """Only users who were not there before count, each once."""
    decided(store, clock, Mute(users=2))
    assert [come(store, clock, user=user) for user in ("first", "a", "a", "")] == [[]] * 4
    events = [digested(received=clock.now + 1, user=user) for user in ("a", "first", "b")]
    assert [change.kind for change in store.batches.commit(batch(*events), tell_members)] == [Kind.UNMUTED]


@pytest.mark.parametrize("mute", [Mute(until=0.0), Mute(events=1), Mute(users=1), Mute(events=1, window=60)])
def test_what_was_accepted_before_ends_no_mute(store: Store, clock: SettableClock, mute: Mute) -> None:
    """An event that waited while somebody muted the issue is what the person knew about."""
    decided(store, clock, mute)
    late = digested(received=clock.now - 1, user="new")
    assert store.batches.commit(batch(late), tell_members) == []
