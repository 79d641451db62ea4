"""What people said, on a real SQLite file."""

import secrets

from kaput.model import Aside, Batch, Digested, Event, Feedback, Grouping, Title, Verdict
from kaput.store.base import FeedbackRow, Store

ID, OTHER = "ab" * 16, "cd" * 16


def said(event_id: str = ID, comments: str = "It broke.", *, project_id: int = 1, feedback_id: str = "") -> Feedback:
    """Makes feedback on an event."""
    return Feedback(project_id, feedback_id or secrets.token_hex(16), event_id, "Joe", "joe@example.org", comments, 5.5)


def happened(event_id: str = ID, project_id: int = 1) -> Digested:
    """Makes an event in an issue of its own."""
    event = Event(event_id=event_id, timestamp=5.0, received=5.0)
    return Digested(project_id, event, Grouping("v1", (event_id,), "test"), Title("KeyError", "'a'", "f in shop.py"))


def commit(store: Store, *items: Feedback | Digested) -> None:
    """Stores events and feedback in one batch."""
    digested = [item for item in items if isinstance(item, Digested)]
    feedback: list[Aside] = [item for item in items if isinstance(item, Feedback)]
    store.batches.commit(Batch(digested, [], [], [], feedback), lambda _changes, _members: Verdict([]))


def of_issue(store: Store, event_id: str = ID) -> list[str]:
    """Returns what was said about the issue of an event."""
    return [row.comments for row in store.feedback.of_issue(store.events.get(event_id, 1).row.issue_id, 9)]


def test_feedback_finds_its_event_whichever_comes_first(store: Store) -> None:
    """Before its event, with it or after it: feedback belongs to the event's issue."""
    commit(store, said(comments="before"))
    assert [(row.short_id, row.title) for row in store.feedback.of_project(1, 9)] == [("", "")]
    commit(store, said(comments="with"), happened())
    commit(store, said(comments="after"))
    assert of_issue(store) == ["after", "with", "before"]
    (row,) = store.feedback.of_project(1, 1)
    expected = FeedbackRow(ID, "APP-1", "KeyError: 'a'", "Joe", "joe@example.org", "after", 5.5, row.feedback_id, 1)
    assert row == expected


def test_feedback_keeps_to_its_event_and_project(store: Store) -> None:
    """Neither another event nor an event of the same id in another project gets it."""
    other = store.projects.add("Shop")
    commit(store, happened(), happened(OTHER), said(project_id=other.id), said(""))
    assert (of_issue(store), of_issue(store, OTHER)) == ([], [])
    assert [(row.event_id, row.short_id) for row in store.feedback.of_project(1, 9)] == [("", "")]
    commit(store, happened(project_id=other.id))
    assert [row.short_id for row in store.feedback.of_project(other.id, 9)] == ["SHOP-1"]


def test_feedback_is_stored_once(store: Store) -> None:
    """The same record, digested again, changes nothing; nor does the event's duplicate."""
    one = said(feedback_id="ef" * 16)
    commit(store, happened(), one, one)
    commit(store, happened(), one)
    assert of_issue(store) == ["It broke."]


def test_feedback_with_the_same_id_is_counted(store: Store) -> None:
    """What a client sends twice is kept once, and the second one is counted."""
    commit(store, said(feedback_id="ef" * 16))
    commit(store, said(feedback_id="ef" * 16), said())
    assert store.facts.tallies().dropped == {"feedback_duplicate": 1}


def test_feedback_of_an_event_is_found(store: Store) -> None:
    """What was said about one event of a project, newest first, with the page on which it was said."""
    one = Feedback(1, "ef" * 16, ID, "Joe", "", "It broke.", 5.5, "https://shop.example/cart")
    commit(store, one, said(OTHER), said(comments="again"), happened(), said(project_id=store.projects.add("Shop").id))
    assert [row.comments for row in store.feedback.of_event(1, ID)] == ["again", "It broke."]
    row = store.feedback.of_event(1, ID)[1]
    assert (row.feedback_id, row.project_id, row.url) == ("ef" * 16, 1, "https://shop.example/cart")


def test_feedback_is_no_event(store: Store) -> None:
    """No sum of events counts it."""
    commit(store, said(), said(""))
    tallies = store.facts.tallies()
    assert (tallies.digested, tallies.events, tallies.issues, tallies.dropped) == (0, 0, 0, {})


def test_a_large_batch_attaches_all(store: Store) -> None:
    """Feedback on more events than one statement takes finds each of them."""
    ids = [f"{number:032x}" for number in range(1, 1201)]
    commit(store, *(said(event_id) for event_id in ids))
    commit(store, *map(happened, ids))
    assert all(row.short_id for row in store.feedback.of_project(1, 2000))
