"""Rules of grouping tried on stored events."""

import pytest

from kaput.digest.rehearsal import rehearse
from kaput.errors import RuleError
from kaput.model import Event, ExceptionChain, ExceptionValue, Gathered, Parted


def event(kind: str, plan: str = "free") -> Event:
    error = ExceptionValue(type=kind, value="x")
    return Event(event_id="a" * 32, timestamp=1.0, received=1.0, tags={"plan": plan}, exception=ExceptionChain([error]))


def test_merges_and_splits_are_told() -> None:
    """What would change, against the rules of now; what stays is counted and no more."""
    events = [("S-1", event("A")), ("S-1", event("A", "paid")), ("S-2", event("B")), ("S-3", event("C"))]
    found = rehearse(events, "", "type:A -> {{ tags.plan }}\ntype:B -> free")
    assert (found.events, found.issues, found.changed) == (4, 3, 3)
    assert found.parted == (Parted("S-1", 2),)
    assert found.gathered[0].issues == ("S-1", "S-2")
    assert [(one.events, one.merges) for one in found.gathered] == [(2, True), (1, False)]
    assert rehearse(events, "type:A -> a", "type:A -> a").changed == 0
    assert rehearse([], "", "type:A -> a").gathered == ()


def test_the_way_back_is_tried_too() -> None:
    """To take a rule away changes what it grouped."""
    found = rehearse([("S-1", event("A"))], "type:A -> a", "")
    assert found.gathered == (Gathered("no stack: A and its message", 1, ("S-1",), merges=False),)


def test_rules_that_cannot_be_read() -> None:
    """Nothing is tried."""
    with pytest.raises(RuleError):
        rehearse([], "", "type:A")
