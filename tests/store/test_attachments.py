"""What is attached to events, on a real SQLite file and a real directory beside it."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from kaput.errors import NotFound
from kaput.model import (
    Aside,
    Attachment,
    Batch,
    Dead,
    Digested,
    Event,
    Feedback,
    Grouping,
    Title,
    Verdict,
)
from kaput.store.attachments import LEAST, Bounds, forget_attachments
from kaput.store.base import AttachmentRow, Store
from kaput.store.database import open_store
from kaput.store.engine import Database
from tests.clock import SettableClock
from tests.store.plans import planned

ID, OTHER = "ab" * 16, "cd" * 16
DAY = 24 * 3600
ROOMY = Bounds(per_event=3, share=100, spare=0)

Open = Callable[[Bounds], Store]


@pytest.fixture
def opened(path: Path, clock: SettableClock, request: pytest.FixtureRequest) -> Open:
    """Returns what opens the store with other bounds."""

    def make(bounds: Bounds) -> Store:
        made = open_store(path, clock, busy_seconds=0.2, bounds=bounds)
        request.addfinalizer(made.close)
        return made

    return make


@pytest.fixture
def roomy(opened: Open) -> Store:
    return opened(ROOMY)


def attached(content: bytes = b"a,b\n", event_id: str = ID, project_id: int = 1, received: float = 5.0) -> Attachment:
    """Makes an attachment with an id of its own."""
    own = secrets.token_hex(16)
    return Attachment(project_id, own, event_id, "cart.csv", "text/csv", "event.attachment", received, content)


def happened(event_id: str = ID, project_id: int = 1) -> Digested:
    """Makes an event."""
    event = Event(event_id=event_id, timestamp=5.0, received=5.0)
    return Digested(project_id, event, Grouping("v1", (event_id,), "test"), Title("KeyError", "'a'", "f in shop.py"))


def commit(store: Store, *items: Aside | Digested | Dead) -> None:
    """Stores a batch."""
    digested = [item for item in items if isinstance(item, Digested)]
    dead = [item for item in items if isinstance(item, Dead)]
    asides: list[Aside] = [item for item in items if isinstance(item, Feedback | Attachment)]
    store.batches.commit(Batch(digested, dead, [], [], asides), lambda _changes, _members: Verdict([]))


def names(path: Path) -> set[str]:
    """Returns the files that are there."""
    folder = path.parent / "files"
    return {one.name for one in folder.iterdir()} if folder.is_dir() else set()


def age(path: Path, time: float) -> None:
    """Makes all files as old as they are when written at that time."""
    for name in names(path):
        os.utime(path.parent / "files" / name, (time, time))


def ids_of(store: Store, event_id: str = ID, project_id: int = 1) -> list[str]:
    """Returns the attachments of an event."""
    return [row.attachment_id for row in store.attachments.of(project_id, [event_id]).get(event_id, [])]


def test_an_attachment_is_found_by_its_event_whichever_comes_first(roomy: Store, path: Path) -> None:
    """Row and file are there before, with and after the event; each is read whole."""
    before, beside, after = attached(b"1"), attached(b"\x00\xff"), attached(b"")
    commit(roomy, before)
    commit(roomy, beside, happened())
    commit(roomy, after)
    assert ids_of(roomy) == [before.attachment_id, beside.attachment_id, after.attachment_id]
    assert names(path) == set(ids_of(roomy))
    row, content = roomy.attachments.open(1, beside.attachment_id)
    with content:
        assert content.read() == b"\x00\xff"
    assert row == AttachmentRow(
        beside.attachment_id, ID, 1, "cart.csv", "text/csv", "event.attachment", 2, 5.0, missing=False
    )


def test_attachments_keep_to_their_event_and_project(roomy: Store) -> None:
    """Neither another event nor another project gets to them."""
    other = roomy.projects.add("Shop")
    mine, theirs = attached(), attached(project_id=other.id)
    commit(roomy, happened(), happened(OTHER), mine, theirs)
    assert (ids_of(roomy), ids_of(roomy, OTHER)) == ([mine.attachment_id], [])
    assert ids_of(roomy, project_id=other.id) == [theirs.attachment_id]
    for attachment_id in (theirs.attachment_id, "ef" * 16, "x", ""):
        with pytest.raises(NotFound):
            roomy.attachments.open(1, attachment_id)


def test_an_attachment_is_stored_once(roomy: Store, path: Path) -> None:
    """The same one again, in its batch or a later one, is counted and left out."""
    one = attached()
    commit(roomy, one, one)
    commit(roomy, one)
    assert (ids_of(roomy), names(path)) == ([one.attachment_id], {one.attachment_id})
    assert roomy.facts.tallies().dropped == {"attachment_duplicate": 2}


def test_an_attachment_is_no_event(roomy: Store) -> None:
    """No sum of events counts it."""
    commit(roomy, attached())
    tallies = roomy.facts.tallies()
    assert (tallies.digested, tallies.events, tallies.issues, tallies.dropped) == (0, 0, 0, {})


def test_an_event_has_so_many_and_no_more(roomy: Store, path: Path) -> None:
    """What is beyond the number is counted and leaves no file; another event has its own number."""
    commit(roomy, attached(b"1"), attached(b"2"))
    commit(roomy, *(attached(b"%d" % number) for number in range(3, 6)), attached(event_id=OTHER))
    assert (len(ids_of(roomy)), len(ids_of(roomy, OTHER)), len(names(path))) == (3, 1, 4)
    assert roomy.facts.tallies().dropped == {"attachment_too_many": 2}


def test_those_of_deleted_events_are_found_by_an_index(path: Path, roomy: Store) -> None:
    """However many there are, a deletion looks at those of its events alone."""
    mine, other = attached(event_id=ID), attached(event_id=ID, project_id=2)
    commit(roomy, mine, attached(event_id=OTHER), other)
    database = Database(path)
    with planned(database) as steps, database.write() as connection:
        names = forget_attachments(connection, [(1, bytes.fromhex(ID)), (2, bytes.fromhex(OTHER))])
    database.close()
    assert names == [mine.attachment_id]
    assert steps
    assert not [step for step in steps if step.startswith("SCAN")]


@pytest.mark.parametrize("bounds", [Bounds(share=0), Bounds(share=100, spare=2**62), Bounds(per_event=0)])
def test_the_disk_is_not_endangered(opened: Open, path: Path, bounds: Bounds) -> None:
    """Beyond the share, or when too little stays free, nothing is written; events go on."""
    store = opened(bounds)
    commit(store, happened(), attached())
    assert (ids_of(store), names(path), store.facts.tallies().events) == ([], set(), 1)
    assert sum(store.facts.tallies().dropped.values()) == 1


def test_the_share_counts_what_is_stored(opened: Open, path: Path) -> None:
    """All attachments together stay below the share of the disk; each takes some room besides its content."""
    disk = os.statvfs(path)
    share = disk.f_blocks * disk.f_frsize // 100
    store = opened(Bounds(share=1, spare=0))
    commit(store, attached(b"1"))
    database = Database(path)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE attachment SET size = ?", (share - 2 * LEAST - 5,))
    database.close()
    commit(store, attached(b"12345678"), attached(b"12"), attached(b""))
    assert [row.size for row in store.attachments.of(1, [ID])[ID]] == [share - 2 * LEAST - 5, 2]
    assert store.facts.tallies().dropped == {"attachment_no_room": 2}


def test_a_directory_that_cannot_be_written_holds_up_no_event(roomy: Store, path: Path) -> None:
    """What cannot be written is counted, and the events of the batch are stored."""
    (path.parent / "files").write_text("no directory", encoding="utf-8")
    commit(roomy, happened(), attached())
    assert (ids_of(roomy), roomy.facts.tallies().events) == ([], 1)
    assert roomy.facts.tallies().dropped == {"attachment_unwritable": 1}


def test_a_row_without_its_file_says_so(roomy: Store, path: Path) -> None:
    """When a file is gone the row stays and tells; to open it is refused."""
    one = attached()
    commit(roomy, happened(), one)
    (path.parent / "files" / one.attachment_id).unlink()
    assert [row.missing for row in roomy.attachments.of(1, [ID])[ID]] == [True]
    with pytest.raises(NotFound, match="is gone"):
        roomy.attachments.open(1, one.attachment_id)


def test_attachments_of_deleted_events_go_with_them(roomy: Store, path: Path) -> None:
    """The rows go in the transaction of the deletion; it names the files, to be removed after its commit."""
    mine, theirs = attached(), attached(event_id=OTHER)
    commit(roomy, happened(), happened(OTHER), mine, theirs)
    database = Database(path)
    with database.write() as connection:
        many = [(1, secrets.token_bytes(16)) for _ in range(1200)]
        assert forget_attachments(connection, [*many, (1, bytes.fromhex(ID))]) == [mine.attachment_id]
        assert forget_attachments(connection, [(2, bytes.fromhex(OTHER))]) == []
    database.close()
    assert (ids_of(roomy), ids_of(roomy, OTHER)) == ([], [theirs.attachment_id])
    assert names(path) == {mine.attachment_id, theirs.attachment_id}


def test_a_sweep_removes_files_without_a_row(roomy: Store, path: Path, clock: SettableClock) -> None:
    """Files that nobody names go when they are an hour old; younger ones may get their row yet."""
    one = attached(received=clock.now)
    commit(roomy, one)
    for name in ("12" * 16, "34" * 16 + ".new"):
        (path.parent / "files" / name).write_bytes(b"left behind")
    age(path, clock.now - 3599)
    assert (roomy.attachments.sweep(), len(names(path))) == (0, 3)
    age(path, clock.now - 3601)
    assert (roomy.attachments.sweep(), names(path)) == (2, {one.attachment_id})
    assert ids_of(roomy) == [one.attachment_id]


def test_a_sweep_removes_what_belongs_to_nothing(roomy: Store, path: Path, clock: SettableClock) -> None:
    """Whose event did not come in a day is removed and counted; an event, feedback or a dead record keeps it."""
    owners = [f"{number:032x}" for number in range(1, 5)]
    kept = [attached(b"%d" % n, owner, received=clock.now) for n, owner in enumerate(owners[:3])]
    lost = attached(event_id=owners[3], received=clock.now)
    said = Feedback(1, owners[1], "", "Joe", "", "It broke.", clock.now)
    commit(roomy, *kept, lost, happened(owners[0]), said, Dead("s-16", "no JSON", 1, owners[2], 5.0))
    age(path, clock.now)
    clock.now += DAY - 1
    assert roomy.attachments.sweep() == 0
    clock.now += 2
    assert (roomy.attachments.sweep(), names(path)) == (1, {one.attachment_id for one in kept})
    assert [ids_of(roomy, owner) for owner in owners] == [*([one.attachment_id] for one in kept), []]
    assert roomy.facts.tallies().dropped == {"attachment_without_event": 1}


def test_many_attachments_are_found_at_once(roomy: Store) -> None:
    """More events than one statement takes each find their own."""
    owners = [f"{number:032x}" for number in range(1, 600)]
    commit(roomy, *(attached(b"", owner) for owner in (owners[0], owners[-1])))
    assert set(roomy.attachments.of(1, owners)) == {owners[0], owners[-1]}
