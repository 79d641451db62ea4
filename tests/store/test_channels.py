"""Channels of a project, who is told by default, and who wants no mail."""

from collections.abc import Sequence

import pytest

from kaput.errors import Conflict, NotFound
from kaput.model import (
    Batch,
    ChannelKind,
    Digested,
    Event,
    Grouping,
    Happened,
    Situation,
    Title,
    Verdict,
    channel_recipient,
)
from kaput.store.base import Address, ChannelRow, Store
from kaput.store.channels import MOST
from kaput.tell.rules import evaluate

ADDRESS = Address("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "whsec_c2VjcmV0")


def add(store: Store, name: str = "Chat", project_id: int = 1) -> ChannelRow:
    return store.channels.add(project_id, ChannelKind.SERVICE, name, "slack://…", ADDRESS)


def told(store: Store, project_id: int = 1) -> list[str]:
    """Stores a new issue, and returns who is told of it."""
    event = Event(event_id=f"{store.outbox.newest() + 1:032x}", timestamp=1.0, received=1.0)
    digested = Digested(project_id, event, Grouping("v1", (event.event_id,), "test"), Title("E", "", ""))
    heard: list[str] = []

    def judge(happened: Sequence[Happened], situation: Situation) -> Verdict:
        verdict = evaluate(happened, situation)
        heard.extend(draft.recipient for draft in verdict.drafts)
        return verdict

    store.batches.commit(Batch([digested], [], [], []), judge)
    return heard


def test_add(store: Store) -> None:
    """A channel is kept with its address, which no row of it holds and no text of it shows."""
    made = add(store, "  The   chat ")
    assert (made.name, made.shown, made.kind) == ("The chat", "slack://…", ChannelKind.SERVICE)
    assert store.channels.all(1) == store.channels.all() == [made]
    assert store.channels.all(2) == []
    assert store.channels.address(made.id) == ADDRESS
    assert "TIiajkdn" not in repr(made) + repr(store.channels.address(made.id))


def test_names(store: Store) -> None:
    """A name is used once in a project, has some length, and there is an end to them."""
    add(store)
    with pytest.raises(Conflict, match="There is a channel 'Chat' already"):
        add(store)
    add(store, project_id=2)
    for name in (" ", "x" * 81):
        with pytest.raises(ValueError, match="1 to 80 characters"):
            add(store, name)
    with pytest.raises(NotFound):
        add(store, project_id=99)
    for number in range(1, MOST):
        add(store, str(number))
    with pytest.raises(ValueError, match="50 channels at most"):
        add(store, "one more")


def test_who_is_told(store: Store) -> None:
    """Members and channels are told, but for those who unsubscribed and those that are disabled."""
    store.projects.add("Other")
    store.accounts.add_first("Ada@x.org", "a long enough password")
    one, other = add(store), add(store, "Other")
    store.channels.set_disabled(other.id, disabled=True)
    assert told(store) == ["ada@x.org", channel_recipient(one.id)]
    assert store.channels.unsubscribe(1, "ADA@x.org")
    assert not store.channels.unsubscribe(1, "ada@x.org")
    store.channels.set_disabled(other.id, disabled=False)
    assert told(store) == [channel_recipient(one.id), channel_recipient(other.id)]
    assert told(store, 3) == ["ada@x.org"]
    assert store.channels.unsubscribed(1) == {"ada@x.org"}
    store.channels.resubscribe(1, "Ada@x.org")
    assert "ada@x.org" in told(store)


def test_what_waits_is_given_up(store: Store) -> None:
    """What waits for a channel that ends, or for who unsubscribes, is not sent, and counted as unwanted."""
    store.accounts.add_first("ada@x.org", "a long enough password")
    one, other = add(store), add(store, "Other")
    told(store)
    store.channels.set_disabled(one.id, disabled=True)
    assert store.outbox.lanes() == [channel_recipient(other.id)]
    store.channels.delete(other.id)
    assert store.outbox.lanes() == []
    assert len(store.outbox.open()) == 1
    store.channels.unsubscribe(1, "ada@x.org")
    assert store.outbox.open() == []
    assert store.facts.tallies().notices == {"sent": 0, "pending": 0, "failed": 0, "unwanted": 3}
    assert store.channels.all() == [store.channels.get(one.id)]


def test_a_deleted_id_does_not_come_back(store: Store) -> None:
    """The next channel has another id than the one that was deleted."""
    first = add(store)
    store.channels.delete(first.id)
    assert add(store).id != first.id
    for act in (store.channels.get, store.channels.address, store.channels.delete):
        with pytest.raises(NotFound):
            act(first.id)
