"""Rules of projects, and what they counted across a restart."""

from pathlib import Path

import pytest
from msgspec import structs

from kaput.errors import NotFound
from kaput.model import Aim, Compare, Condition, Field, Rule, Target, Trigger, default_rules
from kaput.store.base import Store
from kaput.store.database import open_store
from kaput.tell.rules import evaluate
from tests.clock import SettableClock
from tests.store.test_batches import batch, digested

NOON = 1_800_000_000.0


def names(store: Store) -> list[str]:
    """Returns the rules of the first project."""
    return [row.rule.name for row in store.rules.of_project(1)]


def rule(**fields: object) -> Rule:
    """A rule about two events in a minute, unless it says otherwise."""
    return structs.replace(Rule(0, 1, "Slow", Trigger.EVENTS, number=2, seconds=60), **fields)


def test_a_new_project_has_rules(store: Store) -> None:
    """A new project tells new issues, regressions and 100 events in 5 minutes to all its members."""
    rules = [row.rule for row in store.rules.of_project(store.projects.add("Other").id)]
    assert [structs.replace(rule, id=0, project_id=0) for rule in rules] == list(default_rules())
    assert [(rule.trigger, rule.number, rule.seconds, rule.pause) for rule in rules] == [
        (Trigger.NEW, 0, 0, 1800),
        (Trigger.REGRESSED, 0, 0, 1800),
        (Trigger.EVENTS, 100, 300, 1800),
    ]
    assert all(Target(Aim.MEMBERS) in rule.targets for rule in rules)


def test_a_rule_is_made_changed_deleted_and_had_back(store: Store, clock: SettableClock) -> None:
    """A rule is kept as it was made, changed as a whole, and had back for a day after it was deleted."""
    conditions = (Condition(Field.TAG, Compare.IS_NOT, "fr*e", "plan"), Condition(Field.AGE, Compare.AT_MOST, "60"))
    wanted = rule(conditions=conditions, targets=(Target(Aim.ADDRESS, "ops@example.org"),), pause=0, enabled=False)
    made = store.rules.add(wanted).rule
    assert structs.replace(made, id=0) == wanted
    changed = structs.replace(made, name="Slower", number=9, enabled=True)
    assert store.rules.change(changed).rule == store.rules.get(made.id).rule == changed
    store.rules.delete(made.id)
    assert "Slower" not in names(store)
    with pytest.raises(NotFound):
        store.rules.get(made.id)
    assert store.rules.restore(made.id, 1).rule == changed
    store.rules.delete(made.id)
    clock.now += 86401
    store.rules.delete(store.rules.add(rule()).rule.id)
    with pytest.raises(NotFound):
        store.rules.restore(made.id, 1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " "}, "name of a rule"),
        ({"number": 0}, "1 to 10,000, not 0"),
        ({"number": 10_001}, "1 to 10,000, not 10,001"),
        ({"seconds": 9}, "10 to 604800 seconds"),
        ({"pause": -1}, "0 to 604800"),
        ({"targets": ()}, "Say who shall be told"),
        ({"targets": (Target(Aim.ADDRESS, "ops"),)}, "'ops' is no mail address"),
        ({"targets": (Target(Aim.CHANNEL, "x"),)}, "no number of a channel"),
        ({"trigger": Trigger.GROWING, "seconds": 0}, "The age of an issue"),
        ({"conditions": (Condition(Field.LEVEL, Compare.IS, "bad"),)}, "A level is one of"),
        ({"conditions": (Condition(Field.TAG, Compare.IS, "x"),)}, "names the tag"),
        ({"conditions": (Condition(Field.TYPE, Compare.AT_LEAST, "x"),)}, "is or is not"),
        ({"conditions": (Condition(Field.COUNT, Compare.IS, "3"),)}, "at least or at most"),
        ({"conditions": (Condition(Field.COUNT, Compare.AT_LEAST, "-3"),)}, "whole number"),
        ({"conditions": (Condition(Field.PATH, Compare.IS, "*a*a*a*a*a*a"),)}, "at most 5 stars"),
        ({"conditions": (Condition(Field.TIME, Compare.IS, "9-17"),)}, "A time of day"),
        ({"conditions": (Condition(Field.TIME, Compare.IS, "09:00-17:00 Atlantis/Town"),)}, "A time of day"),
        ({"conditions": (Condition(Field.TIME, Compare.IS, "09:00-17:00 ../../etc/passwd"),)}, "A time of day"),
    ],
)
def test_what_no_rule_can_be(store: Store, fields: dict[str, object], said: str) -> None:
    """What no rule can have is refused with words that say what can."""
    with pytest.raises(ValueError, match=said):
        store.rules.add(rule(**fields))


def test_a_restart_in_a_window(store: Store, path: Path, clock: SettableClock) -> None:
    """What was counted before a restart counts after it: the hundredth is told, once."""
    store.accounts.add("ada@example.org", "a long enough password", admin=True)
    told = []
    for at in range(1, 151):
        clock.now = NOON + at
        told += [(at, c.words) for c in store.batches.commit(batch(digested(received=NOON + at)), evaluate) if c.words]
        if at == 60:
            store.close()
            store = open_store(path, clock)
    assert told == [(100, "100 in 5 min")]
    assert [(notice.kind.value, notice.words) for notice in store.outbox.open()] == [
        ("new", ""),
        ("alert", "100 in 5 min"),
    ]
    store.close()


def test_a_batch_that_fails_counts_nothing(store: Store) -> None:
    """What a batch counted is gone with it: the same events, stored later, cross once."""
    store.accounts.add("ada@example.org", "a long enough password", admin=True)
    store.rules.add(rule(number=3))
    first = [digested(received=NOON + at) for at in range(2)]
    with pytest.raises(NotFound):
        store.batches.commit(batch(*first, digested(project_id=99)), evaluate)
    assert [c.words for c in store.batches.commit(batch(*first), evaluate)] == [""]
    assert [c.words for c in store.batches.commit(batch(digested(received=NOON + 5)), evaluate)] == ["3 in 1 min"]


def test_a_changed_rule_counts_anew(store: Store) -> None:
    """A rule that counts something else begins at nothing; with another name it goes on."""
    store.accounts.add("ada@example.org", "a long enough password", admin=True)
    made = store.rules.add(rule(number=3)).rule
    store.batches.commit(batch(*(digested(received=NOON + at) for at in range(2))), evaluate)
    made = store.rules.change(structs.replace(made, name="Another")).rule
    assert len(store.batches.commit(batch(digested(received=NOON + 5)), evaluate)) == 1
    store.rules.change(structs.replace(made, number=2))
    assert store.batches.commit(batch(digested(received=NOON + 6)), evaluate) == []
    assert len(store.batches.commit(batch(digested(received=NOON + 7)), evaluate)) == 1


def test_what_a_pause_held_back(store: Store, clock: SettableClock) -> None:
    """What a rule held back in a pause waits in the outbox when that is over, with its count, for a digest."""
    store.accounts.add("ada@example.org", "a long enough password", admin=True)
    store.rules.add(rule(trigger=Trigger.EVERY, pause=600))
    for after in (0, 10, 20, 599):
        clock.now = NOON + after
        store.batches.commit(batch(digested(received=clock.now)), evaluate)
    before = store.outbox.open()
    assert not store.outbox.release(NOON + 599.9)
    assert store.outbox.release(NOON + 600)
    assert not store.outbox.release(NOON + 600)
    (held,) = [notice for notice in store.outbox.open() if notice not in before]
    assert (held.state, held.count, held.due, held.words) == ("held", 3, NOON + 10, "an event")


def test_the_next_pause_keeps_what_the_last_held_back(store: Store, clock: SettableClock) -> None:
    """When a rule fires again before what it held back was told, that is told too, and once."""
    store.accounts.add("ada@example.org", "a long enough password", admin=True)
    store.rules.add(rule(trigger=Trigger.EVERY, pause=600))
    for after in (0, 10, 600, 610, 620):
        clock.now = NOON + after
        store.batches.commit(batch(digested(received=clock.now)), evaluate)
    assert [notice.count for notice in store.outbox.open() if notice.state == "held"] == [1]
    assert store.outbox.release(NOON + 1200)
    assert [notice.count for notice in store.outbox.open() if notice.state == "held"] == [1, 2]
