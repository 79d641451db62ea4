"""Kaput's watch over itself, with a real store: troubles become issues of its own project, and end by themselves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kaput.config import Settings, Size
from kaput.model import Batch, ChannelKind, Dead, Digested, Grouping, Kind, Title, channel_recipient
from kaput.serve.health import AGAIN_SECONDS, LATE, LATE_FOR, LOOK_SECONDS, Health
from kaput.serve.watch import Watch
from kaput.store.base import Address, IssueFilter, IssueRow, Mute, Resolve, Status, Store
from kaput.store.database import open_store
from kaput.tell.rules import evaluate
from tests.clock import SettableClock
from tests.migrated import migrated
from tests.tell.shop import make_event


class House:
    """One installation with an admin, and its health."""

    def __init__(self, data: Path) -> None:
        migrated(data / "kaput.db")
        self.clock = SettableClock()
        self.store: Store = open_store(data / "kaput.db", self.clock)
        self.store.accounts.add_first("ada@example.org", "a long enough password")
        self.settings = Settings(data=data, min_free=Size(1))
        self.problems: list[str] = []
        self.kaput = next(project for project in self.store.projects.all() if project.internal)
        self.begin()

    def begin(self) -> None:
        """Starts the watch, as a new process does."""
        inner = Watch(self.store.monitors, self.clock)
        self.health = Health(inner, self.store, self.settings, self.clock, lambda: self.problems)

    def look(self, seconds: float = LOOK_SECONDS) -> list[IssueRow]:
        """Looks around some seconds later, stores what came of it, and returns Kaput's own issues."""
        self.clock.now += seconds
        self.store.batches.commit(self.health.look(), evaluate)
        return self.issues

    @property
    def issues(self) -> list[IssueRow]:
        """Kaput's own issues."""
        return self.store.issues.find(IssueFilter(projects=(self.kaput.id,), limit=50)).issues

    def lose(self, name: str) -> None:
        """Buries a record."""
        dead = Dead(name, "Torn.", 1, "ab" * 16, self.clock())
        self.store.batches.commit(Batch([], [dead], [], []), evaluate)

    def digest(self, number: int, age: float) -> None:
        """Digests an event that was accepted some seconds ago."""
        event = make_event(number, received=self.clock() - age)
        one = Digested(1, event, Grouping("v1", ("ab" * 16,), "test"), Title("E", "", ""))
        self.store.batches.commit(self.health.take(Batch([one], [], [], [])), evaluate)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house in which all is well."""
    house = House(tmp_path)
    yield house
    house.store.close()


def states(issues: list[IssueRow]) -> list[tuple[str, Status, int]]:
    return [(issue.type, issue.status, issue.count) for issue in issues]


def test_all_is_well(house: House) -> None:
    """While nothing is wrong there is no issue."""
    assert house.look() == []


def test_dead_records(house: House) -> None:
    """Dead records are an issue of the project kaput with a mail to its admin, until they are gone."""
    house.lose("1.record")
    (issue,) = house.look()
    assert (issue.project, issue.type, issue.status) == ("kaput", "dead records", Status.UNRESOLVED)
    assert "1 accepted records could not be digested" in issue.value
    assert [notice.recipient for notice in house.store.outbox.open()] == ["ada@example.org"]
    assert states(house.look()) == [("dead records", Status.UNRESOLVED, 1)]
    house.store.batches.forget_dead(["1.record"], dropped=True)
    assert states(house.look()) == [("dead records", Status.RESOLVED, 1)]
    assert [step.who for step in house.store.issues.activity(issue.id)] == [""]
    assert len(house.store.outbox.open()) == 1


def test_it_comes_back(house: House) -> None:
    """A trouble that a person took for mended, and one that comes again, is told again."""
    house.lose("1.record")
    (issue,) = house.look()
    house.store.decisions.decide([issue.id], Resolve(), None)
    assert states(house.look(120)) == [("dead records", Status.UNRESOLVED, 2)]
    assert [notice.kind for notice in house.store.outbox.open()] == [Kind.NEW, Kind.REGRESSED]


def test_muted(house: House) -> None:
    """What somebody muted stays muted, however long it lasts."""
    house.lose("1.record")
    (issue,) = house.look()
    house.store.decisions.decide([issue.id], Mute(), None)
    assert states(house.look()) == [("dead records", Status.MUTED, 1)]
    house.store.batches.forget_dead(["1.record"], dropped=True)
    assert states(house.look()) == [("dead records", Status.MUTED, 1)]


def test_a_new_process_tells_nothing_twice(house: House) -> None:
    """What was told is not told again after a restart; that it goes on is counted once an hour."""
    house.lose("1.record")
    house.look()
    house.begin()
    assert states(house.look()) == [("dead records", Status.UNRESOLVED, 1)]
    assert states(house.look(AGAIN_SECONDS)) == [("dead records", Status.UNRESOLVED, 2)]
    assert len(house.store.outbox.open()) == 1


def test_the_digest_is_behind(house: House) -> None:
    """Events that become visible late are a trouble once they did for a while, and none when they do not any more."""
    house.digest(1, LATE + 15)
    assert house.issues == []
    house.clock.now += LATE_FOR
    house.digest(2, LATE + 15)
    (issue,) = house.issues
    assert (issue.type, issue.status) == ("digest lag", Status.UNRESOLVED)
    assert "75 s after they were accepted" in issue.value
    house.digest(3, LATE + 15)
    assert states(house.issues) == [("digest lag", Status.UNRESOLVED, 1)]
    assert states(house.look()) == [("digest lag", Status.RESOLVED, 1)]
    house.clock.now += 60
    house.digest(4, 0)
    assert states(house.issues) == [("digest lag", Status.RESOLVED, 1)]


def test_the_disk(house: House) -> None:
    """A data directory that takes too much is told with what to do."""
    house.problems = ["The data directory takes 5 GB, more than its 4 GB."]
    (issue,) = house.look()
    assert (issue.type, issue.value) == ("disk", house.problems[0])


def test_the_disk_is_nearly_full(house: House) -> None:
    """A disk with little left is told with the limit."""
    house.settings = Settings(data=house.settings.data, min_free=Size(10**18))
    house.begin()
    (issue,) = house.look()
    assert "MB left. Below 1000000000000 MB (KAPUT_MIN_FREE) clients are turned away." in issue.value


def test_the_disk_cannot_be_read(house: House) -> None:
    """A disk that is gone is told."""
    house.settings = Settings(data=house.settings.data / "gone")
    house.begin()
    assert "cannot be read: No such file or directory" in house.look()[0].value


def test_failing_mails_are_told_on_another_way(house: House) -> None:
    """That mails fail goes on the channel of a project, since kaput has none of its own; it ends when they go again."""
    store = house.store
    chat = store.channels.add(1, ChannelKind.SERVICE, "Chat", "slack://…", Address("slack://x"))
    number = store.outbox.test(1, "bob@example.org")
    for _ in range(3):
        assert house.look() == []
        store.outbox.mark_retry([number], "No mail went out: the server said 535 no.", house.clock() + 60)
    (issue,) = house.look()
    assert (issue.type, issue.value) == (
        "alerts fail: mail",
        "1 alerts wait. No mail went out: the server said 535 no.",
    )
    assert store.outbox.lanes() == [channel_recipient(chat.id)]
    store.outbox.mark_sent([number], house.clock(), in_digest=False)
    assert states(house.look()) == [("alerts fail: mail", Status.RESOLVED, 1)]


def test_a_channel_of_its_own(house: House) -> None:
    """When the project kaput has a channel, its troubles go there and on no other's; a failing one is told by mail."""
    store = house.store
    chat = store.channels.add(1, ChannelKind.SERVICE, "Chat", "slack://…", Address("slack://x"))
    own = store.channels.add(house.kaput.id, ChannelKind.SERVICE, "Ops", "slack://…", Address("slack://y"))
    number = store.outbox.test(1, channel_recipient(chat.id))
    for _ in range(3):
        store.outbox.mark_retry([number], "The receiver answered 500.", house.clock() + 60)
    (issue,) = house.look()
    assert issue.type == "alerts fail: channel Chat"
    told = {notice.recipient for lane in store.outbox.lanes() for notice in store.outbox.open(lane)}
    assert told == {channel_recipient(chat.id), channel_recipient(own.id)}
    assert [notice.issue_id for notice in store.outbox.open(channel_recipient(chat.id))] == [0]
    assert [notice.recipient for notice in store.outbox.open()] == ["ada@example.org"]


def test_alerts_that_were_given_up(house: House) -> None:
    """An alert that a server refused for good is a trouble for an hour."""
    number = house.store.outbox.test(1, "nobody@example.org")
    house.store.outbox.mark_failed([number], "No mail went out: the server said 550 nobody.")
    (issue,) = house.look()
    assert issue.value == "1 in the last hour. No mail went out: the server said 550 nobody."
    assert states(house.look(3600)) == [("alerts given up", Status.RESOLVED, 1)]


def test_it_is_left_out_of_the_counts(house: House) -> None:
    """Kaput's own events are in no sum over all projects, and found with the project's name."""
    house.lose("1.record")
    house.look()
    tallies = house.store.facts.tallies()
    assert (tallies.digested, tallies.issues, tallies.events) == (0, 0, 0)
    assert house.store.issues.find(IssueFilter(projects=None, limit=5)).issues == []
    assert house.store.facts.tallies(house.kaput.id).events == 1
    assert list(house.store.events.export(None, payload=False)) == []
